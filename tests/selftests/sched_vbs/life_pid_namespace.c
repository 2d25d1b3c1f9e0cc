// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>
#include "vbs_test.h"

static pid_t outer_leader;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

/* Process 1 of a new namespace: what does it see? Bits of its exit status */
static int inside(void)
{
	struct vbs_sched_attr attr;
	int seen = 0;

	sleep_ns(20 * MS);
	vbs_getattr(0, &attr);
	seen |= attr.sched_vbs_leader == 0;
	seen |= (vbs_join(0, outer_leader) == -ESRCH) << 1;
	vbs_leave(0);
	seen |= (!vbs_enter(0, 1 * MS, 10 * MS, 0)) << 2;
	vbs_getattr(0, &attr);
	seen |= (attr.sched_vbs_leader == 1) << 3;
	return seen;
}

static void namespace(void *unused)
{
	int status;
	pid_t pid;

	(void)unused;
	if (unshare(CLONE_NEWPID))
		_exit(64);
	pid = fork();
	if (!pid)
		_exit(inside());
	sleep_ns(10 * MS);
	vbs_join(pid, outer_leader);
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

VBS_TEST("the leader is shown and named in the reader's pid namespace", 30)
{
	int seen;

	need_vbs();
	outer_leader = t_fork(sleeper, NULL);
	must_enter(outer_leader, 1 * MS, 10 * MS, 0);
	seen = t_wait(t_fork(namespace, NULL)) >> 8;
	if (seen & 64)
		t_skip_all("no pid namespaces");
	t_ok(seen & 1, "a leader outside is shown as 0");
	t_ok(seen & 2, "a leader outside cannot be named: ESRCH");
	t_ok(seen & 4, "it enters");
	t_ok(seen & 8, "a leader inside is shown by its number inside");
}
