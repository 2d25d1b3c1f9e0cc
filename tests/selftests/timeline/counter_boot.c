// SPDX-License-Identifier: GPL-2.0
/*
 * For a machine whose kernel was told to use another clocksource than the TSC:
 * timelines go by CLOCK_MONOTONIC_RAW, by the system call. Their bounds hold against
 * a counter that is not theirs, the TSC, which here counts nanoseconds; or they
 * claim nothing, if the clocksource counts interrupts.
 */
#include <sys/mman.h>
#include "tl_test.h"

#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define START		1000000		/* s */
#define COARSE		(5 * MS)	/* what one jiffy, and its tick, can be off */

static int fd;
static u32 id;
static bool counts;	/* and not interrupts */

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
	       vdso.err_low_ns >= (counts ? 5000 : TIMELINE_UNBOUNDED) &&
	       vdso.err_low_ns <= self.err_low_ns &&
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
	t_near(last.err_low_ns - first.err_low_ns,
	       counts ? (last.counter - first.counter) / 20000 : 0, 10, "the bound grows by 50 ppm");
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
	t_ok(tt.err_low_ns >= 9 * MS, "its bound is wider by that");
	t_equal(set_at(before, raw_ns() + SEC), -EINVAL, "a reference in the future");
}

/* Sets it between two readings of the TSC, to the one before in ns, and claims the gap */
static void set_by_tsc(void)
{
	struct timeline_set set;
	u64 before, value, gap;

	do {
		before = tl_counter();
		value = raw_ns();
		gap = tl_counter() - before;
	} while (gap > 20 * US);
	set = tl_params(fd, id, START + before / SEC, 0);
	set.time_frac_sec = (u64)(before % SEC) * 18446744073ULL;
	set.counter_value = value;
	set.err_low_ns = 1;
	set.err_high_ns = gap + 1;
	set.counter_period_maxerror_rate_frac_sec *= 2;
	if (tl_ioctl(fd, TIMELINE_SET, &set))
		t_fatal("set it by the TSC");
}

/* How far the truth is outside the bound, at most, over some steps of the clocksource */
static s64 outside(void)
{
	struct timeline_time tt;
	s64 most = 0, low, high, t;
	u64 before, after;
	int i;

	for (i = 0; i < 3000; i++) {
		before = tl_counter();
		tl_prctl(id, &tt);
		after = tl_counter();
		t = tl_ns(&tt) - START * SEC;
		low = tt.err_low_ns == TIMELINE_UNBOUNDED ? 0 : t - tt.err_low_ns - after;
		high = tt.err_high_ns == TIMELINE_UNBOUNDED ? 0 : before - t - tt.err_high_ns;
		most = low > most ? low : most;
		most = high > most ? high : most;
	}
	return most;
}

static void truth(void)
{
	struct timeline_time tt;
	struct timespec res;
	s64 most = 0, once;
	u32 keep = id;
	int i;

	id = tl_create(fd, "truth", TIMELINE_STEP);

	for (i = 0; i < 20; i++) {
		set_by_tsc();
		once = outside();
		most = once > most ? once : most;
		sleep_ns(777777);
	}
	t_at_most(most, 0, "the truth is never outside the bound");
	tl_prctl(id, &tt);
	if (counts)
		t_ok(tt.err_high_ns < 100 * US, "which is one");
	else
		t_ok(tt.err_low_ns == TIMELINE_UNBOUNDED && tt.err_high_ns == TIMELINE_UNBOUNDED,
		     "which claims nothing, as an interrupt can be missed");
	t_equal(clock_getres(CLOCK_TIMELINE(id), &res), 0, "clock_getres()");
	t_ok(tt.err_low_ns > (u64)res.tv_nsec && tt.err_high_ns > (u64)res.tv_nsec,
	     "a step is in the bound, on either side");
	t_ok(res.tv_nsec == (counts ? 10 : (long)MS) || (counts && res.tv_nsec == 280),
	     "is a step of the clocksource, %ld ns", res.tv_nsec);
	tl_destroy(fd, id);
	id = keep;
}

static void waiting(void)
{
	struct timespec ts = { 0, 50 * MS };
	u64 start = tl_now(id), took;

	t_equal(clock_nanosleep(CLOCK_TIMELINE(id), 0, &ts, NULL), 0, "sleep 50 ms");
	took = tl_now(id) - start;
	/* A duration; the timeline itself may be slewed by 500 ppm meanwhile */
	t_at_least(took, 50 * MS - 50 * MS / 2000, "not less");
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
	counts = strncmp(source, "jiffies", 7) != 0;
	id = tl_create(fd, "boot", 0);
	get.set.id = id;
	t_equal(tl_ioctl(fd, TIMELINE_GET, &get), 0, "get");
	t_equal(get.set.counter_id, TIMELINE_COUNTER_RAW, "its counter");
	t_equal(get.counter_hz, SEC, "its frequency");
	reading();
	continuity();
	waiting();
	truth();
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	t_equal((u8)page[256 * (id % 16) + 0xa], 0xff, "readers of VMClock see an invalid counter");
	tl_destroy(fd, id);
}
