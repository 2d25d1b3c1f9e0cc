// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * A task has (50, 100) ms only from 0.5 ms before to 1 ms after each boundary
 * of its period, and (0.5, 100) ms otherwise; or the reverse.
 */
#define PERIOD		(100 * MS)
#define PERIODS		20
#define BEFORE		(500 * US)
#define AFTER		(1 * MS)
#define LARGE		(50 * MS)
#define SMALL		(500 * US)
/* The controller has the earlier deadline */
#define CONTROL		(1 * MS)
#define CONTROL_PERIOD	(5 * MS)

struct result {
	double reserved;	/* ns of CPU time */
	u64 got;
};

static u64 member_clock(pid_t pid)
{
	struct timespec ts;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) || clock_gettime(id, &ts))
		return 0;
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static double share_booked(int policy, bool large)
{
	if (policy == SCHED_VBS)
		return (cpu_key(0, "booked") - vbs_bw(CONTROL, CONTROL_PERIOD)) /
		       (double)VBS_BW_UNIT;
	return (large ? LARGE : SMALL) / (double)PERIOD;
}

/* Holds @large until @until; a millisecond between looks at the books */
static double hold(int policy, pid_t pid, bool large, u64 until)
{
	u64 runtime = large ? LARGE : SMALL, now, next;
	double share, sum = 0;

	set_resource(policy, pid, runtime, PERIOD, vbs_bw(runtime, PERIOD));
	for (now = now_ns(); now < until; now = next) {
		share = share_booked(policy, large);
		next = now + MS < until ? now + MS : until;
		sleep_until(next);
		next = now_ns();
		sum += share * (next - now);
	}
	return sum;
}

static struct result run(int policy, bool large_at_boundary)
{
	pid_t pid = t_fork(spin_forever, NULL);
	struct result res = {};
	u64 start, cpu;

	admit(policy, 0, CONTROL, CONTROL_PERIOD, 0);
	cpu = member_clock(pid);
	start = now_ns();
	admit(policy, pid, LARGE, PERIOD, 0);
	for (int i = 0; i < PERIODS; i++) {
		u64 boundary = start + i * PERIOD;

		res.reserved += hold(policy, pid, large_at_boundary, boundary + AFTER);
		res.reserved += hold(policy, pid, !large_at_boundary,
				     boundary + PERIOD - BEFORE);
		res.reserved += hold(policy, pid, large_at_boundary, boundary + PERIOD);
	}
	res.got = member_clock(pid) - cpu;
	vbs_leave(0);
	t_kill(pid);
	t_diag("%-8s %s at the boundary: reserved %.2f %%, got %.2f %%",
	       class_name(policy), large_at_boundary ? "large" : "small",
	       100 * res.reserved / (PERIODS * PERIOD),
	       100.0 * res.got / (PERIODS * PERIOD));
	return res;
}

VBS_TEST("nobody gets more than what was booked while he ran", 90)
{
	u64 burst = 2 * LARGE * (PERIOD - LARGE) / PERIOD, eps;
	struct result res;

	eps_measure();
	run(SCHED_DEADLINE, true);
	run(SCHED_DEADLINE, false);
	need_vbs();
	/* the books are looked at once in a millisecond */
	eps = eps_budget() + 3 * PERIODS * MS / 2;
	res = run(SCHED_VBS, true);
	t_at_most(res.got, res.reserved + burst + eps, "ns got, large at the boundary");
	res = run(SCHED_VBS, false);
	t_at_most(res.got, res.reserved + burst + eps, "ns got, small at the boundary");
}
