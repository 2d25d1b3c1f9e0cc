// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>
#include "vbs_group.h"

#define CAP	(VBS_BW_UNIT * 3 / 10)

/* One member is in the cpuset, one is not: the server has to be where both may. */
static void outsider(void)
{
	struct group g = group_new(CGROUP2, "vbs_several", "0-1");
	pid_t in = sleeper_new(), out = sleeper_new();

	server_on(in, 0, CAP);
	t_equal(group_take(&g, in), 0, "one member is in the cpuset");
	pin_to(out, 0);
	t_equal(vbs_join(out, in), 0, "another one, on CPU 0 alone, is not");
	t_equal(group_set(&g, "cpuset.cpus", "1"), -EBUSY, "the cpuset changes to CPU 1");
	t_ok(!strcmp(group_get(&g, "cpuset.cpus"), "0-1"), "its CPUs are what they were");
	t_equal(mask_of(in), 3, "mask after that");
	t_equal(cpu_key(1, "booked"), 0, "booked on 1 after that");
	t_equal(mask_to(out, 3), 0, "the other one may run on both");
	t_equal(group_set(&g, "cpuset.cpus", "1"), 0, "the cpuset changes to CPU 1");
	t_equal(server_val(in, "cpu"), 1, "CPU after it");
	t_equal(mask_of(in), 2, "mask after it");
	t_equal(mask_of(out), 3, "mask of the other");
	t_equal(mask_to(out, 1), -EINVAL, "which may not leave it alone there");
	t_kill(in);
	t_kill(out);
	group_end(&g);
	t_equal(books_empty(SEC), 0, "booked at last");
}

/* Two of the servers of a cpuset fit on the other CPU, the third does not. */
static void all_or_none(void)
{
	struct group g = group_new(CGROUP2, "vbs_several", "0-1");
	pid_t pid[3], fill = sleeper_new();

	server_on(fill, 1, CAP);
	for (int i = 0; i < 3; i++) {
		pid[i] = sleeper_new();
		server_on(pid[i], 0, CAP * 9 / 10);
		t_equal(group_take(&g, pid[i]), 0, "server %d", i);
	}
	t_equal(group_set(&g, "cpuset.cpus", "1"), -EBUSY, "the cpuset changes to CPU 1");
	for (int i = 0; i < 3; i++)
		t_equal(server_val(pid[i], "cpu"), 0, "CPU of server %d", i);
	t_equal(cpu_key(1, "booked"), CAP, "booked on 1 after that");
	t_kill(pid[1]);
	t_equal(group_set(&g, "cpuset.cpus", "1"), 0, "without one of them");
	t_equal(server_val(pid[0], "cpu"), 1, "CPU of the first");
	t_equal(server_val(pid[2], "cpu"), 1, "CPU of the last");
	t_kill(pid[0]);
	t_kill(pid[2]);
	t_kill(fill);
	group_end(&g);
	t_equal(books_empty(SEC), 0, "booked at last");
}

static void *idle_thread(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* Four threads and a child, all members */
static void family(void *ready)
{
	pthread_t t;

	raise(SIGSTOP);
	for (int i = 0; i < 3; i++)
		pthread_create(&t, NULL, idle_thread, NULL);
	gate_open(ready);
	if (!fork())
		idle_thread(NULL);
	idle_thread(NULL);
}

/* A whole process follows; a child that stays behind has to be able to. */
static void process(void)
{
	struct group g = group_new(CGROUP2, "vbs_several", "1");
	volatile u32 *ready = t_shared(sizeof(*ready));
	pid_t pid = t_fork(family, (void *)ready);

	waitpid(pid, NULL, WUNTRACED);
	server_on(pid, 0, CAP);
	kill(pid, SIGCONT);
	gate_wait(ready);
	sleep_ns(50 * MS);
	t_equal(server_val(pid, "members"), 5, "members");
	t_equal(group_take(&g, pid), 0, "their process is attached to a cpuset of CPU 1");
	t_equal(server_val(pid, "cpu"), 1, "CPU after it");
	t_equal(mask_of(pid), 2, "mask after it");
	t_equal(group_leave(&g, pid), 0, "and detached");
	t_equal(mask_of(pid), 3, "mask after it");
	kill(-pid, SIGKILL);
	t_kill(pid);
	group_end(&g);
}

VBS_TEST("cpusets: all members of a server can follow, or nothing has changed", 60)
{
	need_vbs();
	need_cpus(2);
	need_cpusets2();
	outsider();
	all_or_none();
	process();
}
