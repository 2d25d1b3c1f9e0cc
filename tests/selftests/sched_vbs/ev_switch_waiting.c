// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void play(struct actor *a)
{
	burn(20 * MS - 100 * US);
	vbs_enter(0, 1 * MS, 5 * MS, 0);
	rec_until(&a->rec, a->t0 + 125 * MS);
}

VBS_TEST("a switch while waiting for s replaces the resource; s = max(s, z)", 30)
{
	struct actor *a = actor_new(play, stage(), 20 * MS, 100 * MS, 0);
	u64 s = 100 * MS - 500 * US;
	/* the wake-up and the call count five times in z */
	u64 eps = eps_start(1) + 5 * (eps_start(1) + eps_budget());

	sleep_until(a->t0 + 50 * MS);
	t_timely(server_state(a->pid, "waiting"), true, "waits after its switch");
	t_equal(vbs_enter(a->pid, 2 * MS, 10 * MS, 0), 0, "switch while waiting");
	actor_end(a);
	actor_check(a, 0, s, s + 2 * MS, eps, "first piece");
	actor_check(a, 1, s + 10 * MS, s + 12 * MS, eps, "second piece");
}
