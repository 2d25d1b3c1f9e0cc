// SPDX-License-Identifier: GPL-2.0
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include "vbs_measure.h"

/*
 * In each period of a member hundreds of timers of somebody else expire in one
 * interrupt: shortly before the member's budget ends, when the timer comes
 * in that interrupt, too; or right after the member's wake-up in that interrupt.
 * What they took is not the member's.
 */
#define BUDGET		(3 * MS)
#define PERIOD		(10 * MS)
#define PERIODS		20
#define TIMERS		800
#define STORM		(50 * US)	/* takes at least */

static int timer[TIMERS];

static void storm_at(u64 when)
{
	struct itimerspec it = { .it_value = { when / SEC, when % SEC } };

	for (int i = 0; i < TIMERS; i++)
		if (timerfd_settime(timer[i], TFD_TIMER_ABSTIME, &it, NULL))
			t_fatal("timerfd_settime: %s", strerror(errno));
}

static void make_timers(void)
{
	struct utsname name;

	/* There these timers expire in a thread, which members go before */
	if (!uname(&name) && strstr(name.version, "PREEMPT_RT"))
		t_skip_all("a PREEMPT_RT kernel");
	for (int i = 0; i < TIMERS; i++) {
		timer[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		if (timer[i] < 0)
			t_fatal("timerfd %d: %s", i, strerror(errno));
	}
}

/* The others' process: storms at @when of each of the member's periods */
static void storms(u64 t0, u64 when)
{
	for (u64 k = 0; k < PERIODS; k++) {
		storm_at(t0 + k * PERIOD + when);
		sleep_until(t0 + k * PERIOD + PERIOD / 2);
	}
}

/* ---- before the end of the budget ---- */

static void spins(struct actor *a)
{
	rec_until(&a->rec, a->t0 + PERIODS * PERIOD);
}

/* Periods whose budget a storm has cut in two */
static unsigned int cut(const struct actor *a)
{
	const struct piece *p = a->rec.p;
	unsigned int n = 0;

	for (u32 i = 1; i < a->rec.n; i++)
		if (p[i].from - p[i - 1].to >= STORM && p[i].from - p[i - 1].to < 1 * MS)
			n++;
	return n;
}

static void at_the_end(void)
{
	u64 t0 = stage(), eps = eps_start(PERIODS) + PERIODS * eps_budget();
	struct actor *a = actor_new(spins, t0, BUDGET, PERIOD, 0);

	storms(t0, BUDGET - STORM * 2);
	actor_end(a);
	t_timely(cut(a), PERIODS, "before the end: periods with a storm in the budget");
	t_near(rec_total(&a->rec), PERIODS * BUDGET, eps,
	       "before the end: executed in %d instances", PERIODS);
}

/* ---- after the wake-up ---- */

static void nops_often(u64 n)
{
	while (n--)
		nops();
}

/* How often nops() must be called to take @ns */
static u64 nops_for(u64 ns)
{
	u64 began = now_ns();

	nops_often(1000);
	return ns * 1000 / (now_ns() - began);
}

/* All but 100 us of its budget, each time that it wakes up */
static void works(struct actor *a)
{
	u64 n = nops_for(BUDGET - 100 * US), end, slowest = 0;

	for (u64 k = 1; k <= PERIODS; k++) {
		sleep_until(a->t0 + k * PERIOD);
		nops_often(n);
		end = now_ns() - (a->t0 + k * PERIOD);
		slowest = end > slowest ? end : slowest;
	}
	a->rec.p[0].to = slowest;
}

static void at_the_start(void)
{
	u64 t0 = stage();
	struct actor *a = actor_new(works, t0, BUDGET, PERIOD, 0);
	u64 slowest;

	sleep_until(t0 + PERIOD / 2);
	storms(t0 + PERIOD, 1);
	actor_end(a);
	slowest = a->rec.p[0].to;
	t_at_least(slowest, BUDGET - 100 * US + STORM, "after the wake-up: ns that the slowest took, storm included");
	t_at_most(slowest, PERIOD / 2, "after the wake-up: ns that the slowest took: not a period");
}

VBS_TEST("interrupts for others are not charged to a member, whenever they come", 60)
{
	need_vbs();
	make_timers();
	at_the_end();
	at_the_start();
}
