// SPDX-License-Identifier: GPL-2.0
#include <sys/syscall.h>
#include "vbs_test.h"

#ifndef SCHED_BATCH
#define SCHED_BATCH	3
#define SCHED_IDLE	5
#endif

static const struct {
	int policy;
	int priority;
	const char *name;
} policies[] = {
	{ SCHED_OTHER, 0, "SCHED_OTHER" }, { SCHED_BATCH, 0, "SCHED_BATCH" },
	{ SCHED_IDLE, 0, "SCHED_IDLE" }, { SCHED_FIFO, 10, "SCHED_FIFO" },
	{ SCHED_RR, 10, "SCHED_RR" }, { SCHED_DEADLINE, 0, "SCHED_DEADLINE" },
};

static void sleeper(void *uid)
{
	if (uid)
		t_become((uid_t)(intptr_t)uid);
	for (;;)
		pause();
}

static void leave_to(pid_t pid, size_t i)
{
	struct vbs_sched_attr attr = {
		.size = sizeof(attr), .sched_policy = policies[i].policy,
		.sched_priority = policies[i].priority,
	};

	if (policies[i].policy == SCHED_DEADLINE) {
		attr.sched_runtime = 1 * MS;
		attr.sched_deadline = 100 * MS;
		attr.sched_period = 100 * MS;
	}
	must_enter(pid, 2 * MS, 10 * MS, 0);
	sleep_ns(20 * MS);
	t_equal(vbs_setattr(pid, &attr), 0, "leave for %s", policies[i].name);
	t_equal(syscall(SYS_sched_getscheduler, pid), policies[i].policy, "policy after it");
	sleep_ns(20 * MS);
	t_equal(cpu_key(0, "booked"), 0, "booked after it");
	t_equal(cpu_key(0, "servers"), 0, "servers after it");
	sleep_ns(200 * MS);
}

static int leave_as(uid_t uid, pid_t target)
{
	pid_t pid = fork();

	if (!pid) {
		t_become(uid);
		_exit(-vbs_leave(target));
	}
	return (t_wait(pid) >> 8) & 0xff;
}

VBS_TEST("a member may leave for any class at any time", 30)
{
	pid_t pid;

	need_vbs();
	pid = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		leave_to(pid, i);
	pid = t_fork(sleeper, (void *)1000);
	sleep_ns(10 * MS);
	must_enter(pid, 2 * MS, 10 * MS, 0);
	t_equal(leave_as(1001, pid), EPERM, "a stranger makes it leave");
	t_equal(leave_as(1000, pid), 0, "its user makes it leave, without privilege");
}
