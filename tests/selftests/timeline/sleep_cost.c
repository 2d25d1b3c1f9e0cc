// SPDX-License-Identifier: GPL-2.0
/*
 * A sleep on a timeline takes what one on CLOCK_MONOTONIC takes, in interrupts and in
 * instructions, in a machine that counts them: what a loop that nobody waits for does not
 * get in the same time is what the sleeps took, from the call until it is back.
 */
#include <sys/timerfd.h>
#include "tl_test.h"

#define SLEEPS	1000
#define STEP	(1037 * US)	/* no multiple of the tick's, whose phase is in every one then */
#define CROWD	64

struct shared {
	u32 ready;
	volatile u64 turns;
};

static struct shared *s;
static u32 id;
static double per_turn;		/* instructions */

static void turn(void *unused)
{
	(void)unused;
	if (sched_setscheduler(0, SCHED_IDLE, &(struct sched_param) { 0 }))
		t_fatal("SCHED_IDLE");
	gate_open(&s->ready);
	for (;;)
		s->turns++;
}

static struct timespec timespec_of(u64 ns)
{
	return (struct timespec) { ns / SEC, ns % SEC };
}

static u64 time_on(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		t_fatal("clock %d", clock);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* A way of sleeping so many times; relative ones as long as the others */
typedef void naps_fn(clockid_t clock);

static void naps_until(clockid_t clock)
{
	u64 begin = time_on(clock);
	struct timespec ts;

	for (int i = 1; i <= SLEEPS; i++) {
		ts = timespec_of(begin + i * STEP);
		clock_nanosleep(clock, TIMER_ABSTIME, &ts, NULL);
	}
}

static void naps_for(clockid_t clock)
{
	struct timespec ts = timespec_of(STEP);

	for (int i = 0; i < SLEEPS; i++)
		clock_nanosleep(clock, 0, &ts, NULL);
}

static void naps_periodic(clockid_t clock)
{
	struct itimerspec its = { timespec_of(STEP), timespec_of(STEP) };
	int f = timerfd_create(clock, TFD_CLOEXEC);
	u64 n;

	if (f < 0 || timerfd_settime(f, 0, &its, NULL))
		t_fatal("timerfd");
	for (int i = 0; i < SLEEPS; i++)
		if (read(f, &n, sizeof(n)) != sizeof(n))
			t_fatal("timerfd");
	close(f);
}

/* Interrupts of the timer of CPU 0 so far */
static u64 timer_irqs(void)
{
	char line[1024], *at = NULL;
	FILE *f = fopen("/proc/interrupts", "r");

	while (f && !at && fgets(line, sizeof(line), f))
		at = strstr(line, "LOC:");
	if (!f || fclose(f) || !at)
		t_fatal("/proc/interrupts");
	return strtoull(at + 4, NULL, 10);
}

struct cost {
	double instructions;
	double interrupts;
};

/* What is taken from the loop by the naps, and by the tick meanwhile */
static struct cost taken(naps_fn *naps, clockid_t clock)
{
	u64 irqs = timer_irqs(), begin = now_ns(), turns = s->turns;
	struct cost cost;

	naps(clock);
	turns = s->turns - turns;
	begin = now_ns() - begin;
	cost.interrupts = (double)(timer_irqs() - irqs) / SLEEPS;
	cost.instructions = ((double)begin - per_turn * turns) / SLEEPS;
	return cost;
}

/* The tick is in it */
static void measure_turn(void)
{
	u64 begin = now_ns(), turns = s->turns;

	sleep_ns(SLEEPS * STEP);
	turns = s->turns - turns;
	per_turn = (double)(now_ns() - begin) / turns;
}

static void compare(const char *name, naps_fn *naps, int percent)
{
	struct cost mono = taken(naps, CLOCK_MONOTONIC);
	struct cost tl = taken(naps, CLOCK_TIMELINE(id));

	t_diag("%s, CLOCK_MONOTONIC: %.0f", name, mono.instructions);
	t_diag("%s, timeline: %.0f", name, tl.instructions);
	t_at_most(100 * tl.instructions / mono.instructions, percent,
		  "%s: instructions on a timeline, in percent of CLOCK_MONOTONIC's", name);
	t_at_most(100 * (tl.interrupts - mono.interrupts), 10,
		  "%s: interrupts that it takes more, of 100 sleeps", name);
}

struct one {
	clockid_t clock;
	u64 at;
};

static void sleep_once(void *arg)
{
	struct one *one = arg;
	struct timespec ts = timespec_of(one->at);

	set_fifo(0, 40);
	clock_nanosleep(one->clock, TIMER_ABSTIME, &ts, NULL);
}

/* Interrupts that wake so many who sleep until the same instant, and the tick's meanwhile */
static u64 wake_crowd(clockid_t clock)
{
	struct one one = { clock, time_on(clock) + 500 * MS };
	pid_t pid[CROWD];
	u64 irqs;

	for (int i = 0; i < CROWD; i++)
		pid[i] = t_fork(sleep_once, &one);
	while (time_on(clock) < one.at - 20 * MS)
		sleep_ns(MS);
	irqs = timer_irqs();
	for (int i = 0; i < CROWD; i++)
		t_wait(pid[i]);
	return timer_irqs() - irqs;
}

static void all_ways(const char *who)
{
	static const struct {
		const char *name;
		naps_fn *naps;
		int percent;	/* of CLOCK_MONOTONIC's instructions, at most */
	} ways[] = {
		{ "absolute", naps_until, 110 },
		{ "relative", naps_for, 110 },
		{ "timerfd", naps_periodic, 115 },
	};
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		snprintf(name, sizeof(name), "sleep, %s, %s", who, ways[i].name);
		compare(name, ways[i].naps, ways[i].percent);
	}
}

VBS_TEST("a sleep on a timeline costs what one on CLOCK_MONOTONIC does", 60)
{
	int fd = tl_open();
	u64 mono, tl;

	s = t_shared(sizeof(*s));
	id = tl_make(fd, "naps", 0);
	t_fork(turn, NULL);
	gate_wait(&s->ready);
	measure_turn();
	all_ways("fair");
	set_fifo(0, 50);
	measure_turn();
	all_ways("FIFO");
	mono = wake_crowd(CLOCK_MONOTONIC);
	tl = wake_crowd(CLOCK_TIMELINE(id));
	t_diag("interrupts while %d are woken at one instant, CLOCK_MONOTONIC: %ju", CROWD,
	       (uintmax_t)mono);
	t_diag("interrupts while %d are woken at one instant, timeline: %ju", CROWD,
	       (uintmax_t)tl);
	t_at_most(tl, mono + 3, "interrupts that wake a crowd");
	tl_destroy(fd, id);
}
