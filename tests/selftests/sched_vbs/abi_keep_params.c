// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

static pid_t pid;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void keeps(const struct vbs_sched_attr *attr, const char *what)
{
	struct vbs_sched_attr before, after;
	int err;

	vbs_getattr(pid, &before);
	err = vbs_setattr(pid, attr);
	vbs_getattr(pid, &after);
	t_equal(err, 0, "%s", what);
	before.sched_util_min = after.sched_util_min;
	before.sched_util_max = after.sched_util_max;
	t_ok(!memcmp(&before, &after, sizeof(after)), "%s: resource, cap and leader stay", what);
}

VBS_TEST("KEEP_PARAMS and clamps alone change no resource", 30)
{
	struct vbs_sched_attr attr = vbs_attr(0, 0, 0), after;

	need_vbs();
	pid = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	attr.sched_flags = SCHED_FLAG_KEEP_PARAMS;
	t_refused(EINVAL, pid, &attr, "KEEP_PARAMS of a task that has no resource");
	attr.sched_period = 100 * MS;
	t_refused(EINVAL, pid, &attr, "KEEP_PARAMS of such a task, with a period");
	attr = vbs_attr(0, 0, 0);
	must_enter(pid, 2 * MS, 10 * MS, VBS_BW_UNIT / 3);
	attr.sched_flags = SCHED_FLAG_KEEP_PARAMS;
	keeps(&attr, "KEEP_PARAMS");
	attr.sched_flags = SCHED_FLAG_KEEP_PARAMS | SCHED_FLAG_KEEP_POLICY;
	keeps(&attr, "KEEP_PARAMS and KEEP_POLICY");
	attr.sched_flags |= SCHED_FLAG_UTIL_CLAMP_MAX;
	attr.sched_util_max = 300;
	keeps(&attr, "a clamp alone");
	vbs_getattr(pid, &after);
	t_equal(after.sched_util_max, 300, "the clamp");
	attr = vbs_attr(0, 0, 0);
	attr.sched_policy = SCHED_OTHER;
	attr.sched_flags = SCHED_FLAG_KEEP_PARAMS;
	t_refused(EINVAL, pid, &attr, "KEEP_PARAMS with SCHED_OTHER");
	attr.sched_policy = SCHED_IDLE;
	t_refused(EINVAL, pid, &attr, "KEEP_PARAMS with SCHED_IDLE");
	attr.sched_policy = SCHED_FIFO;
	t_refused(EINVAL, pid, &attr, "KEEP_PARAMS with a policy that needs a priority");
	attr.sched_priority = 1;
	t_refused(EINVAL, pid, &attr, "KEEP_PARAMS with SCHED_FIFO");
	attr = vbs_attr(1 * MS, 100 * MS, 0);
	attr.sched_deadline = 100 * MS;
	attr.sched_policy = SCHED_DEADLINE;
	attr.sched_flags = SCHED_FLAG_KEEP_PARAMS;
	t_refused(EINVAL, pid, &attr, "KEEP_PARAMS with SCHED_DEADLINE");
	attr = vbs_attr(1 * MS, 5 * MS, 0);
	attr.sched_flags = SCHED_FLAG_KEEP_POLICY;
	t_equal(vbs_setattr(pid, &attr), 0, "KEEP_POLICY with another resource");
	vbs_getattr(pid, &after);
	t_ok(after.sched_policy == SCHED_VBS && after.sched_runtime == 1 * MS &&
	     after.sched_period == 5 * MS, "is a switch");
}
