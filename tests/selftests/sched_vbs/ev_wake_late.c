// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void play(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 25 * MS);
}

VBS_TEST("activation at t >= y: a new instance, r = t; exhausted: next r = d", 30)
{
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, 0);
	u64 eps = eps_start(1);

	actor_end(a);
	/* it begins with the way out of the call that slept */
	actor_check(a, 0, 0, 2 * MS, eps_start(2), "first instance");
	actor_check(a, 1, 10 * MS, 12 * MS, eps, "second instance");
	actor_check(a, 2, 20 * MS, 22 * MS, eps, "third instance");
}
