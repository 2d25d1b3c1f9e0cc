// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* u = 1/5: after 4 ms of (10, 100), z = r + 20 ms */
static void wakes_before_z(struct actor *a)
{
	burn(4 * MS);
	sleep_until(a->t0 + 10 * MS);
	rec_until(&a->rec, a->t0 + 35 * MS);
}

static void wakes_after_z(struct actor *a)
{
	burn(4 * MS);
	sleep_until(a->t0 + 30 * MS);
	rec_until(&a->rec, a->t0 + 45 * MS);
}

static struct actor *scene(void (*play)(struct actor *a))
{
	struct actor *a = actor_new(play, stage(), 10 * MS, 100 * MS, VBS_BW_UNIT / 5 + 1);

	sleep_until(a->t0 + 6 * MS);
	t_equal(vbs_enter(a->pid, 2 * MS, 10 * MS, 0), 0, "switch while blocked");
	actor_end(a);
	return a;
}

VBS_TEST("a switch while blocked releases at the wake-up, at max(t, z)", 30)
{
	struct actor *a = scene(wakes_before_z);
	u64 eps = eps_start(1) + 5 * (eps_start(1) + eps_budget());

	actor_check(a, 0, 20 * MS, 22 * MS, eps, "woken before z: at z");
	actor_check(a, 1, 30 * MS, 32 * MS, eps, "woken before z: next");
	a = scene(wakes_after_z);
	actor_check(a, 0, 30 * MS, 32 * MS, eps, "woken after z: at once");
	actor_check(a, 1, 40 * MS, 42 * MS, eps, "woken after z: next");
}
