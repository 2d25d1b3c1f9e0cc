// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define MEMBERS	3

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static pid_t leader_of(pid_t pid)
{
	struct vbs_sched_attr attr;

	vbs_getattr(pid, &attr);
	return attr.sched_vbs_leader;
}

VBS_TEST("the leader is the oldest member that is left", 30)
{
	pid_t pid[MEMBERS];
	u64 id;

	need_vbs();
	for (int i = 0; i < MEMBERS; i++)
		pid[i] = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	must_enter(pid[0], 2 * MS, 10 * MS, 0);
	t_equal(vbs_join(pid[1], pid[0]), 0, "first join");
	t_equal(vbs_join(pid[2], pid[1]), 0, "second join");
	id = server_val(pid[0], "id");
	t_equal(leader_of(pid[2]), pid[0], "leader: the first");
	t_kill(pid[0]);
	t_equal(leader_of(pid[2]), pid[1], "leader after the first died: the second");
	t_equal(server_val(pid[1], "id"), id, "id of the server");
	t_equal(server_val(pid[1], "members"), 2, "members");
	vbs_leave(pid[1]);
	t_equal(leader_of(pid[2]), pid[2], "leader after the second left: the third");
	t_equal(leader_of(pid[1]), 0, "leader of a task that is not in VBS");
	t_equal(vbs_join(pid[1], pid[2]), 0, "the second joins again");
	t_equal(leader_of(pid[1]), pid[2], "leader: still the third, now the older one");
}
