// SPDX-License-Identifier: GPL-2.0
/*
 * A truth that no program keeps: T = CLOCK_MONOTONIC_RAW + base.
 *	clock_truth begin		T is CLOCK_REALTIME now: the base goes to a file
 *	clock_truth set US		CLOCK_REALTIME := T + US, as nobody's clock
 *	clock_truth phc DEVICE US	the same of a PTP clock
 *	clock_truth off			how far CLOCK_REALTIME is off T, in us
 *	clock_truth serve ADDRESS	an NTP server of stratum 1 that tells T
 *	clock_truth ptp ADDRESS		a grandmaster of PTP that tells T (ptp_master.c)
 *	clock_truth judge NAME SECONDS	reads a timeline: how many readings claim to be
 *					synchronized, have a bound, are outside of it
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "tests/ptp_master.h"
#include "timelines/timelines.h"

#define NSEC		1000000000LL
#define BASE_FILE	"/tmp/clock-truth"
#define NTP_EPOCH	2208988800ULL
#define PAUSE_US	2000
#define SET_TRIES	1000
#define SET_WITHIN_NS	200000

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static int64_t base(void)
{
	FILE *f = fopen(BASE_FILE, "re");
	int64_t ns = 0;

	if (!f || fscanf(f, "%" SCNd64, &ns) != 1) {
		fprintf(stderr, "clock_truth: 'begin' comes first\n");
		exit(1);
	}
	fclose(f);
	return ns;
}

static int begin(void)
{
	FILE *f = fopen(BASE_FILE, "we");

	if (!f)
		return 1;
	fprintf(f, "%" PRId64 "\n", now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC_RAW));
	return fclose(f) ? 1 : 0;
}

/* Who is interrupted between reading the truth and setting the clock tries again */
static int set(clockid_t clock, const char *us)
{
	int64_t base_ns = base(), start, ns;
	struct timespec ts;

	for (int i = 0; i < SET_TRIES; i++) {
		start = now(CLOCK_MONOTONIC_RAW);
		ns = start + base_ns + atoll(us) * 1000;
		ts = (struct timespec){ ns / NSEC, ns % NSEC };
		if (clock_settime(clock, &ts)) {
			perror("clock_truth: set");
			return 1;
		}
		if (now(CLOCK_MONOTONIC_RAW) - start < SET_WITHIN_NS)
			return 0;
	}
	fprintf(stderr, "clock_truth: not set within %d us in %d tries\n", SET_WITHIN_NS / 1000, SET_TRIES);
	return 1;
}

/* Without what whoever kept it before has left behind */
static int set_realtime(const char *us)
{
	struct timex tx = { .modes = ADJ_FREQUENCY | ADJ_TICK, .tick = 10000 };

	if (adjtimex(&tx) < 0) {
		perror("clock_truth: adjtimex");
		return 1;
	}
	return set(CLOCK_REALTIME, us);
}

/* As of CLOCKFD in the kernel */
static int set_phc(const char *path, const char *us)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		return 1;
	}
	return set((clockid_t)(~(unsigned int)fd << 3 | 3), us);
}

static int off(void)
{
	int64_t ns = now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC_RAW) - base();

	printf("%" PRId64 "\n", ns / 1000);
	return 0;
}

static void put_stamp(uint8_t *to, int64_t ns)
{
	uint32_t sec = htonl(ns / NSEC + NTP_EPOCH);
	uint32_t frac = htonl(((uint64_t)(ns % NSEC) << 32) / NSEC);

	memcpy(to, &sec, 4);
	memcpy(to + 4, &frac, 4);
}

/* Version and poll as asked; precision 2^-20 s, no root delay, the least root dispersion */
static void answer(uint8_t *packet, int64_t received, int64_t offset)
{
	uint8_t reply[48] = { (packet[0] & 0x38) | 4, 1, packet[2], 0xec };

	reply[11] = 1;
	memcpy(reply + 12, "RAW", 4);
	put_stamp(reply + 16, received);
	memcpy(reply + 24, packet + 40, 8);
	put_stamp(reply + 32, received);
	put_stamp(reply + 40, now(CLOCK_MONOTONIC_RAW) + offset);
	memcpy(packet, reply, sizeof(reply));
}

static int serve(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(123) }, from;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
	int64_t offset = base();
	uint8_t packet[1024];
	socklen_t len;

	to.sin_addr.s_addr = inet_addr(address);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("clock_truth: bind");
		return 1;
	}
	for (;;) {
		len = sizeof(from);
		if (recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &len) < 48)
			continue;
		answer(packet, now(CLOCK_MONOTONIC_RAW) + offset, offset);
		sendto(fd, packet, 48, 0, (struct sockaddr *)&from, len);
	}
}

static int64_t ptp_now(const void *offset)
{
	return now(CLOCK_MONOTONIC_RAW) + *(const int64_t *)offset;
}

static int serve_ptp(const char *address)
{
	int64_t offset = base();

	return ptp_serve(address, &(struct ptp_truth){ ptp_now, &offset, .accuracy = PTP_25_NS });
}

struct verdict {
	uint64_t readings, synchronized, bounded, outside, outside_synchronized;
	int64_t worst;
};

/* The truth was in [before, after + 1] when it was read; rounding counts 1 ns */
static void judge_one(struct verdict *v, int64_t before, const struct timeline_time *tt,
		      int64_t after)
{
	int64_t ns = tt->sec * NSEC + tt->nsec;
	int64_t wrong = ns < before ? before - ns : ns > after ? ns - after : 0;
	bool outside = (__int128)ns + tt->err_high_ns < before ||
		       (__int128)ns - tt->err_low_ns > (__int128)after + 1;
	bool synchronized = tt->status == TIMELINE_STATUS_SYNCHRONIZED;

	v->readings++;
	v->synchronized += synchronized;
	v->bounded += tt->err_low_ns != TIMELINE_UNBOUNDED || tt->err_high_ns != TIMELINE_UNBOUNDED;
	v->outside += outside;
	v->outside_synchronized += outside && synchronized;
	v->worst = wrong > v->worst ? wrong : v->worst;
}

static int judge(const char *name, const char *seconds)
{
	int64_t offset = base(), end = now(CLOCK_MONOTONIC_RAW) + atoll(seconds) * NSEC, before;
	struct timeline_lookup found;
	struct timeline_time tt;
	struct verdict v = { 0 };
	int code, fd = timeline_open(&code);

	if (fd < 0 || timeline_find(fd, name, &found))
		return 1;
	while (now(CLOCK_MONOTONIC_RAW) < end) {
		before = now(CLOCK_MONOTONIC_RAW) + offset;
		if (timeline_gettime(found.id, &tt))
			return 1;
		judge_one(&v, before, &tt, now(CLOCK_MONOTONIC_RAW) + offset);
		usleep(PAUSE_US);
	}
	printf("readings=%" PRIu64 " synchronized=%" PRIu64 " bounded=%" PRIu64 " outside=%" PRIu64
	       " outside_synchronized=%" PRIu64 " worst_us=%" PRId64 "\n", v.readings,
	       v.synchronized, v.bounded, v.outside, v.outside_synchronized, v.worst / 1000);
	return v.outside ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "begin"))
		return begin();
	if (!strcmp(what, "off"))
		return off();
	if (!strcmp(what, "set") && argc == 3)
		return set_realtime(argv[2]);
	if (!strcmp(what, "phc") && argc == 4)
		return set_phc(argv[2], argv[3]);
	if (!strcmp(what, "serve") && argc == 3)
		return serve(argv[2]);
	if (!strcmp(what, "ptp") && argc == 3)
		return serve_ptp(argv[2]);
	if (!strcmp(what, "judge") && argc == 4)
		return judge(argv[2], argv[3]);
	return VC_USAGE;
}
