// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * n servers with all that admission grants wake together, every time, after
 * their zero-lag points; each must have its lambda within its period.
 */
struct sleeper {
	volatile u32 gate;
	volatile u32 wakes;
	volatile u64 t0;
	u64 interval;
	u64 runtime;
	u64 worst;
	u32 want;
};

static void member(void *arg)
{
	struct sleeper *s = arg;
	u64 when, took;

	gate_wait(&s->gate);
	for (u32 i = 0; i < s->want; i++) {
		when = s->t0 + i * s->interval;
		sleep_until(when);
		burn(s->runtime);
		took = now_ns() - when;
		s->worst = took > s->worst ? took : s->worst;
		s->wakes++;
	}
}

VBS_TEST("G4: a server that wakes at t >= y has lambda by t + pi", 300)
{
	unsigned int n = t_arg("n", 16);
	u64 period = t_arg("period_us", 5000) * US, bw, start, eps;
	struct sleeper *s = t_shared(n * sizeof(*s));
	pid_t pid[CROWD_MAX];
	u64 worst = 0;

	need_vbs();
	bw = granted() / n;
	eps_measure_long();
	for (unsigned int i = 0; i < n; i++) {
		s[i].want = t_arg("instances", 1000);
		s[i].interval = 2 * period;
		/* one wake-up of its own is charged to the budget too */
		s[i].runtime = ((bw * period) >> VBS_BW_SHIFT) - eps_start(1) -
			       t_arg("cost_ns", 0);
		pid[i] = t_fork(member, &s[i]);
		must_enter(pid[i], (bw * period) >> VBS_BW_SHIFT, period, 0);
	}
	start = now_ns() + 100 * MS;
	for (unsigned int i = 0; i < n; i++) {
		s[i].t0 = start;
		gate_open(&s[i].gate);
	}
	for (unsigned int i = 0; i < n; i++)
		t_wait(pid[i]);
	/* every wake-up comes from a timer of its own, and switches twice */
	eps = n * eps_budget() + eps_start(n);
	for (unsigned int i = 0; i < n; i++) {
		worst = s[i].worst > worst ? s[i].worst : worst;
		if (s[i].wakes != s[i].want)
			t_equal(s[i].wakes, s[i].want, "wakes of server %u", i);
	}
	t_at_most(worst, period + eps, "ns until the slowest of %u had its lambda, over %u wakes",
		  n, s[0].want);
}
