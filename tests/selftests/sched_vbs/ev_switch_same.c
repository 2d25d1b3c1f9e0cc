// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static int same(u64 flags)
{
	struct vbs_sched_attr attr = vbs_attr(2 * MS, 10 * MS, 0);

	attr.sched_flags = flags;
	attr.sched_util_max = 512;
	return vbs_setattr(0, &attr);
}

static void values_in_force(struct actor *a)
{
	burn(1 * MS);
	a->rec.done = same(0);
	rec_until(&a->rec, a->t0 + 15 * MS);
}

static void keep_params(struct actor *a)
{
	burn(1 * MS);
	same(SCHED_FLAG_KEEP_PARAMS);
	rec_until(&a->rec, a->t0 + 15 * MS);
}

static void keep_all_and_clamp(struct actor *a)
{
	burn(1 * MS);
	same(SCHED_FLAG_KEEP_POLICY | SCHED_FLAG_KEEP_PARAMS | SCHED_FLAG_UTIL_CLAMP_MAX);
	rec_until(&a->rec, a->t0 + 15 * MS);
}

static void scene(void (*play)(struct actor *a), const char *what)
{
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, VBS_BW_UNIT / 4);
	/* the system call comes on top, and what it takes to burn exactly */
	u64 eps = eps_start(2) + 2 * eps_budget(), switches;

	sleep_until(a->t0 + 8 * MS);
	switches = server_val(a->pid, "switches");
	actor_end(a);
	t_equal(switches, 0, "%s: switches counted", what);
	actor_check(a, 0, 1 * MS, 2 * MS, eps, what);
	actor_check(a, 1, 10 * MS, 12 * MS, eps, what);
}

VBS_TEST("the values in force, KEEP_PARAMS and clamps alone are not a switch", 30)
{
	need_vbs();
	scene(values_in_force, "values in force");
	scene(keep_params, "KEEP_PARAMS");
	scene(keep_all_and_clamp, "uclamp only");
}
