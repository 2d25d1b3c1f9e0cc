// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* Burns half of the budget: y = r + 5 ms */
static void wakes_before_y(struct actor *a)
{
	burn(1 * MS);
	sleep_until(a->t0 + 3 * MS);
	rec_until(&a->rec, a->t0 + 15 * MS);
}

static void wakes_after_y(struct actor *a)
{
	burn(1 * MS);
	sleep_until(a->t0 + 6 * MS);
	rec_until(&a->rec, a->t0 + 20 * MS);
}

VBS_TEST("activation at t < y: the old instance goes on with what is left of it", 30)
{
	struct actor *a = actor_new(wakes_before_y, stage(), 2 * MS, 10 * MS, 0);
	u64 eps = eps_start(1) + eps_budget();

	actor_end(a);
	actor_check(a, 0, 3 * MS, 4 * MS, eps, "t < y: what is left");
	actor_check(a, 1, 10 * MS, 12 * MS, eps, "t < y: next instance, at the old d");
	a = actor_new(wakes_after_y, stage(), 2 * MS, 10 * MS, 0);
	actor_end(a);
	actor_check(a, 0, 6 * MS, 8 * MS, eps, "t >= y: the whole budget");
	actor_check(a, 1, 16 * MS, 18 * MS, eps, "t >= y: next instance, at the new d");
}
