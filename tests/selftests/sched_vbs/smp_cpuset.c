// SPDX-License-Identifier: GPL-2.0
#include "vbs_group.h"

#define CAP	(VBS_BW_UNIT * 6 / 10)

static void room(const char *root)
{
	struct group g = group_new(root, "vbs_cpuset", "1");
	pid_t pid = sleeper_new();

	server_on(pid, 0, CAP);
	t_equal(group_take(&g, pid), 0, "attach a member whose server is on 0");
	t_equal(server_val(pid, "cpu"), 1, "CPU after it");
	t_equal(cpu_key(1, "booked"), CAP, "booked on 1");
	t_equal(group_set(&g, "cpuset.cpus", "0"), 0, "the cpuset changes to CPU 0");
	t_equal(server_val(pid, "cpu"), 0, "CPU after it");
	t_equal(mask_of(pid), 1, "mask after it");
	t_equal(booked_becomes(1, 0), 0, "booked on 1 after z");
	t_kill(pid);
	group_end(&g);
	t_equal(books_empty(SEC), 0, "booked at last");
}

static void no_room(const char *root)
{
	struct group g = group_new(root, "vbs_cpuset", "0");
	pid_t pid = sleeper_new(), fill = sleeper_new();

	server_on(pid, 0, CAP);
	server_on(fill, 1, CAP);
	t_equal(group_take(&g, pid), 0, "attach");
	t_equal(group_set(&g, "cpuset.cpus", "1"), -EBUSY, "the cpuset changes to a CPU without room");
	t_ok(!strcmp(group_get(&g, "cpuset.cpus"), "0"), "its CPUs are what they were");
	t_equal(server_val(pid, "cpu"), 0, "CPU after that");
	t_equal(mask_of(pid), 1, "mask after that");
	t_equal(cpu_key(1, "booked"), CAP, "booked on 1 after that");
	t_equal(group_leave(&g, pid), 0, "detach");
	t_equal(group_set(&g, "cpuset.cpus", "1"), 0, "the cpuset changes without it");
	t_equal(group_take(&g, pid), -EBUSY, "attach to a cpuset without room");
	t_equal(server_val(pid, "cpu"), 0, "CPU after that");
	t_equal(mask_of(pid), 3, "mask after that");
	t_kill(fill);
	t_equal(booked_becomes(1, 0), 0, "the other is gone");
	t_equal(group_take(&g, pid), 0, "attach again");
	t_equal(server_val(pid, "cpu"), 1, "CPU after it");
	t_kill(pid);
	group_end(&g);
	t_equal(books_empty(SEC), 0, "booked at last");
}

VBS_TEST("cpusets: a server moves with its member's mask, or the change is EBUSY", 60)
{
	bool v1 = t_arg("v1", 0);

	need_vbs();
	need_cpus(2);
	if (v1)
		need_cpusets1();
	else
		need_cpusets2();
	room(v1 ? CGROUP1 : CGROUP2);
	no_room(v1 ? CGROUP1 : CGROUP2);
	if (v1)
		done_cpusets1();
}
