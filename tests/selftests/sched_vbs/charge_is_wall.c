// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * From each switch to a member until the switch away from it: the time on the
 * clock is the time charged, but for interrupts.  There is a tick in each
 * millisecond and the timers at both ends.
 */
#define MEMBERS	3

struct stint {
	u64 since;
	u64 charged;
	bool runs;
};

struct worst {
	size_t stints;
	s64 unseen;		/* on the clock and not charged */
	s64 invented;		/* charged and not on the clock */
};

static u64 until;

static void switches(void *unused)
{
	(void)unused;
	for (unsigned int i = 0; now_ns() < until; i++) {
		vbs_enter(0, i & 1 ? 1 * MS : 100 * US, i & 1 ? 10 * MS : 1 * MS, 0);
		burn(150 * US);
	}
}

static void yields(void *unused)
{
	(void)unused;
	while (now_ns() < until) {
		burn(30 * US);
		sched_yield();
	}
}

static void calls(void *unused)
{
	(void)unused;
	while (now_ns() < until) {
		kernel_busy(700 << 10);
		sleep_ns(300 * US);
	}
}

static void end_stint(const struct stint *s, u64 now, u64 irq, struct worst *w)
{
	s64 wall = now - s->since, off = wall - (s64)s->charged;

	w->stints++;
	if (-off > w->invented)
		w->invented = -off;
	off -= (wall / MS + 3) * irq;
	if (off > w->unseen)
		w->unseen = off;
}

static int find(const pid_t *pids, pid_t pid)
{
	for (int i = 0; i < MEMBERS; i++)
		if (pids[i] == pid)
			return i;
	return -1;
}

static struct worst compare(const struct trace *t, const pid_t *pids, u64 irq)
{
	struct stint stints[MEMBERS] = {};
	struct worst w = {};
	int k;

	for (size_t i = 0; i < t->n; i++) {
		const struct trace_event *e = &t->ev[i];

		if (e->kind == EV_RUNTIME) {
			k = find(pids, e->f[RUNTIME_PID]);
			if (k >= 0)
				stints[k].charged += e->f[RUNTIME_NS];
			continue;
		}
		k = find(pids, e->f[SWITCH_PREV]);
		if (k >= 0 && stints[k].runs)
			end_stint(&stints[k], e->ts, irq, &w);
		if (k >= 0)
			stints[k].runs = false;
		k = find(pids, e->f[SWITCH_NEXT]);
		if (k >= 0)
			stints[k] = (struct stint) { .since = e->ts, .runs = true };
	}
	return w;
}

VBS_TEST("what a member runs is charged: no more, no less", 120)
{
	static void (* const play[MEMBERS])(void *) = { switches, yields, calls };
	const struct eps *eps;
	pid_t pid[MEMBERS];
	struct worst w;
	struct trace t;

	need_vbs();
	trace_start(EV_BIT(EV_SWITCH) | EV_BIT(EV_RUNTIME), 64);
	eps = eps_measure();
	until = now_ns() + 20 * MS + 2 * SEC;
	for (int i = 0; i < MEMBERS; i++) {
		pid[i] = t_fork(play[i], NULL);
		must_enter(pid[i], 1 * MS, 10 * MS, VBS_BW_UNIT / 4);
	}
	for (int i = 0; i < MEMBERS; i++)
		t_wait(pid[i]);
	t = trace_stop();
	w = compare(&t, pid, eps->irq + eps->timer);
	t_at_least(w.stints, 500, "stints");
	t_at_most(w.unseen, 2 * eps->sw, "ns on the clock and not charged, interrupts apart");
	t_at_most(w.invented, 2 * eps->sw, "ns charged and not on the clock");
}
