// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * A member suspends the machine.  Its server's CPU goes down with all servers that are
 * on it, and it is the one that everybody waits for.
 */
#define POWER	"/sys/power/"

static bool can_suspend(void)
{
	char modes[128] = "";

	file_read(POWER "mem_sleep", modes, sizeof(modes));
	return strstr(modes, "deep") && !access(POWER "pm_test", W_OK);
}

static void suspend(void *shared)
{
	volatile s32 *ret = shared;

	while (sched_getscheduler(0) != SCHED_VBS)
		sleep_ns(MS);
	*ret = file_write(POWER "state", "mem");
	for (;;)
		pause();
}

static void by_a_member(u64 runtime, u64 period)
{
	volatile s32 *ret = t_shared(sizeof(*ret));
	pid_t pid, beside;

	*ret = 1;
	beside = t_fork(spin_forever, NULL);
	pin_to(beside, 1);
	must_enter(beside, 2 * MS, 10 * MS, 0);
	pid = t_fork(suspend, (void *)ret);
	pin_to(pid, 1);
	must_enter(pid, runtime, period, 0);
	for (int i = 0; *ret == 1 && i < 2000; i++)
		sleep_ns(10 * MS);
	t_equal(*ret, 0, "suspend by a member of (%ju us, %ju us), and back",
		(uintmax_t)runtime / 1000, (uintmax_t)period / 1000);
	t_equal(server_val(pid, "cpu"), 1, "CPU of its server afterwards");
	t_equal(server_val(beside, "cpu"), 1, "of that of a task that was frozen");
	t_equal(sched_getscheduler(pid), SCHED_VBS, "its policy");
	t_kill(pid);
	t_kill(beside);
	t_equal(books_empty(2 * SEC), 0, "booked at last");
}

VBS_TEST("a member suspends the machine, and it comes back", 90)
{
	need_vbs();
	need_cpus(2);
	if (!can_suspend())
		t_skip_all("the machine cannot suspend");
	file_write(POWER "mem_sleep", "deep");
	file_write("/sys/module/suspend/parameters/pm_test_delay", "1");
	file_write(POWER "pm_test", "processors");
	by_a_member(5 * MS, 10 * MS);
	by_a_member(100 * US, 10 * MS);
	file_write(POWER "pm_test", "none");
}
