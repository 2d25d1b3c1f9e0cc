// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a timeline, sets it once by CLOCK_REALTIME, reads it, sleeps on it, and
 * waits until it is no longer good to 50 us because nobody sets it any more.
 * Needs CAP_SYS_TIME, and the TSC as clocksource.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include <linux/timeline.h>

static int (*gettime)(unsigned int id, struct timeline_time *tt);

static void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

#define SHIFT	4

/* A period of the counter, in units of 2^-(64 + SHIFT) s */
static __u64 period_of(__u64 hz)
{
	return ((unsigned __int128)1 << (64 + SHIFT)) / hz;
}

/* A pair (counter, reference) with the smallest gap of a few */
static struct timeline_set observe(int fd, unsigned int id)
{
	struct timeline_get get = { .set.id = id };
	__u64 before, after, start = 0, gap = ~0ULL, gap_ns;
	struct timespec now, ref = { 0 };
	int i;

	must(!ioctl(fd, TIMELINE_GET, &get), "TIMELINE_GET");
	must(get.set.counter_id == TIMELINE_COUNTER_X86_TSC, "the TSC is not in use");
	for (i = 0; i < 10; i++) {
		before = __rdtsc();
		clock_gettime(CLOCK_REALTIME, &now);
		after = __rdtsc();
		if (after - before < gap) {
			gap = after - before;
			start = before;
			ref = now;
		}
	}
	gap_ns = gap * 1000000000 / get.counter_hz + 1;
	return (struct timeline_set) {
		.id = id,
		.counter_id = TIMELINE_COUNTER_X86_TSC,
		.clock_status = TIMELINE_STATUS_SYNCHRONIZED,
		.vmclock_flags = TIMELINE_VF_TIME_MAXERROR_VALID |
				 TIMELINE_VF_PERIOD_MAXERROR_VALID,
		.counter_value = start + gap / 2,
		.time_sec = ref.tv_sec,
		.time_frac_sec = ref.tv_nsec * (__u64)18446744073,	/* 2^64 / 10^9 */
		.err_low_ns = gap_ns,
		.err_high_ns = gap_ns,
		.counter_period_shift = SHIFT,
		.counter_period_frac_sec = period_of(get.counter_hz),
		/* The frequency is the kernel's own, trusted to 100 ppm */
		.counter_period_maxerror_rate_frac_sec = period_of(get.counter_hz) / 10000,
	};
}

static void show(unsigned int id)
{
	struct timeline_time tt;

	must(!gettime(id, &tt), "timeline_gettime");
	printf("%lld.%09u  -%llu +%llu ns\n", (long long)tt.sec, tt.nsec,
	       (unsigned long long)tt.err_low_ns, (unsigned long long)tt.err_high_ns);
}

int main(void)
{
	struct timeline_create create = { .name = "example" };
	struct timespec ts, tenth = { .tv_nsec = 100000000 };
	struct timeline_destroy destroy;
	struct timeline_event event;
	struct timeline_bind bind;
	struct timeline_set set;
	struct pollfd pfd;
	int fd = open("/dev/timeline", O_RDONLY | O_CLOEXEC);

	must(fd >= 0, "/dev/timeline");
	*(void **)&gettime = dlsym(dlopen("linux-vdso.so.1", RTLD_LAZY), "__vdso_timeline_gettime");
	must(!!gettime, "no timelines in the vDSO");

	/* Needs CAP_SYS_TIME: a clock, and what it shows from now on */
	must(!ioctl(fd, TIMELINE_CREATE, &create), "TIMELINE_CREATE");
	set = observe(fd, create.id);
	must(!ioctl(fd, TIMELINE_SET, &set), "TIMELINE_SET");

	/* Anybody: read it with its bounds, or as any clock; sleep on it */
	show(create.id);
	must(!clock_nanosleep(CLOCK_TIMELINE(create.id), 0, &tenth, NULL), "clock_nanosleep");
	show(create.id);
	must(!clock_gettime(CLOCK_TIMELINE(create.id), &ts), "clock_gettime");
	printf("%lld.%09ld  by clock id %u\n", (long long)ts.tv_sec, ts.tv_nsec,
	       CLOCK_TIMELINE(create.id));

	/* Nobody sets it any more: tell me when it is no longer good to 50 us */
	bind = (struct timeline_bind) { .id = create.id, .accuracy_ns = 50000 };
	must(!ioctl(fd, TIMELINE_BIND, &bind), "TIMELINE_BIND");
	pfd = (struct pollfd) { .fd = fd, .events = POLLPRI };
	must(poll(&pfd, 1, 5000) == 1, "poll");
	must(read(fd, &event, sizeof(event)) == sizeof(event), "read");
	printf("event %u, reason %u\n", event.type, event.reason);
	must(!clock_gettime(CLOCK_TIMELINE_SELF, &ts), "CLOCK_TIMELINE_SELF");
	show(TIMELINE_SELF);

	destroy = (struct timeline_destroy) { .id = create.id };
	must(!ioctl(fd, TIMELINE_DESTROY, &destroy), "TIMELINE_DESTROY");
	return 0;
}
