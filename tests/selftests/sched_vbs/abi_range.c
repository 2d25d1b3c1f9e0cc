// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

static pid_t outside, inside;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

/* The smallest cap with lambda <= u pi (1 - 1/512) */
static u32 aligned_cap(u64 runtime, u64 period)
{
	u64 scaled = (runtime << VBS_BW_SHIFT) * 512, slack = period * 511;

	return (scaled + slack - 1) / slack;
}

VBS_TEST("ERANGE: lambda / pi above the cap, aligned release without its slack", 30)
{
	struct vbs_sched_attr attr, got;
	u32 cap = vbs_bw(2 * MS, 10 * MS);

	need_vbs();
	outside = t_fork(sleeper, NULL);
	inside = t_fork(sleeper, NULL);
	must_enter(inside, 2 * MS, 10 * MS, cap);
	sleep_ns(20 * MS);

	attr = vbs_attr(2 * MS, 10 * MS, cap - 1);
	t_refused(ERANGE, outside, &attr, "entry with a cap one unit too small");
	t_refused(ERANGE, inside, &attr, "lowering the cap below the resource");
	attr = vbs_attr(2 * MS + 100, 10 * MS, 0);
	t_refused(ERANGE, inside, &attr, "a switch above the cap");
	attr = vbs_attr(10 * MS, 10 * MS, 0);
	t_refused(ERANGE, inside, &attr, "a switch to a whole CPU");

	attr = vbs_attr(2 * MS, 10 * MS, cap);
	attr.sched_flags = SCHED_FLAG_VBS_ALIGN;
	t_refused(ERANGE, outside, &attr, "aligned entry without slack");
	t_refused(ERANGE, inside, &attr, "aligned release without slack");
	attr.sched_vbs_cap = aligned_cap(2 * MS, 10 * MS) - 1;
	t_refused(ERANGE, outside, &attr, "aligned entry one unit short of slack");
	attr.sched_vbs_cap++;
	t_equal(vbs_setattr(outside, &attr), 0, "aligned entry with its slack");
	vbs_leave(outside);
	sleep_ns(20 * MS);
	attr.sched_vbs_cap = 0;
	t_equal(vbs_setattr(outside, &attr), 0, "aligned entry with cap 0");
	vbs_getattr(outside, &got);
	t_equal(got.sched_vbs_cap, aligned_cap(2 * MS, 10 * MS), "cap 0 includes the slack");
}
