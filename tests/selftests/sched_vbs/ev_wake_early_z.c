// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * u = 1/2.  0.5 ms executed: z = r + 1, y = r + 2.5.  Awake again at 2 ms, z
 * is 2 ms; 0.5 ms more and it is 3 ms, where the switch releases.  Without the
 * step to t it would be 2 ms, and the release at once.
 */
static void play(struct actor *a)
{
	burn(500 * US);
	sleep_until(a->t0 + 2 * MS);
	burn(500 * US);
	vbs_enter(0, 1 * MS, 2 * MS, 0);
	rec_until(&a->rec, a->t0 + 6 * MS);
}

VBS_TEST("activation at t < y: z = max(z, t)", 30)
{
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, VBS_BW_UNIT / 2);
	/* what is executed besides counts twice in z */
	u64 eps = eps_start(1) + 2 * eps_start(1);

	actor_end(a);
	actor_check(a, 0, 3 * MS, 4 * MS, eps, "first piece after the switch");
	actor_check(a, 1, 5 * MS, 6 * MS, eps, "second piece");
}
