// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void sleeper(struct actor *a)
{
	sleep_until(a->t0 + 40 * MS);
	rec_until(&a->rec, a->t0 + 55 * MS);
}

static void switcher(struct actor *a)
{
	sleep_until(a->t0 + 20 * MS);
	vbs_enter(0, 1 * MS, 5 * MS, 0);
	sleep_until(a->t0 + 60 * MS);
}

VBS_TEST("the whole server switches when any member does", 30)
{
	struct actor *a = actor_new(sleeper, stage(), 2 * MS, 10 * MS, 0);
	struct actor *b = actor_join(switcher, a->t0, a);
	struct vbs_sched_attr attr;

	sleep_until(a->t0 + 30 * MS);
	vbs_getattr(a->pid, &attr);
	t_equal(attr.sched_runtime, 1 * MS, "runtime of the other member");
	t_equal(attr.sched_period, 5 * MS, "period of the other member");
	actor_end(a);
	actor_check(a, 0, 40 * MS, 41 * MS, eps_start(1), "first piece");
	actor_check(a, 1, 45 * MS, 46 * MS, eps_start(1), "second piece");
	t_wait(b->pid);
}
