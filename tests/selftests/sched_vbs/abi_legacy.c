// SPDX-License-Identifier: GPL-2.0
#include <sys/syscall.h>
#include "vbs_test.h"

static int setscheduler(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return syscall(SYS_sched_setscheduler, 0, policy, &param) ? -errno : 0;
}

static int setparam(int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return syscall(SYS_sched_setparam, 0, &param) ? -errno : 0;
}

VBS_TEST("the older scheduler calls know the class, and cannot enter it", 30)
{
	struct sched_param param = { .sched_priority = 99 };
	struct vbs_sched_attr before, after;
	struct timespec ts;

	need_vbs();
	t_equal(sched_get_priority_min(SCHED_VBS), 0, "sched_get_priority_min");
	t_equal(sched_get_priority_max(SCHED_VBS), 0, "sched_get_priority_max");
	t_equal(setscheduler(SCHED_VBS, 0), -EINVAL, "sched_setscheduler to SCHED_VBS");
	t_equal(setscheduler(SCHED_VBS | SCHED_RESET_ON_FORK, 0), -EINVAL, "with RESET_ON_FORK");
	must_enter(0, 2 * MS, 10 * MS, 0);
	vbs_getattr(0, &before);
	t_equal(setscheduler(SCHED_VBS, 0), -EINVAL, "sched_setscheduler to SCHED_VBS, inside");
	t_equal(setparam(0), -EINVAL, "sched_setparam(0) inside");
	t_equal(setparam(5), -EINVAL, "sched_setparam(5) inside");
	vbs_getattr(0, &after);
	t_ok(!memcmp(&before, &after, sizeof(after)), "nothing changed");
	t_equal(syscall(SYS_sched_getscheduler, 0), SCHED_VBS, "sched_getscheduler");
	t_equal(syscall(SYS_sched_getparam, 0, &param), 0, "sched_getparam");
	t_equal(param.sched_priority, 0, "the priority that it shows");
	t_equal(syscall(SYS_sched_rr_get_interval, 0, &ts), 0, "sched_rr_get_interval");
	t_at_most(ts.tv_sec * SEC + ts.tv_nsec, sysctl_vbs("slice_us") * US, "the interval: a slice or none");
	t_equal(setscheduler(SCHED_OTHER, 0), 0, "sched_setscheduler to SCHED_OTHER leaves");
	t_equal(syscall(SYS_sched_getscheduler, 0), SCHED_OTHER, "sched_getscheduler after that");
}
