// SPDX-License-Identifier: GPL-2.0
#include <sys/prctl.h>
#include "vbs_measure.h"

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE		62
#define PR_SCHED_CORE_CREATE	1
#endif

#define LENGTH	(3 * SEC)

/* The one of CPU 1 has to go before the other's budget, whenever it is released. */
static const u64 runtime[2] = { 40 * MS, 8 * MS }, period[2] = { 100 * MS, 20 * MS };

/* What CPUs in turns of 2 ms may shift at both ends of the time */
#define TURNS	(8 * MS)

static u64 cpu_time_of(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		t_fatal("CPU clock of %d", pid);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static void own_cookie(pid_t pid)
{
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, pid, 0, 0))
		t_skip_all("no core scheduling: %m");
}

static pid_t spin_on(int cpu)
{
	pid_t pid = t_fork(spin_forever, NULL);

	pin_to(pid, cpu);
	own_cookie(pid);
	return pid;
}

/*
 * Plain 6.12 says so, ten times at most, whenever a sibling is kept idle that has
 * softirqs for its thread: with fair tasks of two cookies as well.  With PREEMPT_RT
 * that is always so, else when an interrupt leaves to the thread what takes too long.
 */
static void expect_softirqs(void)
{
	for (int i = 0; i < 10; i++)
		file_write("/dev/kmsg", "vbs-expect: NOHZ tick-stop error\n");
}

/*
 * Two siblings that may not run together are one CPU for both servers, and the
 * fair hogs of a third and a fourth cookie have what is left.
 */
VBS_TEST("servers of two cookies on a core, together below its capacity, keep their budgets", 60)
{
	u64 ran[2], begin, misses, length;
	pid_t server[2], hog[2];

	need_vbs();
	need_cpus(2);
	expect_softirqs();
	for (int cpu = 0; cpu < 2; cpu++) {
		hog[cpu] = spin_on(cpu);
		server[cpu] = spin_on(cpu);
		must_enter(server[cpu], runtime[cpu], period[cpu], 0);
	}
	sleep_ns(500 * MS);
	begin = now_ns();
	for (int cpu = 0; cpu < 2; cpu++)
		ran[cpu] = cpu_time_of(server[cpu]);
	sleep_until(begin + LENGTH);
	length = now_ns() - begin;
	for (int cpu = 0; cpu < 2; cpu++)
		ran[cpu] = cpu_time_of(server[cpu]) - ran[cpu];
	for (int cpu = 0; cpu < 2; cpu++) {
		t_near(ran[cpu], length * runtime[cpu] / period[cpu],
		       runtime[cpu] + TURNS,
		       "server of CPU %d: executed", cpu);
		misses = server_val(server[cpu], "misses");
		/* CPUs of the emulator take turns of up to 2 ms: one may end at a deadline */
		t_at_most(misses, 1, "misses of the server of CPU %d", cpu);
	}
	for (int cpu = 0; cpu < 2; cpu++) {
		t_kill(server[cpu]);
		t_kill(hog[cpu]);
	}
}
