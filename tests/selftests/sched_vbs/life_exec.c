// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/* The program that is executed is this one: with "policy" it exits with that */
#define COPY	"/tmp/vbs_life_exec"

static void run_copy(void *uid)
{
	sleep_ns(20 * MS);
	if (uid)
		t_become((uid_t)(intptr_t)uid);
	execl(COPY, COPY, "policy", NULL);
	_exit(99);
}

static int policy_after_exec(mode_t mode, uid_t uid)
{
	pid_t pid;

	file_copy_self(COPY, mode);
	pid = t_fork(run_copy, (void *)(intptr_t)uid);
	must_enter(pid, 2 * MS, 10 * MS, 0);
	return (t_wait(pid) >> 8) & 0xff;
}

VBS_TEST("exec keeps the server; an exec that gains privilege leaves it", 30)
{
	need_vbs();
	t_equal(policy_after_exec(0755, 0), SCHED_VBS, "policy after exec");
	t_equal(policy_after_exec(0755, 1000), SCHED_VBS, "policy after a user's exec");
	t_equal(policy_after_exec(04755, 1000), SCHED_OTHER, "policy after a user's exec of a set-uid program");
	t_equal(policy_after_exec(04755, 0), SCHED_VBS, "policy after root's exec of one: nothing gained");
	unlink(COPY);
	sleep_ns(20 * MS);
	t_equal(cpu_key(0, "booked"), 0, "booked after all of them");
}
