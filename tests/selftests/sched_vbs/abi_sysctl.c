// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define PERIOD_MIN	SYSCTL_VBS "period_min_us"
#define PERIOD_MAX	SYSCTL_VBS "period_max_us"
#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
#define COST		SYSCTL_VBS "release_cost_ns"
#define RUNTIME_MAX	SYSCTL_VBS "runtime_max_us"

static pid_t pid;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void defaults(void)
{
	t_equal(sysctl_vbs("period_min_us"), 100, "period_min_us");
	t_equal(sysctl_vbs("period_max_us"), 1000000, "period_max_us");
	t_equal(sysctl_vbs("runtime_max_us"), 100000, "runtime_max_us");
	t_equal(sysctl_vbs("slice_us"), 1000, "slice_us");
}

/* A limit that is moved is the limit from then on */
static void limits_move(void)
{
	struct vbs_sched_attr attr = vbs_attr(20 * US, 500 * US, 0);

	t_equal(file_write(PERIOD_MIN, "1000"), 0, "period_min_us = 1000");
	t_refused(EINVAL, pid, &attr, "pi below the new minimum");
	t_equal(file_write(PERIOD_MIN, "100"), 0, "period_min_us = 100");
	t_equal(vbs_setattr(pid, &attr), 0, "pi at a lower minimum");
	vbs_leave(pid);
	sleep_ns(10 * MS);
	t_equal(file_write(RUNTIME_MAX, "5000"), 0, "runtime_max_us = 5000");
	attr = vbs_attr(5001 * US, 50 * MS, 0);
	t_refused(EINVAL, pid, &attr, "lambda above the new maximum");
	t_equal(file_write(RUNTIME_MAX, "100000"), 0, "runtime_max_us = 100000");
	t_equal(file_write(PERIOD_MAX, "20000"), 0, "period_max_us = 20000");
	t_refused(EINVAL, pid, &attr, "pi above the new maximum");
	t_equal(file_write(PERIOD_MAX, "1000000"), 0, "period_max_us = 1000000");
}

/* A budget holds the cost of two releases at least */
static void release_cost(void)
{
	struct vbs_sched_attr attr = vbs_attr(19999, 10 * MS, 0);

	t_equal(file_write(COST, "10000"), 0, "release_cost_ns = 10000");
	t_refused(EINVAL, pid, &attr, "lambda < 2 c");
	attr.sched_runtime++;
	t_equal(vbs_setattr(pid, &attr), 0, "lambda = 2 c");
	t_equal(file_write(COST, "10001"), -EBUSY, "release_cost_ns above half of a lambda in use");
	t_equal(sysctl_vbs("release_cost_ns"), 10000, "release_cost_ns after it");
	vbs_leave(pid);
	sleep_ns(20 * MS);
	t_equal(file_write(COST, "0"), 0, "release_cost_ns = 0");
}

static void refused_beside_servers(void)
{
	must_enter(pid, 1 * MS, 10 * MS, cpu_key(0, "spare"));
	t_equal(file_write(PERIOD_MIN, "10001"), -EBUSY, "period_min_us above a pi in use");
	t_equal(sysctl_vbs("period_min_us"), 100, "period_min_us after it");
	t_equal(file_write(PERIOD_MIN, "10000"), 0, "period_min_us equal to the pi in use");
	t_equal(file_write(PERIOD_MIN, "100"), 0, "and back");
	vbs_leave(pid);
	sleep_ns(20 * MS);
}

/*
 * Ordering in units of 1.024 us takes 2 % of a period of 100 us, and 9.7 % of one
 * of 20 us.  With all real-time bandwidth allowed this is what limits.
 */
static void refused_by_capacity(void)
{
	t_equal(file_write(FAIR_SERVER, "0"), 0, "fair server set to 0");
	t_equal(file_write(RT_RUNTIME, "1000000"), 0, "rt_runtime set to 100 %%");
	must_enter(pid, 1 * MS, 10 * MS, cpu_key(0, "spare"));
	t_equal(cpu_key(0, "booked"), (u64)VBS_BW_UNIT * 98976 / 101024, "booked");
	t_equal(file_write(PERIOD_MIN, "20"), -EBUSY, "a minimum whose capacity is below what is booked");
	t_equal(sysctl_vbs("period_min_us"), 100, "period_min_us after it");
	vbs_leave(pid);
	sleep_ns(20 * MS);
	t_equal(file_write(PERIOD_MIN, "20"), 0, "the same with nothing booked");
	t_equal(cpu_key(0, "capacity"), (u64)VBS_BW_UNIT * 18976 / 21024, "capacity then");
}

VBS_TEST("the limits are sysctls; what would break a booking is EBUSY", 30)
{
	need_vbs();
	pid = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	defaults();
	file_restore(PERIOD_MIN);
	file_restore(PERIOD_MAX);
	file_restore(RUNTIME_MAX);
	file_restore(FAIR_SERVER);
	file_restore(RT_RUNTIME);
	file_restore(COST);
	limits_move();
	release_cost();
	refused_beside_servers();
	refused_by_capacity();
	t_equal(file_write(PERIOD_MIN, "0"), -EINVAL, "period_min_us = 0");
}
