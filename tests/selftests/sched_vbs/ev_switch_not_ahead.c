// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* u = 1/2: after 1 ms of (10, 100), z = r + 2 ms; at 25 ms it wakes and switches */
static void play(struct actor *a)
{
	burn(1 * MS);
	sleep_until(a->t0 + 25 * MS);
	vbs_enter(0, 1 * MS, 2 * MS, 0);
	rec_until(&a->rec, a->t0 + 30 * MS);
}

VBS_TEST("a server that is not ahead of its cap resumes at once after a switch", 30)
{
	struct actor *a = actor_new(play, stage(), 10 * MS, 100 * MS, VBS_BW_UNIT / 2);
	/* between the wake-up and the switch it runs, which counts twice */
	u64 eps = eps_start(1) + 2 * eps_start(1);

	actor_end(a);
	actor_check(a, 0, 25 * MS, 26 * MS, eps, "first piece");
	actor_check(a, 1, 27 * MS, 28 * MS, eps, "second piece");
}
