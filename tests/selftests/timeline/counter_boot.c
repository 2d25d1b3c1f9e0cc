// SPDX-License-Identifier: GPL-2.0
/*
 * For a machine whose kernel was told to use another clocksource than the TSC:
 * timelines go by CLOCK_MONOTONIC_RAW, by the system call, and their bounds hold.
 */
#include <sys/mman.h>
#include "tl_test.h"

#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define START		1000000		/* s */
#define COARSE		(5 * MS)	/* what one jiffy, and its tick, can be off */

static int fd;
static u32 id;

static u64 raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* Sets it to a time at a value of the counter */
static int set_at(u64 ns, u64 counter)
{
	struct timeline_set set = tl_params(fd, id, ns / SEC, 0);

	set.time_frac_sec = (u64)(ns % SEC) * 18446744073ULL;
	set.counter_value = counter;
	return tl_ioctl(fd, TIMELINE_SET, &set);
}

/* All ways of reading agree with the counter that they tell and with each other */
static bool right(u64 reference)
{
	struct timeline_time vdso, call, self;
	u64 before = raw_ns(), mid, after;
	s64 off;

	if (tl_vdso(id, &vdso) || tl_clock(CLOCK_TIMELINE(id), &mid) || tl_prctl(id, &call) ||
	    tl_vdso(TIMELINE_SELF, &self))
		return false;
	after = raw_ns();
	off = tl_ns(&vdso) - START * SEC - (vdso.counter - reference);
	return before <= vdso.counter && self.counter <= after && off >= -10 && off <= 10 &&
	       tl_ns(&vdso) <= mid && mid <= tl_ns(&call) && tl_ns(&call) <= tl_ns(&self) &&
	       vdso.err_low_ns >= 5000 && vdso.err_low_ns <= self.err_low_ns &&
	       vdso.status == TIMELINE_STATUS_UNRELIABLE;
}

static void reading(void)
{
	struct timeline_time first, last;
	u64 reference = raw_ns();
	int i, good = 0;

	t_equal(set_at(START * SEC, reference), 0, "set it by CLOCK_MONOTONIC_RAW");
	t_equal(prctl(PR_SET_TIMELINE, (unsigned long)id, 0L, 0L, 0L), 0, "bind");
	for (i = 0; i < 1000; i++)
		good += right(reference);
	t_equal(good, 1000, "vDSO, clock_gettime(), prctl() and SELF, by the counter they tell");
	tl_vdso(id, &first);
	sleep_ns(SEC);
	tl_vdso(id, &last);
	t_near(last.err_low_ns - first.err_low_ns, (last.counter - first.counter) / 20000, 10,
	       "the bound grows by 50 ppm");
	t_near(tl_ns(&last) - tl_ns(&first), last.counter - first.counter, 10, "the time by 1");
	t_near(last.counter - first.counter, SEC, 10 * COARSE, "in a second");
}

static void continuity(void)
{
	u64 now, before = tl_now(id);
	struct timeline_time tt;

	now = raw_ns();
	t_equal(set_at(before - 10 * MS, now), 0, "set it 10 ms back");
	tl_vdso(id, &tt);
	t_ok(tl_ns(&tt) >= before, "it does not run back");
	t_near(tl_ns(&tt), before, COARSE, "nor jump");
	t_at_least(tt.err_low_ns, 9 * MS, "its bound is wider by that");
	t_equal(set_at(before, raw_ns() + SEC), -EINVAL, "a reference in the future");
}

static void waiting(void)
{
	struct timespec ts = { 0, 50 * MS };
	u64 start = tl_now(id), took;

	t_equal(clock_nanosleep(CLOCK_TIMELINE(id), 0, &ts, NULL), 0, "sleep 50 ms");
	took = tl_now(id) - start;
	t_at_least(took, 50 * MS, "not less");
	t_at_most(took, 50 * MS + 2 * COARSE, "nor much more");
}

VBS_TEST("with another clocksource from boot on, timelines are right by the system call", 60)
{
	char source[64] = "", *page;
	struct timeline_get get;

	fd = tl_open();
	file_read(CLOCKSOURCE, source, sizeof(source));
	t_ok(strncmp(source, "tsc", 3) != 0, "the clocksource is %.*s",
	     (int)strcspn(source, "\n"), source);
	id = tl_create(fd, "boot", 0);
	get.set.id = id;
	t_equal(tl_ioctl(fd, TIMELINE_GET, &get), 0, "get");
	t_equal(get.set.counter_id, TIMELINE_COUNTER_RAW, "its counter");
	t_equal(get.counter_hz, SEC, "its frequency");
	reading();
	continuity();
	waiting();
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	t_equal((u8)page[256 * (id % 16) + 0xa], 0xff, "readers of VMClock see an invalid counter");
	tl_destroy(fd, id);
}
