// SPDX-License-Identifier: GPL-2.0
#include <sys/stat.h>
#include "vbs_test.h"

#define ROOT	"/sys/fs/cgroup"
#define SET	ROOT "/vbs_cpuset"

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void pin_server(pid_t pid, int cpu, u32 cap)
{
	cpu_set_t set;

	pin_to(pid, cpu);
	must_enter(pid, 1 * MS, 10 * MS, cap);
	memset(&set, 0xff, sizeof(set));
	sched_setaffinity(pid, sizeof(set), &set);
}

VBS_TEST("cpusets: a server moves with its member's mask, or the change is EBUSY", 60)
{
	u32 cap = VBS_BW_UNIT * 6 / 10;
	pid_t pid, fill;

	need_vbs();
	need_cpus(2);
	if (file_write(ROOT "/cgroup.subtree_control", "+cpuset"))
		t_skip_all("no cpusets of cgroup v2");
	mkdir(SET, 0755);
	pid = t_fork(sleeper, NULL);
	fill = t_fork(sleeper, NULL);
	sleep_ns(20 * MS);
	pin_server(pid, 0, cap);

	t_equal(file_write(SET "/cpuset.cpus", "1"), 0, "a cpuset of CPU 1");
	t_equal(file_write(SET "/cgroup.procs", "%d", pid), 0, "attach a member whose server is on 0");
	t_equal(server_val(pid, "cpu"), 1, "CPU after it");
	t_equal(cpu_key(1, "booked"), cap, "booked on 1");
	t_equal(file_write(SET "/cpuset.cpus", "0"), 0, "the cpuset changes to CPU 0");
	t_equal(server_val(pid, "cpu"), 0, "CPU after it");
	t_equal(booked_becomes(1, 0), 0, "booked on 1 after z");

	pin_server(fill, 1, cap);
	t_equal(file_write(SET "/cpuset.cpus", "1"), -EBUSY, "the cpuset changes to a CPU without room");
	t_equal(server_val(pid, "cpu"), 0, "CPU after that");
	t_equal(file_write(ROOT "/cgroup.procs", "%d", pid), 0, "detach");
	t_equal(file_write(SET "/cpuset.cpus", "1"), 0, "the cpuset changes without it");
	t_equal(file_write(SET "/cgroup.procs", "%d", pid), -EBUSY, "attach to a cpuset without room");
	t_equal(server_val(pid, "cpu"), 0, "CPU after that");
	t_kill(pid);
	t_kill(fill);
	rmdir(SET);
	t_equal(books_empty(SEC), 0, "booked at last");
}
