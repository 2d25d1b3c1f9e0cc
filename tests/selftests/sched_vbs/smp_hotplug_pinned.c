// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define CPU1	"/sys/devices/system/cpu/cpu1/online"
#define DEMOTE	SYSCTL_VBS "offline_demote"
#define USER	1000

static void sleeper(void *uid)
{
	if (uid)
		t_become((uid_t)(intptr_t)uid);
	for (;;)
		pause();
}

static void spinner(void *unused)
{
	(void)unused;
	t_become(USER);
	for (;;)
		;
}

static pid_t pinned(void (*fn)(void *), void *arg, int cpu, u32 cap)
{
	pid_t pid = t_fork(fn, arg);

	pin_to(pid, cpu);
	sleep_ns(20 * MS);
	must_enter(pid, 1 * MS, 10 * MS, cap);
	return pid;
}

static int policy_of(pid_t pid)
{
	struct vbs_sched_attr attr;

	vbs_getattr(pid, &attr);
	return attr.sched_policy;
}

static void moves(void (*fn)(void *), void *arg, const char *what)
{
	pid_t pid = pinned(fn, arg, 1, VBS_BW_UNIT / 4);
	cpu_set_t set;

	t_equal(file_write(CPU1, "0"), 0, "%s: CPU 1 goes offline", what);
	t_equal(policy_of(pid), SCHED_VBS, "%s: its policy", what);
	t_equal(server_val(pid, "cpu"), 0, "%s: CPU of the server", what);
	t_equal(sched_getaffinity(pid, sizeof(set), &set), 0, "%s: affinity", what);
	t_ok(CPU_ISSET(0, &set), "%s: may run there", what);
	t_equal(file_write(CPU1, "1"), 0, "%s: CPU 1 comes back", what);
	t_kill(pid);
	t_equal(books_empty(2 * SEC), 0, "%s: booked at last", what);
}

VBS_TEST("who is pinned vetoes no CPU's going; with offline_demote nobody does", 120)
{
	u32 cap = VBS_BW_UNIT * 6 / 10;
	u64 demoted;
	pid_t pid, fill;

	need_vbs();
	need_cpus(2);
	if (access(CPU1, W_OK))
		t_skip_all("no " CPU1);
	file_restore(DEMOTE);
	file_restore(CPU1);
	moves(sleeper, (void *)USER, "asleep");
	moves(spinner, NULL, "working");

	fill = pinned(sleeper, NULL, 0, cap);
	pid = pinned(sleeper, (void *)USER, 1, cap);
	demoted = head_key("demoted");
	t_equal(file_write(CPU1, "0"), -EBUSY, "CPU 1 goes offline with no room");
	t_equal(server_val(pid, "cpu"), 1, "CPU of the server after it");
	t_equal(head_key("demoted"), demoted, "demoted after it");
	t_equal(file_write(DEMOTE, "1"), 0, "offline_demote = 1");
	t_equal(file_write(CPU1, "0"), 0, "CPU 1 goes offline with no room");
	t_equal(policy_of(pid), SCHED_OTHER, "policy of who had no room");
	t_equal(policy_of(fill), SCHED_VBS, "policy of the other");
	t_equal(head_key("demoted"), demoted + 1, "demoted after it");
	t_equal(file_write(CPU1, "1"), 0, "CPU 1 comes back");
	t_kill(pid);
	t_kill(fill);
	t_equal(books_empty(SEC), 0, "booked at last");
}
