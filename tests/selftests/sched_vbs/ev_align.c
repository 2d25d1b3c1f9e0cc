// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define PERIOD	(10 * MS)

static void play(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 30 * MS);
}

VBS_TEST("aligned release: at multiples of the period on CLOCK_MONOTONIC", 30)
{
	struct vbs_sched_attr attr = vbs_attr(2 * MS, PERIOD, VBS_BW_UNIT / 4), got;
	struct actor *a;
	u64 base, eps;

	/* it wakes 3 ms after a multiple */
	base = (stage() / PERIOD + 1) * PERIOD;
	a = actor_new(play, base + 3 * MS, 2 * MS, PERIOD, VBS_BW_UNIT / 4);
	attr.sched_flags = SCHED_FLAG_VBS_ALIGN;
	t_equal(vbs_setattr(a->pid, &attr), 0, "set ALIGN");
	vbs_getattr(a->pid, &got);
	t_ok(got.sched_flags & SCHED_FLAG_VBS_ALIGN, "getattr shows ALIGN");
	actor_end(a);
	eps = eps_start(1);
	for (int i = 0; i < 3; i++)
		t_near(a->rec.p[i].from, base + (i + 1) * PERIOD, eps, "release %d", i);
	t_near(rec_len(&a->rec, 1), 2 * MS, eps, "budget");
}
