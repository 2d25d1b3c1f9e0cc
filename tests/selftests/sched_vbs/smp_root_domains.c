// SPDX-License-Identifier: GPL-2.0
#include <sys/mount.h>
#include <sys/stat.h>
#include "vbs_test.h"

#define ROOT	"/tmp/vbs_cpuset"
#define CPU3	"/sys/devices/system/cpu/cpu3/online"

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

/* Who never wakes up stays where it was, in another domain's account */
static void napper(void *unused)
{
	(void)unused;
	for (;;)
		sleep_ns(5 * MS);
}

static u32 share(u32 percent)
{
	return (u64)VBS_BW_UNIT * percent / 100;
}

static void must_write(const char *path, const char *text)
{
	int err = file_write(path, "%s", text);

	if (err)
		t_fatal("%s = %s: %d", path, text, err);
}

/* A root domain of two CPUs */
static void domain(const char *name, const char *cpus)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "/%s", name);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), ROOT "/%s/cpuset.cpus", name);
	must_write(path, cpus);
	snprintf(path, sizeof(path), ROOT "/%s/cpuset.mems", name);
	must_write(path, "0");
}

static void two_domains(void)
{
	mkdir(ROOT, 0755);
	if (mount("cgroup", ROOT, "cgroup", 0, "cpuset"))
		t_skip_all("no cpusets of cgroup v1");
	domain("a", "0-1");
	domain("b", "2-3");
	must_write(ROOT "/cpuset.sched_load_balance", "0");
}

static void one_domain(void)
{
	must_write(ROOT "/cpuset.sched_load_balance", "1");
	rmdir(ROOT "/a");
	rmdir(ROOT "/b");
	umount(ROOT);
}

static pid_t deadline_in_a(u64 percent)
{
	pid_t pid = t_fork(napper, NULL);
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	must_write(ROOT "/a/tasks", text);
	sleep_ns(100 * MS);
	t_equal(set_deadline(pid, percent * MS, 100 * MS), 0, "DEADLINE takes %d %% of a",
		(int)percent);
	return pid;
}

static pid_t server(int cpu, u32 percent)
{
	pid_t pid = t_fork(sleeper, NULL);
	cpu_set_t set;

	if (cpu >= 0)
		pin_to(pid, cpu);
	sleep_ns(5 * MS);
	must_enter(pid, 1 * MS, 10 * MS, share(percent));
	memset(&set, 0xff, sizeof(set));
	t_equal(sched_setaffinity(pid, sizeof(set), &set), 0, "may run anywhere");
	return pid;
}

static void away_from(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < 4; i++)
		if (i != cpu)
			CPU_SET(i, &set);
	t_equal(sched_setaffinity(pid, sizeof(set), &set), 0, "moves away from %d", cpu);
}

/*
 * CPUs 0 and 1 have most to spare by the books of SCHED_VBS, but SCHED_DEADLINE
 * has all of their domain but 10 %.
 */
VBS_TEST("a CPU is chosen by the books of both classes: another root domain has room", 60)
{
	pid_t fill[2], dl[2], pid;
	u64 cpu;

	need_vbs();
	need_cpus(4);
	file_restore(CPU3);
	two_domains();
	fill[0] = server(2, 30);
	fill[1] = server(3, 20);
	dl[0] = deadline_in_a(85);
	dl[1] = deadline_in_a(85);

	pid = t_fork(sleeper, NULL);
	sleep_ns(5 * MS);
	t_equal(vbs_enter(pid, 1 * MS, 10 * MS, share(20)), 0, "admission of 20 %%");
	t_equal(server_val(pid, "cpu"), 3, "CPU, where 70 %% are left");
	away_from(pid, 3);
	t_equal(server_val(pid, "cpu"), 2, "CPU, where 60 %% are left");
	t_equal(vbs_enter(fill[1], 1 * MS, 10 * MS, share(91)), -EBUSY, "a raise beyond all");
	t_equal(file_write(CPU3, "0"), 0, "CPU 3 goes offline");
	t_equal(server_val(fill[1], "cpu"), 2, "its server goes to");
	t_equal(file_write(CPU3, "1"), 0, "CPU 3 comes back");

	/* exact on both sides: 10 % of a are left, less what rounding takes */
	t_kill(pid);
	sleep_ns(50 * MS);
	pid = t_fork(sleeper, NULL);
	pin_to(pid, 0);
	sleep_ns(5 * MS);
	t_equal(vbs_enter(pid, 1 * MS, 100 * MS, share(11)), -EBUSY, "11 %% in a");
	cpu = cpu_key(0, "spare");
	t_equal(vbs_enter(pid, 1 * MS, 100 * MS, cpu + 1), -EBUSY, "a unit more than the spare");
	t_equal(vbs_enter(pid, 1 * MS, 100 * MS, cpu), 0, "the spare of CPU 0");
	t_equal(cpu_key(1, "spare"), 0, "spare on CPU 1 then");

	t_kill(pid);
	for (int i = 0; i < 2; i++) {
		t_kill(fill[i]);
		t_kill(dl[i]);
	}
	one_domain();
	t_equal(books_empty(SEC), 0, "booked at last");
}
