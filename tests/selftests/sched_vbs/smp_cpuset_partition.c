// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/sched.h>
#include "vbs_group.h"

#define CAP	(VBS_BW_UNIT * 6 / 10)

/* A partition takes a CPU from all who are outside of it. */
static void partition(void)
{
	struct group g = group_new(CGROUP2, "vbs_part", "1");
	struct group other = group_new(CGROUP2, "vbs_other", "");
	pid_t pid = sleeper_new(), side = sleeper_new(), fill = sleeper_new();

	server_on(pid, 1, CAP);
	t_equal(group_set(&g, "cpuset.cpus.partition", "root"), 0, "a partition takes CPU 1");
	t_ok(!strcmp(group_get(&g, "cpuset.cpus.partition"), "root"), "and is valid: %s",
	     group_get(&g, "cpuset.cpus.partition"));
	t_equal(server_val(pid, "cpu"), 0, "CPU of who was there");
	t_equal(group_set(&g, "cpuset.cpus.partition", "member"), 0, "and ends");
	t_equal(group_take(&other, side), 0, "somebody in a cpuset beside it");
	server_on(side, 1, CAP);
	t_equal(group_set(&g, "cpuset.cpus.partition", "root"), -EBUSY,
		"a partition takes CPU 1, and its server has no room");
	t_ok(!strcmp(group_get(&g, "cpuset.cpus.partition"), "member"), "it is none");
	t_equal(server_val(side, "cpu"), 1, "CPU after that");
	t_equal(mask_of(side), 3, "mask after that");
	t_kill(pid);
	t_equal(booked_becomes(0, 0), 0, "room");
	t_equal(group_set(&g, "cpuset.cpus.partition", "root"), 0, "a partition takes CPU 1");
	t_equal(server_val(side, "cpu"), 0, "CPU after it");
	t_equal(mask_of(side), 1, "mask after it");
	t_equal(group_take(&g, side), 0, "it goes into the partition");
	t_equal(server_val(side, "cpu"), 1, "CPU after it");
	t_equal(booked_becomes(0, 0), 0, "room");
	server_on(fill, 0, VBS_BW_UNIT * 4 / 10);
	t_equal(group_set(&g, "cpuset.cpus", "0"), -EBUSY,
		"the partition takes CPU 0 instead, from all others");
	t_ok(!strcmp(group_get(&g, "cpuset.cpus"), "1"), "its CPUs are what they were");
	t_equal(server_val(side, "cpu"), 1, "CPU after that");
	t_equal(server_val(fill, "cpu"), 0, "CPU of the other");
	t_kill(side);
	t_kill(fill);
	group_end(&g);
	group_end(&other);
	t_equal(books_empty(SEC), 0, "booked at last");
}

static int group_fd;

/* 0 or -errno of a fork into the group */
static int fork_into(void)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = group_fd,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

static void parent(void *ret)
{
	raise(SIGSTOP);
	*(int *)ret = fork_into();
	raise(SIGSTOP);
	*(int *)ret = fork_into();
	raise(SIGSTOP);
}

/* A child in another cpuset takes its server along, if its parent can follow. */
static void child(void)
{
	struct group g = group_new(CGROUP2, "vbs_child", "1");
	int *ret = t_shared(sizeof(*ret));
	pid_t pid;

	group_fd = open(g.path, O_RDONLY);
	pid = t_fork(parent, ret);
	waitpid(pid, NULL, WUNTRACED);
	pin_to(pid, 0);
	must_enter(pid, 1 * MS, 10 * MS, CAP);
	kill(pid, SIGCONT);
	waitpid(pid, NULL, WUNTRACED);
	t_equal(*ret, -EBUSY, "a child in a cpuset of CPU 1, the parent on CPU 0 alone");
	t_equal(server_val(pid, "cpu"), 0, "CPU after that");
	mask_to(pid, 3);
	kill(pid, SIGCONT);
	waitpid(pid, NULL, WUNTRACED);
	t_equal(*ret, 0, "the same, the parent on both");
	t_equal(server_val(pid, "cpu"), 1, "CPU after it");
	t_kill(pid);
	close(group_fd);
	group_end(&g);
	t_equal(books_empty(SEC), 0, "booked at last");
}

VBS_TEST("cpusets: partitions and children in another cpuset move servers, or EBUSY", 60)
{
	need_vbs();
	need_cpus(2);
	need_cpusets2();
	partition();
	child();
}
