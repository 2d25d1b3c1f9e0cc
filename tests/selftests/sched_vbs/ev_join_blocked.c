// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void sleeps(struct actor *a)
{
	sleep_until(a->t0 + 100 * MS);
}

static void joins(struct actor *a)
{
	vbs_leave(0);
	sleep_until(a->t0 + 50 * MS);
	vbs_join(0, (pid_t)a->rec.t0);
	rec_until(&a->rec, a->t0 + 65 * MS);
}

VBS_TEST("joining a blocked server is an activation", 30)
{
	struct actor *a = actor_new(sleeps, stage(), 2 * MS, 10 * MS, 0);
	struct actor *b = actor_new(joins, a->t0, 2 * MS, 10 * MS, 0);
	/* it wakes as a fair task and calls */
	u64 eps = eps_start(1) + 2 * eps_budget();

	b->rec.t0 = a->pid;
	actor_end(b);
	actor_check(b, 0, 50 * MS, 52 * MS, eps, "first instance");
	actor_check(b, 1, 60 * MS, 62 * MS, eps, "second instance");
	t_wait(a->pid);
}
