// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* u = 1/2: after 4.9 ms of (5, 10), z = r + 9.8 ms */
#define CAP	(VBS_BW_UNIT / 2)
#define SPENT	(4900 * US)

static void leaves(struct actor *a)
{
	burn(SPENT);
	vbs_leave(0);
	sleep_until(a->t0 + 20 * MS);
}

static void dies(struct actor *a)
{
	(void)a;
	burn(SPENT);
}

static void comes_back(struct actor *a)
{
	burn(SPENT);
	vbs_leave(0);
	sleep_until(a->t0 + 7 * MS);
	a->rec.done = -vbs_enter(0, 5 * MS, 10 * MS, CAP);
	rec_until(&a->rec, a->t0 + 16 * MS);
}

static void booked_until_z(void (*play)(struct actor *a), const char *what)
{
	struct actor *a = actor_new(play, stage(), 5 * MS, 10 * MS, CAP);
	u64 before, after;

	sleep_until(a->t0 + 9 * MS);
	before = cpu_key(0, "booked");
	t_timely(cpu_key(0, "servers"), 0, "%s: servers", what);
	sleep_until(a->t0 + 11 * MS);
	after = cpu_key(0, "booked");
	actor_end(a);
	t_equal(before, CAP, "%s: booked before z", what);
	t_timely(after, 0, "%s: booked after z", what);
}

VBS_TEST("when the last member leaves, the cap stays booked until z, for re-entry too", 30)
{
	struct actor *a, *rest;
	u64 booked;

	need_vbs();
	booked_until_z(leaves, "leaves");
	booked_until_z(dies, "dies");
	/* no room for a second booking: only taking the old one over can work */
	a = actor_new(comes_back, stage(), 5 * MS, 10 * MS, CAP);
	rest = actor_new(dies, a->t0 + 1 * SEC, cpu_key(0, "spare") * MS / VBS_BW_UNIT,
			 1 * MS, 0);
	sleep_until(a->t0 + 9 * MS);
	booked = cpu_key(0, "booked");
	actor_end(a);
	t_kill(rest->pid);
	t_at_most(booked, cpu_key(0, "capacity"), "booked during re-entry");
	actor_check(a, 0, 9800 * US, 14800 * US, eps_start(1) + 2 * eps_start(1),
		    "after re-entry at 7 ms");
}
