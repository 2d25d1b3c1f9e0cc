// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void yields(struct actor *a)
{
	burn(1 * MS);
	sched_yield();
	rec_until(&a->rec, a->t0 + 25 * MS);
}

static void wakes(struct actor *a)
{
	sleep_until(a->t0 + 5 * MS);
	rec_until(&a->rec, a->t0 + 11 * MS);
}

VBS_TEST("sched_yield of the last runnable member gives up the instance, whoever wakes", 30)
{
	struct actor *a = actor_new(yields, stage(), 4 * MS, 10 * MS, 0), *b;
	u64 eps = eps_start(1), first;

	actor_end(a);
	actor_check(a, 0, 10 * MS, 14 * MS, eps, "alone: next instance");
	actor_check(a, 1, 20 * MS, 24 * MS, eps, "alone: the one after");
	a = actor_new(yields, stage(), 4 * MS, 10 * MS, 0);
	b = actor_join(wakes, a->t0, a);
	actor_end(a);
	actor_end(b);
	first = a->rec.p[0].from < b->rec.p[0].from ? a->rec.p[0].from : b->rec.p[0].from;
	t_near(first - a->t0, 10 * MS, eps, "another member wakes at 5 ms: runs at");
}
