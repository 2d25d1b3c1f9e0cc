// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>
#include "vbs_test.h"

#define ZOMBIES	4

static void sleeper(void *unused)
{
	(void)unused;
	pause();
}

/* Dies in @policy and stays a zombie, beyond all its bookings */
static pid_t zombie(int policy)
{
	pid_t pid = t_fork(sleeper, NULL);
	siginfo_t info;

	if (policy == SCHED_VBS)
		must_enter(pid, 20 * MS, 100 * MS, 0);
	else if (policy == SCHED_DEADLINE)
		t_equal(set_deadline(pid, 20 * MS, 100 * MS), 0, "DEADLINE has 20 %%");
	kill(pid, SIGKILL);
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		t_fatal("waitid");
	sleep_ns(250 * MS);
	return pid;
}

static void check(const char *name, int policy)
{
	for (int i = 0; i < ZOMBIES; i++) {
		pid_t pid = zombie(policy);

		t_equal(vbs_enter(pid, 25 * MS, 100 * MS, 0), -ESRCH, "%s zombie: VBS", name);
		t_equal(set_deadline(pid, 25 * MS, 100 * MS), -ESRCH, "%s zombie: DEADLINE", name);
		t_wait(pid);
	}
}

VBS_TEST("a zombie takes no share, of SCHED_VBS and of SCHED_DEADLINE", 60)
{
	pid_t pid;

	need_vbs();
	check("OTHER", SCHED_OTHER);
	check("VBS", SCHED_VBS);
	check("DEADLINE", SCHED_DEADLINE);
	t_equal(cpu_key(0, "booked"), 0, "booked");
	pid = t_fork(sleeper, NULL);
	t_equal(set_deadline(pid, 85 * MS, 100 * MS), 0, "DEADLINE admits 85 %% after all of them");
}
