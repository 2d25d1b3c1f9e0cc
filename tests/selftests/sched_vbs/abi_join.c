// SPDX-License-Identifier: GPL-2.0
#include <sys/prctl.h>
#include "vbs_test.h"

static pid_t leader, other, outside;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static struct vbs_sched_attr join(pid_t to)
{
	struct vbs_sched_attr attr = vbs_attr(0, 0, 0);

	attr.sched_flags = SCHED_FLAG_VBS_JOIN;
	attr.sched_vbs_leader = to;
	return attr;
}

static void numbers_must_be_zero(void)
{
	struct vbs_sched_attr attr = join(leader);

	attr.sched_runtime = 1 * MS;
	t_refused(EINVAL, outside, &attr, "JOIN with a runtime");
	attr = join(leader);
	attr.sched_period = 10 * MS;
	t_refused(EINVAL, outside, &attr, "JOIN with a period");
	attr = join(leader);
	attr.sched_deadline = 10 * MS;
	t_refused(EINVAL, outside, &attr, "JOIN with a deadline");
	attr = join(leader);
	attr.sched_vbs_cap = 1000;
	t_refused(EINVAL, outside, &attr, "JOIN with a cap");
}

static void leaders(void)
{
	struct vbs_sched_attr attr = join(0);

	t_refused(EINVAL, outside, &attr, "leader 0");
	attr = join(-1);
	t_refused(EINVAL, outside, &attr, "leader -1");
	attr = join(0x3ffffff0);
	t_refused(ESRCH, outside, &attr, "a leader that does not exist");
	attr = join(outside);
	t_refused(EINVAL, outside, &attr, "a leader that is not in VBS: itself");
	attr = join(getpid());
	t_refused(EINVAL, outside, &attr, "a leader that is not in VBS");
	attr = join(2);
	t_refused(EINVAL, outside, &attr, "a kernel thread");
}

static void membership(void)
{
	u64 booked = cpu_key(0, "booked");
	struct vbs_sched_attr attr;

	t_equal(vbs_join(outside, leader), 0, "join");
	t_equal(vbs_join(outside, leader), 0, "join its own server, by the leader");
	t_equal(vbs_join(leader, outside), 0, "join its own server, by a member");
	t_equal(cpu_key(0, "booked"), booked, "booked: joining books nothing");
	t_equal(server_val(leader, "members"), 2, "members");
	vbs_getattr(outside, &attr);
	t_ok(attr.sched_policy == SCHED_VBS && attr.sched_runtime == 2 * MS &&
	     attr.sched_period == 10 * MS && attr.sched_vbs_cap == VBS_BW_UNIT / 4,
	     "the member shows the server's resource and cap");
	t_equal(attr.sched_vbs_leader, leader, "leader: the oldest member");
	t_equal(vbs_join(outside, other), 0, "join another server from inside one");
	t_equal(server_val(leader, "members"), 1, "members of the one it left");
	t_equal(server_val(other, "members"), 2, "members of the one it joined");
	attr = vbs_attr(1 * MS, 10 * MS, 0);
	attr.sched_vbs_leader = leader;
	t_equal(vbs_setattr(outside, &attr), 0, "leader without JOIN is ignored");
	vbs_getattr(outside, &attr);
	t_equal(attr.sched_vbs_leader, other, "leader after that");
}

/* A call sets what it names and clears what it does not: this one too. */
static void own_server_flags(void)
{
	struct vbs_sched_attr attr = join(leader);

	attr.sched_flags |= SCHED_FLAG_DL_OVERRUN | SCHED_FLAG_RESET_ON_FORK;
	t_equal(vbs_setattr(leader, &attr), 0, "join its own server, with flags");
	vbs_getattr(leader, &attr);
	t_equal(attr.sched_flags & (SCHED_FLAG_DL_OVERRUN | SCHED_FLAG_RESET_ON_FORK),
		SCHED_FLAG_DL_OVERRUN | SCHED_FLAG_RESET_ON_FORK, "flags after that");
	t_equal(vbs_join(leader, leader), 0, "join its own server, without");
	vbs_getattr(leader, &attr);
	t_equal(attr.sched_flags & (SCHED_FLAG_DL_OVERRUN | SCHED_FLAG_RESET_ON_FORK),
		0, "flags after that");
}

VBS_TEST("JOIN: what it takes, what it refuses, whom it shows", 30)
{
	need_vbs();
	leader = t_fork(sleeper, NULL);
	other = t_fork(sleeper, NULL);
	outside = t_fork(sleeper, NULL);
	must_enter(leader, 2 * MS, 10 * MS, VBS_BW_UNIT / 4);
	must_enter(other, 1 * MS, 10 * MS, 0);
	sleep_ns(20 * MS);
	numbers_must_be_zero();
	leaders();
	membership();
	own_server_flags();
}
