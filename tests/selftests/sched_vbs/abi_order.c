// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/* Calls that are wrong in two ways show which test comes first */
#define NOBODY	0x3ffffff0	/* above pid_max: no such thread */

static pid_t outside, inside, lone;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static struct vbs_sched_attr invalid(void)
{
	return vbs_attr(1, 10 * MS, 0);
}

static struct vbs_sched_attr join(pid_t leader)
{
	struct vbs_sched_attr attr = vbs_attr(0, 0, 0);

	attr.sched_flags = SCHED_FLAG_VBS_JOIN;
	attr.sched_vbs_leader = leader;
	return attr;
}

static void target_first(void)
{
	struct vbs_sched_attr attr = invalid();

	t_equal(vbs_setattr(NOBODY, &attr), -ESRCH, "target before numbers");
	attr = join(NOBODY - 1);
	t_equal(vbs_setattr(NOBODY, &attr), -ESRCH, "target before leader");
}

static void numbers_next(void)
{
	struct vbs_sched_attr attr = join(NOBODY);

	attr.sched_runtime = 1 * MS;
	t_refused(EINVAL, outside, &attr, "numbers before the leader's ESRCH");
	attr = join(0);
	t_refused(EINVAL, outside, &attr, "leader 0 is a number");
	attr = join(-5);
	t_refused(EINVAL, outside, &attr, "a negative leader is a number");
	attr = vbs_attr(5 * MS, 10 * MS, 1);
	attr.sched_priority = 3;
	t_refused(EINVAL, outside, &attr, "numbers before ERANGE");
	attr = vbs_attr(1 * MS, 10 * MS, VBS_BW_UNIT);
	attr.sched_flags = SCHED_FLAG_RECLAIM;
	t_refused(EINVAL, outside, &attr, "numbers before EBUSY");
}

/* Checks of an unprivileged stranger: a child, so that it says it by its status */
static int as_stranger(pid_t target, const struct vbs_sched_attr *attr)
{
	pid_t pid = fork();

	if (!pid) {
		t_become(1001);
		_exit(-vbs_setattr(target, attr));
	}
	return (t_wait(pid) >> 8) & 0xff;
}

static void privilege_then(void)
{
	struct vbs_sched_attr attr = invalid();

	t_equal(as_stranger(outside, &attr), EINVAL, "numbers before EPERM");
	attr = join(NOBODY);
	t_equal(as_stranger(outside, &attr), ESRCH, "the leader's ESRCH before EPERM");
	attr = join(outside);
	t_equal(as_stranger(lone, &attr), EPERM, "EPERM before a leader that is not in VBS");
	attr = vbs_attr(5 * MS, 10 * MS, 1000);
	t_equal(as_stranger(inside, &attr), EPERM, "EPERM before ERANGE");
	attr = vbs_attr(1 * MS, 10 * MS, VBS_BW_UNIT);
	t_equal(as_stranger(outside, &attr), EPERM, "EPERM before EBUSY: bookings are nobody's business");
}

static void range_before_busy(void)
{
	struct vbs_sched_attr attr = vbs_attr(100 * MS, 100 * MS, VBS_BW_UNIT - 1);

	t_refused(ERANGE, outside, &attr, "ERANGE before EBUSY, on entry");
	t_refused(ERANGE, inside, &attr, "ERANGE before EBUSY, inside");
}

VBS_TEST("the order of tests: ESRCH, EINVAL, ESRCH of the leader, EPERM, EINVAL, ERANGE, EBUSY", 30)
{
	need_vbs();
	outside = t_fork(sleeper, NULL);
	inside = t_fork(sleeper, NULL);
	lone = t_fork(sleeper, NULL);
	must_enter(inside, 2 * MS, 10 * MS, 0);
	sleep_ns(20 * MS);
	target_first();
	numbers_next();
	privilege_then();
	range_before_busy();
}
