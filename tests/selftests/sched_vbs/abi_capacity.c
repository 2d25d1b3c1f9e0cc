// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static u32 share(u32 percent)
{
	return (u64)VBS_BW_UNIT * percent / 100;
}

/* Rounding of the three shares that make a capacity */
#define ROUNDING	3

static void capacity_is(u32 percent, const char *when)
{
	s64 off = cpu_key(0, "capacity") - (s64)share(percent);

	t_at_most(off < 0 ? -off : off, ROUNDING, "capacity off %u %%, %s", percent, when);
}

VBS_TEST("rt_runtime and the fair server make the capacity; below the bookings is EBUSY", 30)
{
	u64 booked;
	pid_t pid;

	need_vbs();
	file_restore(RT_RUNTIME);
	file_restore(FAIR_SERVER);
	pid = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	capacity_is(90, "at first");
	t_equal(file_write(FAIR_SERVER, "0"), 0, "fair server = 0");
	capacity_is(95, "without the fair server");
	t_equal(file_write(FAIR_SERVER, "100000000"), 0, "fair server = 10 %%");
	capacity_is(85, "with a fair server of 10 %");
	t_equal(file_write(FAIR_SERVER, "50000000"), 0, "fair server = 5 %%");
	t_equal(file_write(RT_RUNTIME, "-1"), 0, "rt_runtime = -1");
	capacity_is(90, "rt_runtime -1 counts as 95 %");
	t_equal(file_write(RT_RUNTIME, "500000"), 0, "rt_runtime = 50 %%");
	capacity_is(45, "with rt_runtime of 50 %");
	t_equal(file_write(RT_RUNTIME, "950000"), 0, "rt_runtime = 95 %%");

	must_enter(pid, 1 * MS, 10 * MS, share(80));
	booked = cpu_key(0, "booked");
	t_equal(file_write(RT_RUNTIME, "800000"), -EBUSY, "rt_runtime that leaves 75 %%");
	t_equal(file_num(RT_RUNTIME), 950000, "rt_runtime after it");
	t_equal(file_write(FAIR_SERVER, "200000000"), -EBUSY, "fair server that leaves 75 %%");
	t_equal(file_num(FAIR_SERVER), 50000000, "fair server after it");
	t_equal(file_write(RT_RUNTIME, "900000"), 0, "rt_runtime that leaves 85 %%");
	capacity_is(85, "then");
	t_equal(file_write(RT_RUNTIME, "950000"), 0, "and back");
	t_equal(cpu_key(0, "booked"), booked, "booked after all that");
	capacity_is(90, "at last");
}
