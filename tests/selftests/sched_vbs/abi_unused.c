// SPDX-License-Identifier: GPL-2.0
#include <sys/prctl.h>
#include "vbs_test.h"

/*
 * What anybody may ask before the machine's first server.  MANIFEST has this test first in a
 * machine, and it enters none.
 */

static int move(pid_t pid, unsigned long how, u64 within)
{
	return prctl(PR_VBS_MOVE, (long)pid, 0L, how, within) ? -errno : 0;
}

static int budget(void)
{
	return prctl(PR_VBS_BUDGET, 0L, 0L, 0L, 0L) < 0 ? -errno : 0;
}

static int leave(void)
{
	struct vbs_sched_attr attr = { .size = sizeof(attr) };

	return vbs_setattr(0, &attr);
}

struct answers {
	int move, wait, budget, leave;
};

static struct answers *answers;

static void ask(void *unused)
{
	(void)unused;
	t_become(1000);
	answers->move = move(0, VBS_MOVE_RELAX, 0);
	answers->wait = move(0, VBS_MOVE_STRICT, MS);
	answers->budget = budget();
	answers->leave = leave();
}

VBS_TEST("before the first server nobody's call does more than fail", 20)
{
	need_vbs();
	answers = t_shared(sizeof(*answers));
	t_equal(t_wait(t_fork(ask, NULL)), 0, "a user asks, and lives");
	t_equal(answers->move, -EPERM, "a user's move");
	t_equal(answers->wait, -EPERM, "one that waits");
	t_equal(answers->budget, -ESRCH, "its budget");
	t_equal(answers->leave, 0, "to be what it is");
	t_equal(move(0, VBS_MOVE_RELAX, 0), -EINVAL,
		"an administrator's move of who is in no server");
	t_equal(move(0, VBS_MOVE_STRICT, MS), -EINVAL, "one that waits");
	t_equal(file_write(VBS_PROC, "reset all"), 0, "of no server the worst begins anew");
}
