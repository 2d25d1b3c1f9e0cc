// SPDX-License-Identifier: GPL-2.0
#include <sys/prctl.h>
#include "vbs_test.h"

#define ENABLE	SYSCTL_VBS "enable"
#define SYSRQ	"/proc/sysrq-trigger"

static volatile int *slack;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void with_child(void *unused)
{
	(void)unused;
	sleep_ns(20 * MS);
	if (fork())
		for (;;)
			;
	for (;;)
		pause();
}

/* What a child has that leaves */
static void slack_of_child(void *unused)
{
	(void)unused;
	sleep_ns(20 * MS);
	if (!fork()) {
		vbs_leave(0);
		*slack = prctl(PR_GET_TIMERSLACK);
		_exit(0);
	}
	for (;;)
		pause();
}

static int policy_of(pid_t pid)
{
	struct vbs_sched_attr attr;

	vbs_getattr(pid, &attr);
	return attr.sched_policy;
}

static void all_go(const char *file, const char *text, const char *what)
{
	pid_t a = t_fork(sleeper, NULL), b = t_fork(with_child, NULL);
	int i;

	sleep_ns(5 * MS);
	must_enter(a, 1 * MS, 10 * MS, 0);
	must_enter(b, 2 * MS, 10 * MS, 0);
	sleep_ns(100 * MS);
	t_equal(server_val(b, "members"), 2, "%s: members of one before", what);
	t_equal(file_write(file, "%s", text), 0, "%s", what);
	for (i = 0; i < 100 && cpu_key(0, "servers"); i++)
		sleep_ns(10 * MS);
	t_equal(cpu_key(0, "servers"), 0, "%s: servers", what);
	t_equal(policy_of(a), SCHED_OTHER, "%s: policy of who sleeps", what);
	t_equal(policy_of(b), SCHED_OTHER, "%s: policy of who works", what);
	t_kill(a);
	t_kill(b);
	t_equal(books_empty(SEC), 0, "%s: booked", what);
}

VBS_TEST("sched_vbs_enable = 0 and SysRq end all servers", 60)
{
	struct vbs_sched_attr attr = vbs_attr(1 * MS, 10 * MS, 0);
	pid_t pid;

	need_vbs();
	file_restore(ENABLE);
	slack = t_shared(sizeof(*slack));
	pid = t_fork(slack_of_child, NULL);
	must_enter(pid, 1 * MS, 10 * MS, 0);
	sleep_ns(100 * MS);
	t_equal(*slack, prctl(PR_GET_TIMERSLACK), "timer slack of a child that leaves");
	t_kill(pid);

	pid = t_fork(sleeper, NULL);
	all_go(ENABLE, "0", "enable = 0");
	t_refused(EOPNOTSUPP, pid, &attr, "entry while it is 0");
	t_equal(file_write(ENABLE, "1"), 0, "enable = 1");
	if (!access(SYSRQ, W_OK)) {
		all_go(SYSRQ, "n", "SysRq-n");
		all_go(SYSRQ, "V", "SysRq-V");
		t_refused(EOPNOTSUPP, pid, &attr, "entry after it");
		t_equal(file_num(ENABLE), 0, "enable after it");
		t_equal(file_write(ENABLE, "1"), 0, "enable = 1 again");
	}
	must_enter(pid, 1 * MS, 10 * MS, 0);
}
