// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
#define RT_PERIOD	"/proc/sys/kernel/sched_rt_period_us"

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

static void refused(const char *file, unsigned int value, pid_t dl, const char *what)
{
	s64 before = file_num(file);
	u64 capacity = cpu_key(0, "capacity");

	t_equal(file_write(file, "%u", value), -EBUSY, "%s", what);
	t_equal(file_num(file), before, "%s: the file after it", what);
	t_equal(cpu_key(0, "capacity"), capacity, "%s: capacity after it", what);
	/* What SCHED_DEADLINE may have is what it was: 95 - 5 - 40 - 40 more is 10 */
	t_equal(set_deadline(dl, 49 * MS, 100 * MS), 0, "%s: DEADLINE takes 9 %% more", what);
	t_equal(set_deadline(dl, 40 * MS, 100 * MS), 0, "%s: and gives it back", what);
}

VBS_TEST("rt_runtime and rt_period hold what SCHED_VBS and SCHED_DEADLINE have together", 60)
{
	pid_t vbs, dl;

	need_vbs();
	file_restore(RT_RUNTIME);
	file_restore(RT_PERIOD);
	vbs = t_fork(sleeper, NULL);
	dl = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	must_enter(vbs, 1 * MS, 10 * MS, share(40));
	t_equal(set_deadline(dl, 40 * MS, 100 * MS), 0, "DEADLINE has 40 %%");

	/* 40 + 40 and the fair server's 5; each class alone would fit in 50 */
	refused(RT_RUNTIME, 500000, dl, "rt_runtime of 50 %");
	refused(RT_RUNTIME, 840000, dl, "rt_runtime of 84 %");
	refused(RT_PERIOD, 1900000, dl, "rt_period that leaves 50 %");
	t_equal(file_write(RT_RUNTIME, "860000"), 0, "rt_runtime of 86 %%");
	t_equal(file_write(RT_RUNTIME, "-1"), 0, "no limit");
	t_equal(file_write(RT_RUNTIME, "950000"), 0, "rt_runtime of 95 %%");

	t_kill(vbs);
	sleep_ns(50 * MS);
	t_equal(file_write(RT_RUNTIME, "500000"), 0, "rt_runtime of 50 %% without the server");
	t_equal(file_write(RT_RUNTIME, "440000"), -EBUSY, "rt_runtime of 44 %% beside DEADLINE");
	/* SCHED_DEADLINE forgets who is dead, but not yet given back, at a rebuild */
	t_kill(dl);
	sleep_ns(300 * MS);
}
