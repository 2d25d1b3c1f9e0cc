// SPDX-License-Identifier: GPL-2.0
/*
 * What the demonstration of timelines measures with; a line each, all numbers in decimal.
 *
 *	clocks observe NAME US		every so often until it is ended, the timeline between two
 *					readings of CLOCK_REALTIME, which it is kept on: before,
 *					time, after, err_low, err_high, counter, disruption, status
 *	clocks watch NAME ACCURACY	binds with this accuracy (ns) and waits for events: what poll()
 *					returned, the counter then; type, reason, the counter, err_low and
 *					err_high that read() tells
 *	clocks params NAME		counter now; what the bound is made of: counter, err_low, err_high,
 *					growth (2^-64 s per tick and its shift), counter_hz
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/timeline.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static int (*gettime)(unsigned int id, struct timeline_time *tt);

static void must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static __s64 ns(__s64 sec, __s64 nsec)
{
	return sec * 1000000000LL + nsec;
}

static __s64 reference(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ns(ts.tv_sec, ts.tv_nsec);
}

static struct timeline_time read_timeline(unsigned int id)
{
	struct timeline_time tt;

	must(!gettime(id, &tt), "clocks: timeline_gettime");
	return tt;
}

static int observe(int fd, unsigned int id, const char *interval)
{
	struct timespec rest = { .tv_nsec = atol(interval) * 1000 };
	struct timeline_time tt;
	__s64 before, after;

	for (;;) {
		before = reference();
		tt = read_timeline(id);
		after = reference();
		printf("%lld %lld %lld %llu %llu %llu %llu %u\n", before, ns(tt.sec, tt.nsec), after,
		       tt.err_low_ns, tt.err_high_ns, tt.counter, tt.disruption, tt.status);
		fflush(stdout);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
	}
	return fd;
}

static const char *poll_name(short events)
{
	if (events & POLLPRI)
		return "POLLPRI";
	return events & POLLIN ? "POLLIN" : "POLLHUP";
}

static int watch(int fd, unsigned int id, const char *accuracy)
{
	struct timeline_bind bind = { .id = id, .accuracy_ns = strtoull(accuracy, NULL, 10) };
	struct pollfd pfd = { .fd = fd, .events = POLLPRI | POLLIN };
	struct timeline_event e;
	__u64 counter;

	must(!ioctl(fd, TIMELINE_BIND, &bind), "clocks: bind");
	for (;;) {
		must(poll(&pfd, 1, -1) == 1, "clocks: poll");
		counter = read_timeline(id).counter;
		must(read(fd, &e, sizeof(e)) == sizeof(e), "clocks: read");
		printf("%s %llu %u %u %llu %llu %llu\n", poll_name(pfd.revents), counter, e.type,
		       e.reason, e.time.counter, e.time.err_low_ns, e.time.err_high_ns);
		fflush(stdout);
	}
	return 0;
}

static int params(int fd, unsigned int id, const char *unused)
{
	struct timeline_get get = { .set.id = id };

	(void)unused;
	must(!ioctl(fd, TIMELINE_GET, &get), "clocks: get");
	printf("%llu %llu %llu %llu %llu %u %llu\n", read_timeline(id).counter,
	       get.set.counter_value, get.set.err_low_ns, get.set.err_high_ns,
	       get.set.counter_period_maxerror_rate_frac_sec, get.set.counter_period_shift,
	       get.counter_hz);
	return 0;
}

static const struct mode {
	const char *name;
	int (*run)(int fd, unsigned int id, const char *arg);
	int args;
} modes[] = {
	{ "observe", observe, 4 },
	{ "watch", watch, 4 },
	{ "params", params, 3 },
};

int main(int argc, char *argv[])
{
	struct timeline_lookup lookup = { 0 };
	int fd = open("/dev/timeline", O_RDONLY | O_CLOEXEC);
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY);

	must(fd >= 0, "clocks: /dev/timeline");
	must(vdso && (*(void **)&gettime = dlsym(vdso, "__vdso_timeline_gettime")), "clocks: vDSO");
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes) && argc > 2; i++) {
		if (strcmp(argv[1], modes[i].name) || argc != modes[i].args)
			continue;
		strncpy(lookup.name, argv[2], sizeof(lookup.name) - 1);
		must(!ioctl(fd, TIMELINE_LOOKUP, &lookup), "clocks: lookup");
		return modes[i].run(fd, lookup.id, argv[3]);
	}
	fprintf(stderr, "usage: clocks observe NAME US | watch NAME ACCURACY_NS | params NAME\n");
	return 2;
}
