// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * A hog with (1, 10) ms leaves as soon as its budget must be spent, before a
 * tick comes, and enters again at once; a fair task wants the CPU too.
 */
#define RUNTIME		(1 * MS)
#define PERIOD		(10 * MS)
#define LENGTH		(2 * SEC)
#define SLICE		(3 * MS)	/* of the fair class */

struct contest {
	volatile u32 gate;
	int policy;
	bool through_fifo;
	volatile u64 end;
	volatile u64 hog_clock;
	volatile u64 fair_clock;
	volatile u32 entries;
};

static void hog(void *arg)
{
	struct contest *c = arg;

	gate_wait(&c->gate);
	while (now_ns() < c->end) {
		if (!set_resource(c->policy, 0, RUNTIME, PERIOD, 0))
			c->entries++;
		spin_until(now_ns() + RUNTIME * 9 / 10);
		if (c->through_fifo)
			set_fifo(0, 1);
		else
			vbs_leave(0);
	}
	c->hog_clock = cpu_ns();
}

static void fair(void *arg)
{
	struct contest *c = arg;

	gate_wait(&c->gate);
	spin_until(c->end);
	c->fair_clock = cpu_ns();
}

static struct contest *run(int policy, bool through_fifo)
{
	struct contest *c = t_shared(sizeof(*c));
	pid_t hog_pid, fair_pid;

	c->policy = policy;
	c->through_fifo = through_fifo;
	c->end = now_ns() + LENGTH + 10 * MS;
	hog_pid = t_fork(hog, c);
	fair_pid = t_fork(fair, c);
	sleep_ns(10 * MS);
	gate_open(&c->gate);
	t_wait(hog_pid);
	t_wait(fair_pid);
	t_diag("%-8s and %-6s the hog's own clock shows %5.2f %%, the fair task got %5.2f %%; %u entries",
	       class_name(policy), through_fifo ? "FIFO:" : "OTHER:",
	       100.0 * c->hog_clock / LENGTH, 100.0 * c->fair_clock / LENGTH,
	       c->entries);
	return c;
}

static void check(bool through_fifo)
{
	const char *how = through_fifo ? "through FIFO" : "through OTHER";
	struct contest *c;
	/* a tick and another timer in each millisecond */
	u64 irqs = LENGTH / MS * 2 * eps_budget();
	struct slices s;
	struct trace t;

	trace_start(EV_ACCOUNTS | EV_BIT(EV_ADMIT) | EV_BIT(EV_LEAVE), 16);
	c = run(SCHED_VBS, through_fifo);
	t = trace_stop();
	s = service_vbs_except(&t, NULL, 0);
	/* each entry is charged to the old class until the change */
	check_g2(&s, RUNTIME / (double)PERIOD, RUNTIME,
		 eps_budget() + eps_start(1), how);
	t_at_most(LENGTH - c->hog_clock - c->fair_clock, irqs,
		  "%s: ns that no clock shows", how);
	if (!through_fifo)
		t_at_least(c->fair_clock, LENGTH * 45 / 100 - irqs - SLICE,
			   "%s: ns of the fair task, half of what is not reserved", how);
}

VBS_TEST("leaving and entering again brings no new budget", 120)
{
	eps_measure();
	run(SCHED_DEADLINE, false);
	run(SCHED_DEADLINE, true);
	need_vbs();
	check(false);
	check(true);
}
