// SPDX-License-Identifier: GPL-2.0
/*
 * What reading and updating cost, in instructions: in a machine that counts
 * them one is a nanosecond. clock_gettime() goes through the C library, and includes
 * it; timeline_gettime() is called by its address in the vDSO, as programs do. Those of
 * the vDSO alone are both called so.
 */
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include "tl_test.h"

#define CALLS	1000

static int fd;
static u32 id, slewed;
static struct timeline_set set;

static tl_gettime_fn *gettime;
static tl_clock_fn *clock_of;

static void monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
}

static void monotonic_of_vdso(void)
{
	struct timespec ts;

	clock_of(CLOCK_MONOTONIC, &ts);
}

static void clock_of_vdso(void)
{
	struct timespec ts;

	clock_of(CLOCK_TIMELINE(id), &ts);
}

static clockid_t other;

static void by_other(void)
{
	struct timespec ts;

	clock_gettime(other, &ts);
}

static void by_clock_id(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_TIMELINE(id), &ts);
}

static void by_self(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_TIMELINE_SELF, &ts);
}

static void with_bounds(void)
{
	struct timeline_time tt;

	gettime(id, &tt);
}

static void while_it_slews(void)
{
	struct timeline_time tt;

	gettime(slewed, &tt);
}

static void self_with_bounds(void)
{
	struct timeline_time tt;

	gettime(TIMELINE_SELF, &tt);
}

/* One that is bound to another timeline, and does nothing */
static void *differ(void *arg)
{
	if (prctl(PR_SET_TIMELINE, slewed, 0, 0, 0))
		t_fatal("bind");
	gate_open(arg);
	for (;;)
		pause();
	return NULL;
}

static void by_system_call(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_TIMELINE(id), &ts);
}

static void monotonic_by_system_call(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
}

/* Time with a bound, as there was before */
static void by_adjtimex(void)
{
	struct timex tx = { 0 };

	adjtimex(&tx);
}

static void update(void)
{
	ioctl(fd, TIMELINE_SET, &set);
}

/* The least of some rounds: no timer interrupt is in it */
static u64 cost(void (*call)(void))
{
	u64 best = ~0ULL, begin;
	int round, i;

	for (round = 0; round < 20; round++) {
		begin = now_ns();
		for (i = 0; i < CALLS; i++)
			call();
		if (now_ns() - begin < best)
			best = now_ns() - begin;
	}
	return best / CALLS;
}

/* From the instant until the sleeper runs: the least of some sleeps */
static u64 wakeup(clockid_t clock)
{
	struct timespec ts;
	u64 best = ~0ULL, at;

	for (int i = 0; i < 100; i++) {
		clock_gettime(clock, &ts);
		at = ts.tv_sec * SEC + ts.tv_nsec + 300 * US;
		ts = (struct timespec) { at / SEC, at % SEC };
		clock_nanosleep(clock, TIMER_ABSTIME, &ts, NULL);
		clock_gettime(clock, &ts);
		at = ts.tv_sec * SEC + ts.tv_nsec - at;
		best = at < best ? at : best;
	}
	return best;
}

static void wakeups(void)
{
	u64 base, got;

	set_fifo(0, 50);
	base = wakeup(CLOCK_MONOTONIC);
	got = wakeup(CLOCK_TIMELINE(id));
	t_diag("a sleep on CLOCK_MONOTONIC, until it runs: %ju", (uintmax_t)base);
	t_diag("a sleep on the timeline, until it runs: %ju", (uintmax_t)got);
	t_at_most(got * 100, base * 110, "the wake-up of a sleeper, in percent");
}

/* Also without timelines: the same figures then, but for how the code is laid out */
static void other_clocks(void)
{
	static const struct {
		const char *name;
		clockid_t id;
	} clocks[] = {
		{ "CLOCK_MONOTONIC", CLOCK_MONOTONIC },
		{ "CLOCK_REALTIME", CLOCK_REALTIME },
		{ "CLOCK_TAI", CLOCK_TAI },
		{ "CLOCK_BOOTTIME", CLOCK_BOOTTIME },
		{ "CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW },
		{ "CLOCK_MONOTONIC_COARSE", CLOCK_MONOTONIC_COARSE },
		{ "CLOCK_THREAD_CPUTIME_ID (system call)", CLOCK_THREAD_CPUTIME_ID },
		{ "clock id 30, which there is not (system call)", 30 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		other = clocks[i].id;
		t_diag("%s: %ju", clocks[i].name, (uintmax_t)cost(by_other));
	}
}

VBS_TEST("reading a timeline costs little more than CLOCK_MONOTONIC", 60)
{
	static const struct row {
		const char *name;
		void (*call)(void);
		unsigned int percent;	/* of CLOCK_MONOTONIC, at most; 0: just told */
		bool vdso;		/* of the vDSO's alone */
	} rows[] = {
		{ "clock_gettime(CLOCK_TIMELINE())", by_clock_id, 100 },
		{ "clock_gettime(CLOCK_TIMELINE_SELF)", by_self, 115 },
		{ "timeline_gettime()", with_bounds, 115 },
		{ "timeline_gettime(), slewing", while_it_slews, 115 },
		{ "timeline_gettime(TIMELINE_SELF)", self_with_bounds, 120 },
		{ "vDSO alone: CLOCK_TIMELINE()", clock_of_vdso, 115, true },
		{ "vDSO alone: timeline_gettime()", with_bounds, 115, true },
		{ "CLOCK_TIMELINE() by the system call", by_system_call, 0 },
		{ "CLOCK_MONOTONIC by the system call", monotonic_by_system_call, 0 },
		{ "adjtimex()", by_adjtimex, 0 },
		{ "TIMELINE_SET", update, 0 },
	};
	u64 base, alone, got;
	pthread_t thread;
	u32 ready = 0;
	size_t i;

	gettime = tl_vdso_find("__vdso_timeline_gettime");
	clock_of = tl_vdso_find("__vdso_clock_gettime");
	if (!gettime || !clock_of)
		t_skip_all("no such functions in the vDSO");
	other_clocks();
	fd = tl_open();
	id = tl_make(fd, "cost", 0);
	set = tl_params(fd, id, 1000000, 0);
	slewed = tl_make(fd, "slewed", 0);
	tl_set(fd, slewed, 1000000, 0);
	tl_set(fd, slewed, 1001000, 0);
	if (prctl(PR_SET_TIMELINE, id, 0, 0, 0))
		t_fatal("bind");
	base = cost(monotonic);
	alone = cost(monotonic_of_vdso);
	t_diag("clock_gettime(CLOCK_MONOTONIC): %ju", (uintmax_t)base);
	t_diag("vDSO alone: CLOCK_MONOTONIC: %ju", (uintmax_t)alone);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		got = cost(rows[i].call);
		t_diag("%s: %ju", rows[i].name, (uintmax_t)got);
		if (rows[i].percent)
			t_at_most(got * 100, (rows[i].vdso ? alone : base) * rows[i].percent,
				  "%s, in percent", rows[i].name);
	}
	wakeups();
	if (pthread_create(&thread, NULL, differ, &ready))
		t_fatal("pthread_create");
	gate_wait(&ready);
	t_diag("clock_gettime(CLOCK_TIMELINE_SELF), threads differ: %ju", (uintmax_t)cost(by_self));
	t_diag("timeline_gettime(TIMELINE_SELF), threads differ: %ju",
	       (uintmax_t)cost(self_with_bounds));
	tl_destroy(fd, slewed);
	tl_destroy(fd, id);
}
