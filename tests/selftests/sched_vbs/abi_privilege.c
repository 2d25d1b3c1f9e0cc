// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define OWNER		1000
#define STRANGER	1001

static pid_t target;		/* what a request is about */

static void sleeper(void *uid)
{
	t_become((uid_t)(intptr_t)uid);
	for (;;)
		pause();
}

static pid_t sleeper_of(uid_t uid)
{
	pid_t pid = t_fork(sleeper, (void *)(intptr_t)uid);

	sleep_ns(10 * MS);
	return pid;
}

/* What @uid gets for @attr on the target */
static int as(uid_t uid, const struct vbs_sched_attr *attr)
{
	pid_t pid = fork();

	if (!pid) {
		t_become(uid);
		_exit(-vbs_setattr(target, attr));
	}
	return (t_wait(pid) >> 8) & 0xff;
}

static int enter_as(uid_t uid, u64 runtime, u64 period, u32 cap)
{
	struct vbs_sched_attr attr = vbs_attr(runtime, period, cap);

	return as(uid, &attr);
}

static int join_as(uid_t uid, pid_t leader)
{
	struct vbs_sched_attr attr = vbs_attr(0, 0, 0);

	attr.sched_flags = SCHED_FLAG_VBS_JOIN;
	attr.sched_vbs_leader = leader;
	return as(uid, &attr);
}

static void owner_rights(void)
{
	u32 cap = VBS_BW_UNIT / 4;
	pid_t leader = sleeper_of(OWNER), foreign = sleeper_of(STRANGER);

	target = leader;
	t_equal(enter_as(OWNER, 1 * MS, 10 * MS, 0), EPERM, "entry without privilege");
	must_enter(leader, 1 * MS, 10 * MS, cap);
	t_equal(enter_as(OWNER, 2 * MS, 10 * MS, 0), 0, "the owner switches within the cap");
	t_equal(enter_as(OWNER, 2 * MS, 10 * MS, cap), 0, "the owner names the cap in force");
	t_equal(enter_as(OWNER, 2 * MS, 10 * MS, cap + 1), EPERM, "the owner raises the cap");
	t_equal(enter_as(OWNER, 2 * MS, 10 * MS, cap - 1000), 0, "the owner lowers the cap");
	t_equal(enter_as(STRANGER, 1 * MS, 10 * MS, 0), EPERM, "a stranger switches");
	t_equal(enter_as(STRANGER, 1 * MS, 10 * MS, cap / 2), EPERM, "a stranger lowers the cap");

	target = sleeper_of(OWNER);
	t_equal(join_as(OWNER, leader), 0, "the owner's other task joins");
	t_equal(join_as(OWNER, leader), 0, "joining its own server again");
	target = sleeper_of(STRANGER);
	t_equal(join_as(STRANGER, leader), EPERM, "a stranger's task joins");
	t_equal(join_as(OWNER, leader), EPERM, "the owner makes a stranger's task join");

	/* root put a stranger's task into the owner's server */
	t_equal(vbs_join(foreign, leader), 0, "root makes a stranger's task join");
	target = foreign;
	t_equal(enter_as(OWNER, 1 * MS, 10 * MS, 0), EPERM, "the owner switches by a task that it may not renice");
	t_equal(enter_as(STRANGER, 1 * MS, 10 * MS, 0), EPERM, "a member that is not the owner switches itself");
}

/* sudo vbsctl run: root enters its child, which is the user's by then */
static void owner_is_first_entrants_euid(void)
{
	pid_t pid = t_fork(sleeper, (void *)(intptr_t)0);

	sleep_ns(10 * MS);
	must_enter(pid, 1 * MS, 10 * MS, 0);
	t_equal(server_val(pid, "owner"), 0, "owner of a server that root entered");
	target = sleeper_of(OWNER);
	must_enter(target, 1 * MS, 10 * MS, 0);
	t_equal(server_val(target, "owner"), OWNER, "owner of one that a user's task entered");
}

VBS_TEST("entry and a larger cap need CAP_SYS_NICE; within the cap the owner is free", 30)
{
	need_vbs();
	owner_rights();
	owner_is_first_entrants_euid();
}
