// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/* The values just inside every limit are accepted */
static pid_t pid;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void accepted(u64 runtime, u64 deadline, u64 period, u32 cap, const char *what)
{
	struct vbs_sched_attr attr = vbs_attr(runtime, period, cap), got;
	int err;

	attr.sched_deadline = deadline;
	err = vbs_setattr(pid, &attr);
	vbs_getattr(pid, &got);
	t_equal(err, 0, "%s", what);
	t_ok(got.sched_runtime == runtime && got.sched_period == period &&
	     (!got.sched_deadline || got.sched_deadline == period),
	     "%s: getattr shows it", what);
	vbs_leave(pid);
	sleep_ns(5 * MS);
}

VBS_TEST("values at the limits are accepted", 30)
{
	u64 min, max;
	struct vbs_sched_attr got;

	need_vbs();
	pid = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	min = sysctl_vbs("period_min_us") * US;
	max = sysctl_vbs("period_max_us") * US;
	accepted(10 * US, 0, min, 0, "lambda 10 us, pi at its minimum");
	accepted(10 * US, 0, max, 0, "lambda 10 us, pi at its maximum");
	accepted(sysctl_vbs("runtime_max_us") * US, 0, max, 0, "lambda at its maximum");
	accepted(2 * MS, 10 * MS, 10 * MS, 0, "deadline = pi");
	accepted(2 * MS, 0, 10 * MS, vbs_bw(2 * MS, 10 * MS), "the smallest cap that holds it");
	accepted(2 * MS, 0, 10 * MS, cpu_key(0, "spare"), "all that is free");

	must_enter(pid, 1 * MS, 3 * MS, 0);
	vbs_getattr(pid, &got);
	t_equal(got.sched_vbs_cap, vbs_bw(1 * MS, 3 * MS), "cap 0 on entry is lambda / pi, rounded up");
	t_equal(cpu_key(0, "booked"), vbs_bw(1 * MS, 3 * MS), "booked");
	must_enter(pid, 500 * US, 3 * MS, 0);
	vbs_getattr(pid, &got);
	t_equal(got.sched_vbs_cap, vbs_bw(1 * MS, 3 * MS), "cap 0 later keeps it");
	must_enter(pid, 1 * MS, 3 * MS, 0);
	t_equal(cpu_key(0, "booked"), vbs_bw(1 * MS, 3 * MS), "booked after switches");
}
