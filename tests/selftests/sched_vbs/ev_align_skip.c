// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * u just above 1/2: 4.99 ms after a multiple, z is nearly 10 ms behind it.  So
 * with the switch to (1, 2) the multiples at 6 and 8 ms are skipped.
 */
#define CAP	(VBS_BW_UNIT / 2 + VBS_BW_UNIT / 512)

static int enter_aligned(pid_t pid, u64 runtime, u64 period)
{
	struct vbs_sched_attr attr = vbs_attr(runtime, period, CAP);

	attr.sched_flags = SCHED_FLAG_VBS_ALIGN;
	return vbs_setattr(pid, &attr);
}

static void play(struct actor *a)
{
	u64 base = a->t0 + 5 * MS;

	spin_until(base);		/* throttled until the multiple */
	burn(4950 * US);
	enter_aligned(0, 1 * MS, 2 * MS);
	rec_until(&a->rec, base + 16 * MS);
}

VBS_TEST("aligned release: a multiple that z has passed is skipped and counted", 30)
{
	u64 base = (stage() / (10 * MS) + 1) * 10 * MS, skipped, eps;
	struct actor *a = actor_new(play, base - 5 * MS, 5 * MS, 10 * MS, CAP);

	t_equal(enter_aligned(a->pid, 5 * MS, 10 * MS), 0, "set ALIGN");
	sleep_until(base + 15 * MS);
	skipped = server_val(a->pid, "skipped");
	actor_end(a);
	eps = eps_start(1);
	t_near(a->rec.p[0].from, base + 10 * MS, eps, "first piece after the switch");
	t_near(rec_len(&a->rec, 0), 1 * MS, eps, "its length");
	t_near(a->rec.p[1].from, base + 12 * MS, eps, "second piece");
	t_at_least(skipped, 2, "multiples skipped");
}
