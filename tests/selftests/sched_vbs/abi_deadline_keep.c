// SPDX-License-Identifier: GPL-2.0
/*
 * sched_setattr() to SCHED_DEADLINE with SCHED_FLAG_KEEP_PARAMS keeps the policy
 * too.  What it then takes from the root domain nobody would give back.
 */
#include "vbs_test.h"

#define TIMES	4

static pid_t pid;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static int keep(void)
{
	struct vbs_sched_attr attr = vbs_attr(0, 0, 0);

	attr.sched_policy = SCHED_DEADLINE;
	attr.sched_deadline = 10 * MS;
	attr.sched_period = 10 * MS;
	attr.sched_flags = SCHED_FLAG_KEEP_PARAMS;
	return vbs_setattr(pid, &attr);
}

/* A slice of its own is what such a call takes for the budget */
static void be_fair(u64 slice)
{
	struct vbs_sched_attr attr = vbs_attr(slice, 0, 0);

	attr.sched_policy = SCHED_OTHER;
	t_equal(vbs_setattr(pid, &attr), 0, "SCHED_OTHER with a slice of %ju us",
		(uintmax_t)(slice / US));
}

static void check(const char *what, int policy, int err)
{
	u64 before = cpu_key(0, "deadline");

	for (int i = 0; i < TIMES; i++)
		t_equal(keep(), err, "%s: DEADLINE with KEEP_PARAMS", what);
	t_equal(sched_getscheduler(pid), policy, "%s: its policy", what);
	t_equal(cpu_key(0, "deadline"), before, "%s: what DEADLINE has", what);
}

VBS_TEST("SCHED_DEADLINE with KEEP_PARAMS takes nothing, as nothing is changed", 30)
{
	need_vbs();
	pid = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	be_fair(2 * MS);
	check("a fair task", SCHED_OTHER, 0);
	must_enter(pid, 2 * MS, 10 * MS, 0);
	check("a member", SCHED_VBS, -EINVAL);
	vbs_leave(pid);
	sleep_ns(50 * MS);
	t_equal(set_deadline(pid, 1 * MS, 100 * MS), 0, "DEADLINE");
	check("a task of its own", SCHED_DEADLINE, 0);
	vbs_leave(pid);
	sleep_ns(250 * MS);
	t_equal(cpu_key(0, "deadline"), 0, "what DEADLINE has when all have left");
}
