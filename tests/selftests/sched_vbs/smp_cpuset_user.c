// SPDX-License-Identifier: GPL-2.0
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "vbs_test.h"

#define ROOT	"/sys/fs/cgroup"
#define NARROW	ROOT "/vbs_narrow"
#define WIDE	ROOT "/vbs_wide"

static void child(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

/* Asked for CPU 1 once; becomes two members when told to */
static void member(void *unused)
{
	(void)unused;
	pin_to(0, 1);
	raise(SIGSTOP);
	t_fork(child, NULL);
	for (;;)
		pause();
}

/*
 * The server is on CPU 0, the only one of its cpuset.  In a cpuset of both its
 * member would be cut to CPU 1, where it cannot go: there are two members.
 */
VBS_TEST("a wish for other CPUs does not make the move to a cpuset fail half-way", 30)
{
	cpu_set_t set;
	pid_t pid;

	need_vbs();
	need_cpus(2);
	if (file_write(ROOT "/cgroup.subtree_control", "+cpuset"))
		t_skip_all("no cpusets of cgroup v2");
	mkdir(NARROW, 0755);
	mkdir(WIDE, 0755);
	t_equal(file_write(NARROW "/cpuset.cpus", "0"), 0, "a cpuset of CPU 0");
	t_equal(file_write(WIDE "/cpuset.cpus", "0-1"), 0, "a cpuset of CPUs 0 and 1");
	pid = t_fork(member, NULL);
	waitpid(pid, NULL, WUNTRACED);
	t_equal(file_write(NARROW "/cgroup.procs", "%d", pid), 0, "it moves to CPU 0");
	must_enter(pid, 1 * MS, 10 * MS, 0);
	t_equal(server_val(pid, "cpu"), 0, "CPU of its server");
	kill(pid, SIGCONT);
	sleep_ns(100 * MS);
	t_equal(server_val(pid, "members"), 2, "members");
	t_equal(file_write(WIDE "/cgroup.procs", "%d", pid), 0, "it moves to both CPUs");
	CPU_ZERO(&set);
	sched_getaffinity(pid, sizeof(set), &set);
	t_ok(CPU_ISSET(0, &set), "its mask holds its server's CPU");
	t_kill(pid);
	rmdir(NARROW);
	rmdir(WIDE);
}
