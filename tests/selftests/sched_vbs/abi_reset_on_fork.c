// SPDX-License-Identifier: GPL-2.0
#include <sys/syscall.h>
#include "vbs_test.h"

static int child_policy(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(syscall(SYS_sched_getscheduler, 0) & 0x7f);
	return (t_wait(pid) >> 8) & 0xff;
}

static int flags_as_user(u64 flags)
{
	struct vbs_sched_attr attr = vbs_attr(2 * MS, 10 * MS, 0);
	pid_t pid;

	attr.sched_flags = flags;
	pid = fork();
	if (!pid) {
		t_become(1000);
		_exit(-vbs_setattr(getppid(), &attr));
	}
	return (t_wait(pid) >> 8) & 0xff;
}

/* Runs as the user's own task that root has entered */
static void user_clears(void *unused)
{
	(void)unused;
	t_become(1000);
	pause();
	_exit(flags_as_user(0));
}

static void wake(int sig)
{
	(void)sig;
}

VBS_TEST("RESET_ON_FORK: children are SCHED_OTHER; it is per task and hard to clear", 30)
{
	struct vbs_sched_attr attr = vbs_attr(2 * MS, 10 * MS, 0);
	pid_t pid;

	need_vbs();
	must_enter(0, 2 * MS, 10 * MS, 0);
	t_equal(child_policy(), SCHED_VBS, "policy of a child without the flag");
	attr.sched_flags = SCHED_FLAG_RESET_ON_FORK;
	t_equal(vbs_setattr(0, &attr), 0, "set RESET_ON_FORK");
	vbs_getattr(0, &attr);
	t_equal(attr.sched_flags, SCHED_FLAG_RESET_ON_FORK, "flags that getattr shows");
	t_equal(syscall(SYS_sched_getscheduler, 0), SCHED_VBS | SCHED_RESET_ON_FORK, "sched_getscheduler");
	t_equal(child_policy(), SCHED_OTHER, "policy of a child with it");
	attr.sched_flags = 0;
	t_equal(vbs_setattr(0, &attr), 0, "root clears it by not naming it");
	t_equal(child_policy(), SCHED_VBS, "policy of a child after that");
	vbs_leave(0);
	sleep_ns(20 * MS);

	signal(SIGUSR1, wake);
	pid = t_fork(user_clears, NULL);
	sleep_ns(10 * MS);
	attr = vbs_attr(2 * MS, 10 * MS, 0);
	attr.sched_flags = SCHED_FLAG_RESET_ON_FORK;
	t_equal(vbs_setattr(pid, &attr), 0, "root enters a user's task with the flag");
	kill(pid, SIGUSR1);
	t_equal((t_wait(pid) >> 8) & 0xff, EPERM, "the user clears it");
}
