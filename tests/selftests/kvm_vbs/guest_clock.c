// SPDX-License-Identifier: GPL-2.0
/*
 * In a guest of a test: readings of timelines, a line each.
 *
 *	guest_clock id NAME
 *	guest_clock read ID COUNT	"COUNTER SEC NSEC LOW HIGH STATUS STEP ERROR"
 *	guest_clock spin ID MILLISECONDS	"READS ERRORS BACK UNSYNCHRONIZED"
 *	guest_clock sleep ID NS		"NS of the timeline ERROR"
 *	guest_clock last ID NS		the same: "NS of CLOCK_MONOTONIC_RAW ERROR"
 *	guest_clock watch ID ACCURACY MILLISECONDS	events, "TYPE REASON"
 *	guest_clock set ID		"ERROR"
 *	guest_clock loop MILLISECONDS	readings of CLOCK_MONOTONIC instead: how many
 *	guest_clock realtime		"COUNTER SEC NSEC" of CLOCK_REALTIME
 *	guest_clock get ID		"ERROR COUNTER_ID" of TIMELINE_GET
 *	guest_clock self		"ERROR ERROR" of a thread that is bound to none
 *	guest_clock until ID SEC	sleeps until then: "SEC NSEC ERROR"
 *	guest_clock gap ID KIB		writes in so much, until it is killed: then a line "FROM NS"
 *					of each long gap between two readings
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "tl_test.h"

static int device(void)
{
	int fd = open("/dev/timeline", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror("/dev/timeline");
		exit(1);
	}
	return fd;
}

static int print_id(const char *name)
{
	struct timeline_lookup arg = { 0 };

	snprintf(arg.name, sizeof(arg.name), "%s", name);
	if (ioctl(device(), TIMELINE_LOOKUP, &arg)) {
		printf("error %d\n", errno);
		return 1;
	}
	printf("%u\n", arg.id);
	return 0;
}

static int read_some(u32 id, long count)
{
	struct timeline_time tt = { 0 };
	int ret;

	while (count-- > 0) {
		ret = tl_vdso(id, &tt);
		printf("%llu %lld %u %llu %llu %u %llu %d\n", (unsigned long long)tt.counter,
		       (long long)tt.sec, tt.nsec, (unsigned long long)tt.err_low_ns,
		       (unsigned long long)tt.err_high_ns, tt.status,
		       (unsigned long long)tt.disruption, ret);
	}
	return 0;
}

static u64 ns_of(const struct timeline_time *tt)
{
	return tt->sec * 1000000000ULL + tt->nsec;
}

/* As fast as it can */
static int spin(u32 id, long ms)
{
	unsigned long reads = 0, errors = 0, back = 0, unsynchronized = 0;
	struct timespec now, end;
	struct timeline_time tt;
	u64 last = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000;
	do {
		for (int i = 0; i < 1000; i++, reads++) {
			if (tl_vdso(id, &tt)) {
				errors++;
				continue;
			}
			unsynchronized += tt.status != TIMELINE_STATUS_SYNCHRONIZED;
			back += ns_of(&tt) < last;
			last = ns_of(&tt);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec ||
		 (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
	printf("%lu %lu %lu %lu\n", reads, errors, back, unsynchronized);
	return 0;
}

static int sleep_for(u32 id, long ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };
	struct timeline_time a = { 0 }, b = { 0 };
	int ret;

	tl_vdso(id, &a);
	ret = clock_nanosleep(CLOCK_TIMELINE(id), 0, &ts, NULL);
	tl_vdso(id, &b);
	printf("%llu %d\n", (unsigned long long)(ns_of(&b) - ns_of(&a)), ret);
	return 0;
}

static u64 raw(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int last_for(u32 id, long ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };
	u64 begin = raw();
	int ret = clock_nanosleep(CLOCK_TIMELINE(id), 0, &ts, NULL);

	printf("%llu %d\n", (unsigned long long)(raw() - begin), ret);
	return 0;
}

static int watch(u32 id, u64 accuracy, long ms)
{
	struct timeline_bind arg = { .id = id, .accuracy_ns = accuracy };
	struct timeline_event event;
	struct pollfd p = { .fd = device(), .events = POLLIN | POLLPRI };

	if (ioctl(p.fd, TIMELINE_BIND, &arg)) {
		printf("error %d\n", errno);
		return 1;
	}
	while (poll(&p, 1, ms) > 0 && read(p.fd, &event, sizeof(event)) == sizeof(event))
		printf("%u %u\n", event.type, event.reason);
	if (tl_vdso(TIMELINE_SELF, &event.time))
		printf("not bound\n");
	return 0;
}

static int set(u32 id)
{
	struct timeline_get get = { .set.id = id };
	int fd = device(), ret = ioctl(fd, TIMELINE_GET, &get);

	if (!ret) {
		get.set.clock_status = TIMELINE_STATUS_SYNCHRONIZED;
		ret = ioctl(fd, TIMELINE_SET, &get.set);
	}
	printf("%d\n", ret ? errno : 0);
	return 0;
}

static int loop(long ms)
{
	struct timespec now, end;
	unsigned long n = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000;
	do {
		for (int i = 0; i < 1000; i++, n++)
			clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec ||
		 (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
	printf("%lu\n", n);
	return 0;
}

static int realtime(void)
{
	struct timespec now;
	u64 counter;

	clock_gettime(CLOCK_REALTIME, &now);
	counter = __rdtsc();
	clock_gettime(CLOCK_REALTIME, &now);
	printf("%llu %lld %ld\n", (unsigned long long)counter, (long long)now.tv_sec, now.tv_nsec);
	return 0;
}

static int get(u32 id)
{
	struct timeline_get arg = { .set.id = id };
	int ret = ioctl(device(), TIMELINE_GET, &arg);

	printf("%d %u\n", ret ? errno : 0, arg.set.counter_id);
	return 0;
}

static int self(void)
{
	struct timeline_time tt;
	struct timespec ts;
	int ret = tl_vdso(TIMELINE_SELF, &tt);

	printf("%d %d\n", -ret, clock_gettime(CLOCK_TIMELINE_SELF, &ts) ? errno : 0);
	return 0;
}

static int until(u32 id, s64 sec)
{
	struct timespec ts = { .tv_sec = sec };
	struct timeline_time tt = { 0 };
	int ret = clock_nanosleep(CLOCK_TIMELINE(id), TIMER_ABSTIME, &ts, NULL);

	tl_vdso(id, &tt);
	printf("%lld %u %d\n", (long long)tt.sec, tt.nsec, ret);
	return 0;
}

#define GAPS		256
#define GAP_NS		1500000		/* its own ticks take less */

static volatile sig_atomic_t enough;

static void enough_now(int sig)
{
	(void)sig;
	enough = 1;
}

/* One page after the other */
static int gap(u32 id, size_t kib)
{
	static struct { u64 from, ns; } gaps[GAPS];
	u64 last = 0, now, n = 0;
	unsigned int i = 0;
	u64 *memory = kib ? aligned_alloc(4096, kib << 10) : NULL;
	struct timeline_time tt;

	signal(SIGTERM, enough_now);
	while (!enough) {
		if (memory)
			memory[n % (kib / 4) * 512] = n;
		n++;
		if (tl_vdso(id, &tt))
			continue;
		now = ns_of(&tt);
		if (last && now > last + GAP_NS && i < GAPS) {
			gaps[i].from = last;
			gaps[i++].ns = now - last;
		}
		last = now;
	}
	while (i-- > 0)
		printf("%llu %llu\n", (unsigned long long)gaps[i].from,
		       (unsigned long long)gaps[i].ns);
	return 0;
}

int main(int argc, char **argv)
{
	u32 id = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;

	if (argc == 3 && !strcmp(argv[1], "id"))
		return print_id(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "read"))
		return read_some(id, atol(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "spin"))
		return spin(id, atol(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "sleep"))
		return sleep_for(id, atol(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "last"))
		return last_for(id, atol(argv[3]));
	if (argc == 5 && !strcmp(argv[1], "watch"))
		return watch(id, strtoull(argv[3], NULL, 0), atol(argv[4]));
	if (argc == 3 && !strcmp(argv[1], "set"))
		return set(id);
	if (argc == 3 && !strcmp(argv[1], "loop"))
		return loop(atol(argv[2]));
	if (argc == 2 && !strcmp(argv[1], "realtime"))
		return realtime();
	if (argc == 3 && !strcmp(argv[1], "get"))
		return get(id);
	if (argc == 2 && !strcmp(argv[1], "self"))
		return self();
	if (argc == 4 && !strcmp(argv[1], "until"))
		return until(id, atoll(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "gap"))
		return gap(id, strtoul(argv[3], NULL, 0));
	fprintf(stderr,
		"guest_clock: id|read|spin|sleep|last|watch|set|loop|realtime|get|self|until|gap ...\n");
	return 2;
}
