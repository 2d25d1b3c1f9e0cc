// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>
#include "vbs_fail.h"

static pid_t other, leader;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static int enter(void)
{
	return vbs_enter(other, 1 * MS, 10 * MS, 0);
}

static int same_cap(void)
{
	return vbs_enter(leader, 1 * MS, 10 * MS, VBS_BW_UNIT / 5);
}

static int join(void)
{
	return vbs_join(other, leader);
}

static int affinity(void)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	return sched_setaffinity(leader, sizeof(set), &set) ? -errno : 0;
}

/* By this task, which is a member; the child is gone when the call is over. */
static int fork_member(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	return waitpid(pid, NULL, 0) == pid ? 0 : -errno;
}

struct state {
	u64 booked, servers, members;
};

/* Once the dead have given back what they had */
static struct state look(void)
{
	struct state s = { .servers = cpu_key(0, "servers") };

	s.booked = cpu_key(0, "booked");
	s.members = server_val(leader, "members");
	return s;
}

static struct state before;

static bool leave_and_wait(int err)
{
	struct state s;

	(void)err;
	if (sched_getscheduler(other) == SCHED_VBS)
		vbs_leave(other);
	for (int i = 0; i < 200; i++) {
		s = look();
		if (!memcmp(&s, &before, sizeof(s)))
			return true;
		sleep_ns(5 * MS);
	}
	return false;
}

static void each(const char *what, int (*call)(void), unsigned int some)
{
	before = look();
	fail_each(&(struct fail_call){ what, call, leave_and_wait, some });
}

VBS_TEST("a call whose allocation fails changes nothing", 170)
{
	need_vbs();
	need_fail_alloc();
	other = t_fork(sleeper, NULL);
	leader = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	must_enter(leader, 1 * MS, 10 * MS, VBS_BW_UNIT / 5);
	each("enter", enter, 1);
	each("join", join, 0);
	each("the same cap again", same_cap, 0);
	each("affinity", affinity, 1);
	t_equal(vbs_join(0, leader), 0, "this task joins");
	each("fork", fork_member, 10);
	vbs_leave(0);
}
