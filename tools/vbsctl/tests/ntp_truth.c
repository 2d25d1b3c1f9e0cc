// SPDX-License-Identifier: GPL-2.0
/*
 * An NTP server whose truth is a function of the counter (truth.h).
 *
 *	ntp_truth [OPTION]... PORT		serve until killed
 *	ntp_truth [OPTION]... --judge		exchanges on stdin, the same with the truth
 *	ntp_truth [OPTION]... --ptp ADDRESS	a grandmaster of PTP there (ptp_master.h)
 *	ntp_truth --start			print C0,T0 of now
 *	ntp_truth [OPTION]... --set USEC	set CLOCK_REALTIME to the truth and that
 *
 *	--at C0,T0		counter, ns since 1970
 *	--rate PPM:SECONDS[,...]	the script, over and over
 *	--lie NS		it is off by that, and does not say so
 *	--stated NS		what it says: its root dispersion
 *	--drop PERCENT		of the requests
 *	--late USEC		it waits before it answers
 *	--code TEXT		a kiss of death instead of an answer
 *	--leap N		the leap indicator
 *	--leap-second NS	of the truth, since 1970: it goes back by a second then, and until then
 *				the leap indicator says so
 *	--flood N		before each answer, so many that are forged
 *	--domain N, --transport N, --accuracy CODE, --steps N	of the grandmaster
 *	--stamped		requests are received when the kernel stamps them, not when they are
 *				read, and sent when that is likely done, as by servers that are to be
 *				good; CLOCK_REALTIME must not be set
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <netinet/in.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <linux/timeline.h>

#include "tests/ptp_master.h"
#include "tests/truth.h"
#include "timeline/exchanges.h"
#include "timeline/ntp_server.h"
#include "timeline/source.h"
#include "timeline/trace.h"

#define NSEC		1000000000LL
#define AGE_MAX		100000	/* ns */
#define SENDING_MAX	8000

struct server {
	struct truth truth;
	int64_t lie, stated;
	int drop, late, leap, flood;
	const char *code;
	bool stamped;
	int64_t sending;	/* ns that it took last, of --stamped */
	unsigned int seed;
};

static void read_clock(void *arg, struct ntp_reading *r)
{
	const struct server *s = arg;

	r->ns = truth_at(&s->truth, source_counter(TIMELINE_COUNTER_RAW)) + s->lie;
	r->error_ns = s->stated;
	r->synchronized = s->leap != NTP_LEAP_UNKNOWN;
	r->leap = s->leap;
	/* It is not far off, and the second is more than that */
	if (s->truth.leaps_at && r->ns - s->lie < s->truth.leaps_at - NSEC)
		r->leap = NTP_LEAP_61;
}

static void kiss(const char *code, const uint8_t *request, uint8_t reply[NTP_SIZE])
{
	struct ntp_packet p;

	ntp_read(request, NTP_SIZE, &p);
	p = (struct ntp_packet){ .version = 4, .mode = NTP_SERVER, .origin = p.transmit,
				 .leap = NTP_LEAP_UNKNOWN,
				 .reference_id = (uint32_t)code[0] << 24 | code[1] << 16 |
						 code[2] << 8 | code[3] };
	ntp_write(reply, &p);
}

/* Answers of somebody who does not see the request */
static void flood(int fd, const struct server *s, const struct sockaddr *to, socklen_t size,
		  const uint8_t reply[NTP_SIZE])
{
	uint8_t forged[NTP_SIZE];
	int i;

	memcpy(forged, reply, sizeof(forged));
	for (i = 0; i < s->flood; i++) {
		memcpy(forged + 24, &i, sizeof(i));
		forged[34] ^= 1;
		sendto(fd, forged, sizeof(forged), 0, to, size);
	}
}

/* How long ago the last packet came: the kernel stamps them once it has been asked for a stamp */
static int64_t age(int fd)
{
	struct timespec stamp, now;
	int64_t ns;

	if (ioctl(fd, SIOCGSTAMPNS, &stamp))
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	ns = (now.tv_sec - stamp.tv_sec) * 1000000000LL + now.tv_nsec - stamp.tv_nsec;
	return ns > 0 && ns < AGE_MAX ? ns : 0;
}

static void serve_one(int fd, struct server *s)
{
	struct ntp_reading received, answered;
	uint8_t packet[512], reply[NTP_SIZE];
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	ssize_t n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &size);
	int64_t waited = s->stamped ? age(fd) : 0;
	uint64_t began, took;

	read_clock(s, &received);
	received.ns -= waited;
	if (n < NTP_SIZE || rand_r(&s->seed) % 100 < s->drop)
		return;
	if (s->late)
		usleep(rand_r(&s->seed) % s->late);
	read_clock(s, &answered);
	answered.ns += s->sending;
	if (!ntp_reply(packet, n, &received, &answered, reply))
		return;
	if (s->code)
		kiss(s->code, packet, reply);
	flood(fd, s, (struct sockaddr *)&from, size, reply);
	began = source_counter(TIMELINE_COUNTER_RAW);
	sendto(fd, reply, sizeof(reply), 0, (struct sockaddr *)&from, size);
	took = source_counter(TIMELINE_COUNTER_RAW) - began;
	s->sending = s->stamped && took < SENDING_MAX ? took : 0;
}

static int serve(struct server *s, const char *port)
{
	int fd = ntp_listen(NULL, port);

	if (fd < 0) {
		perror(port);
		return 1;
	}
	for (;;)
		serve_one(fd, s);
}

static int judge(const struct truth *t)
{
	char head[TRACE_TEXT];
	struct exchanges_head h;
	struct exchanges_line line;
	unsigned int number = 1;
	bool end = false;

	if (!fgets(head, sizeof(head), stdin) || !exchanges_begin(head) ||
	    exchanges_read_head(head, &h))
		return 1;
	exchanges_write_head(stdout, &h);
	for (;;) {
		if (exchanges_read_line(stdin, &h, &line, &number, &end) || end)
			return !end;
		line.x.truth_ns = truth_at(t, line.x.after);
		line.x.has_truth = true;
		exchanges_write_line(stdout, &line);
	}
}

static int64_t ptp_now(const void *truth)
{
	return truth_at(truth, source_counter(TIMELINE_COUNTER_RAW));
}

static int print_start(void)
{
	printf("%" PRIu64 ",%lld\n", source_counter(TIMELINE_COUNTER_RAW),
	       time(NULL) * 1000000000LL);
	return 0;
}

/* Without what whoever kept it before has left behind */
static int set_realtime(const struct truth *t, const char *us)
{
	struct timex tx = { .modes = ADJ_FREQUENCY | ADJ_TICK, .tick = 10000 };
	int64_t ns = truth_at(t, source_counter(TIMELINE_COUNTER_RAW)) + atoll(us) * 1000;
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	if (adjtimex(&tx) >= 0 && !clock_settime(CLOCK_REALTIME, &ts))
		return 0;
	perror("ntp_truth: CLOCK_REALTIME");
	return 1;
}

/* Of what kind the server is */
static bool take_option(struct server *s, int c)
{
	switch (c) {
	case 'a':
		return truth_take_start(&s->truth, optarg);
	case 'r':
		return truth_take_rates(&s->truth, optarg);
	case 'l':
		s->lie = strtoll(optarg, NULL, 10);
		return true;
	case 's':
		s->stated = strtoll(optarg, NULL, 10);
		return true;
	case 'd':
		s->drop = atoi(optarg);
		return true;
	case 't':
		s->late = atoi(optarg);
		return true;
	case 'c':
		s->code = optarg;
		return true;
	case 'p':
		s->leap = atoi(optarg);
		return true;
	case 'L':
		s->truth.leaps_at = strtoll(optarg, NULL, 10);
		return true;
	case 'f':
		s->flood = atoi(optarg);
		return true;
	case 'm':
		s->stamped = true;
		return true;
	default:
		return false;
	}
}

static bool take_ptp_option(struct ptp_truth *ptp, int c)
{
	switch (c) {
	case 'D':
		ptp->domain = atoi(optarg);
		return true;
	case 'T':
		ptp->transport = atoi(optarg);
		return true;
	case 'A':
		ptp->accuracy = strtoul(optarg, NULL, 0);
		return true;
	case 'N':
		ptp->steps = atoi(optarg);
		return true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "at", 1, NULL, 'a' }, { "rate", 1, NULL, 'r' }, { "lie", 1, NULL, 'l' },
		{ "stated", 1, NULL, 's' }, { "drop", 1, NULL, 'd' }, { "late", 1, NULL, 't' },
		{ "code", 1, NULL, 'c' }, { "leap", 1, NULL, 'p' }, { "flood", 1, NULL, 'f' },
		{ "judge", 0, NULL, 'j' },
		{ "stamped", 0, NULL, 'm' }, { "start", 0, NULL, 'S' },
		{ "set", 1, NULL, 'R' },
		{ "ptp", 1, NULL, 'P' }, { "domain", 1, NULL, 'D' }, { "transport", 1, NULL, 'T' },
		{ "accuracy", 1, NULL, 'A' }, { "steps", 1, NULL, 'N' },
		{ "leap-second", 1, NULL, 'L' }, { 0 }
	};
	struct server s = { .seed = getpid() };
	struct ptp_truth ptp = { ptp_now, &s.truth, .accuracy = PTP_25_NS };
	const char *realtime = NULL, *grandmaster = NULL;
	bool judged = false;
	int c;

	truth_begin(&s.truth);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'S')
			return print_start();
		if (c == 'R')
			realtime = optarg;
		else if (c == 'j')
			judged = true;
		else if (c == 'P')
			grandmaster = optarg;
		else if (!take_option(&s, c) && !take_ptp_option(&ptp, c))
			return 2;
	}
	if (realtime)
		return set_realtime(&s.truth, realtime);
	if (grandmaster)
		return ptp_serve(grandmaster, &ptp);
	return judged ? judge(&s.truth) : optind < argc ? serve(&s, argv[optind]) : 2;
}
