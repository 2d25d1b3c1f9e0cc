// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/* Each row is a good call with one thing wrong, tried on entry and inside */
static pid_t outside, inside;

static struct vbs_sched_attr good(void)
{
	return vbs_attr(2 * MS, 10 * MS, 0);
}

static void both(const struct vbs_sched_attr *attr, const char *what)
{
	t_refused(EINVAL, outside, attr, "%s, on entry", what);
	t_refused(EINVAL, inside, attr, "%s, as a switch", what);
}

static void resource(u64 runtime, u64 deadline, u64 period, const char *what)
{
	struct vbs_sched_attr attr = vbs_attr(runtime, period, 0);

	attr.sched_deadline = deadline;
	both(&attr, what);
}

static void flags(u64 value, const char *what)
{
	struct vbs_sched_attr attr = good();

	attr.sched_flags = value;
	both(&attr, what);
}

static void other_policy(int policy, int priority, u64 value, u32 cap, const char *what)
{
	struct vbs_sched_attr attr = {
		.size = sizeof(attr), .sched_policy = policy, .sched_flags = value,
		.sched_priority = priority, .sched_vbs_cap = cap,
	};

	both(&attr, what);
}

/* They never return to user mode, where they could be stopped */
static void kernel_threads(void)
{
	struct vbs_sched_attr attr = good();

	t_refused(EINVAL, 2, &attr, "a kernel thread");
}

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

VBS_TEST("EINVAL for what flags and numbers show alone", 30)
{
	struct vbs_sched_attr attr;

	need_vbs();
	outside = t_fork(sleeper, NULL);
	inside = t_fork(sleeper, NULL);
	must_enter(inside, 2 * MS, 10 * MS, 0);
	sleep_ns(20 * MS);

	resource(10 * US - 1, 0, 10 * MS, "lambda < 10 us");
	resource(0, 0, 10 * MS, "lambda = 0");
	resource(10 * MS + 1, 0, 10 * MS, "lambda > pi");
	resource(2 * MS, 0, 0, "pi = 0");
	resource(20 * US, 0, sysctl_vbs("period_min_us") * US - 1, "pi below its minimum");
	resource(2 * MS, 0, sysctl_vbs("period_max_us") * US + 1, "pi above its maximum");
	resource(sysctl_vbs("runtime_max_us") * US + 1, 0, 1 * SEC, "lambda above its maximum");
	resource(2 * MS, 5 * MS, 10 * MS, "deadline between 0 and pi");
	resource(2 * MS, 11 * MS, 10 * MS, "deadline > pi");
	resource(1ULL << 63, 0, 1ULL << 63, "numbers of 64 bits");

	flags(SCHED_FLAG_RECLAIM, "RECLAIM");
	flags(0x80, "an unknown flag");
	flags(0x04000000, "the flag above VBS_ALIGN");
	flags(1ULL << 40, "a flag beyond 32 bits");

	attr = good();
	attr.sched_priority = 1;
	both(&attr, "a priority");
	attr = good();
	attr.sched_vbs_cap = VBS_BW_UNIT + 1;
	both(&attr, "a cap above one CPU");

	other_policy(SCHED_OTHER, 0, SCHED_FLAG_VBS_JOIN, 0, "JOIN with SCHED_OTHER");
	other_policy(SCHED_OTHER, 0, SCHED_FLAG_VBS_ALIGN, 0, "ALIGN with SCHED_OTHER");
	other_policy(SCHED_OTHER, 0, 0, 1, "a cap with SCHED_OTHER");
	other_policy(SCHED_FIFO, 1, 0, 1, "a cap with SCHED_FIFO");
	other_policy(SCHED_FIFO, 1, SCHED_FLAG_VBS_JOIN, 0, "JOIN with SCHED_FIFO");
	kernel_threads();
}
