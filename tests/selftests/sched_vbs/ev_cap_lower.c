// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define LARGE	(VBS_BW_UNIT / 2)
#define SMALL	(VBS_BW_UNIT / 5 + 1)

static void works(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 15 * MS);
}

/* y = r + 5 ms, z = r + 2 ms */
static void blocks(struct actor *a)
{
	burn(1 * MS);
	sleep_until(a->t0 + 15 * MS);
}

/* Lowers the cap at @when: booked is LARGE until @still, SMALL at @freed */
static void scene(void (*play)(struct actor *a), u64 runtime, u64 when,
		  u64 still, u64 freed, const char *what)
{
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, LARGE);
	struct vbs_sched_attr attr;
	u64 before, after;

	sleep_until(a->t0 + when);
	t_equal(vbs_enter(a->pid, runtime, 10 * MS, SMALL), 0, "%s: lower the cap", what);
	vbs_getattr(a->pid, &attr);
	t_equal(attr.sched_vbs_cap, SMALL, "%s: cap that getattr shows", what);
	sleep_until(a->t0 + still);
	before = cpu_key(0, "booked");
	sleep_until(a->t0 + freed);
	after = cpu_key(0, "booked");
	actor_end(a);
	t_equal(before, LARGE, "%s: booked before the instance ends", what);
	t_equal(after, SMALL, "%s: booked after it", what);
	sleep_ns(20 * MS);
}

VBS_TEST("a lowered cap is freed when the instance ends", 30)
{
	need_vbs();
	scene(works, 2 * MS, 5 * MS, 9 * MS, 11 * MS, "working, until the next release");
	scene(blocks, 2 * MS, 2 * MS, 4500 * US, 5500 * US, "blocked, until y");
	scene(blocks, 1 * MS, 1200 * US, 1800 * US, 2500 * US, "blocked after a switch, until z");
}
