// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * u = 1/5: after 1 ms of (2, 10), z = r + 5 ms.  The cap of one half, asked for
 * then, does not make it r + 2 ms: the switch is released at r + 5 ms.
 */
static void play(struct actor *a)
{
	burn(1 * MS);
	vbs_enter(0, 2 * MS, 10 * MS, VBS_BW_UNIT / 2);
	vbs_enter(0, 5 * MS, 10 * MS, 0);
	rec_until(&a->rec, a->t0 + 21 * MS);
}

VBS_TEST("a raised cap is booked at the call and counts from the next release", 30)
{
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, VBS_BW_UNIT / 5 + 1);
	/* the wake-up and two calls count five times in z */
	u64 eps = eps_start(1) + 5 * 3 * eps_budget(), booked;

	sleep_until(a->t0 + 3 * MS);
	booked = cpu_key(0, "booked");
	t_ok(server_state(a->pid, "waiting"), "waits for z at 3 ms");
	actor_end(a);
	t_equal(booked, VBS_BW_UNIT / 2, "booked at 3 ms");
	actor_check(a, 0, 5 * MS, 10 * MS, eps, "first piece");
	actor_check(a, 1, 15 * MS, 20 * MS, eps, "second piece");
}
