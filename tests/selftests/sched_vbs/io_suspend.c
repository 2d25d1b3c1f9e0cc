// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"
#include "vbs_net.h"

/*
 * Suspend takes a CPU with its servers, whose members are frozen.  Threads of the kernel
 * are not: their servers leave it before, or end, and then the threads are what they were.
 */
#define POWER		"/sys/power/"
#define ENABLE		"/proc/sys/kernel/sched_vbs_enable"
#define PERIOD		(10 * MS)
#define LINE		"irq/9-"	/* of ACPI: with threadirqs, and it stays */

static bool can_suspend(void)
{
	char modes[128] = "";

	file_read(POWER "mem_sleep", modes, sizeof(modes));
	return strstr(modes, "deep") && !access(POWER "pm_test", W_OK);
}

/* All of it, but that the CPU that is left sleeps, too */
static void suspend(void)
{
	file_write(POWER "mem_sleep", "deep");
	file_write("/sys/module/suspend/parameters/pm_test_delay", "1");
	file_write(POWER "pm_test", "processors");
	t_equal(file_write(POWER "state", "mem"), 0, "suspend, and back");
}

static int fifo_priority(pid_t pid)
{
	struct sched_param param = { 0 };

	return sched_getparam(pid, &param) ? -1 : param.sched_priority;
}

static void enter_on(pid_t pid, u64 runtime, int cpu)
{
	pin_to(pid, cpu);
	must_enter(pid, runtime, PERIOD, 0);
	t_equal(server_val(pid, "cpu"), cpu, "CPU of its server");
}

static void moves_away(pid_t line, pid_t poll)
{
	pid_t user = t_fork(spin_forever, NULL);

	enter_on(user, 2 * MS, 1);
	enter_on(line, MS, 1);
	enter_on(poll, MS, 1);
	suspend();
	t_equal(server_val(user, "cpu"), 1, "CPU of a frozen task's server afterwards");
	t_equal(server_val(line, "cpu"), 0, "of the server of an interrupt's thread");
	t_equal(server_val(poll, "cpu"), 0, "of the server of a network queue's");
	t_equal(server_val(line, "members"), 1, "which it is still in");
	vbs_leave(line);
	vbs_leave(poll);
	t_kill(user);
}

static void finds_no_room(pid_t line, pid_t poll)
{
	pid_t full = t_fork(spin_forever, NULL);

	enter_on(full, 6 * MS, 0);
	enter_on(line, 4 * MS, 1);
	enter_on(poll, 4 * MS, 1);
	suspend();
	t_equal(sched_getscheduler(line), SCHED_FIFO, "an interrupt's thread without room");
	t_equal(fifo_priority(line), 50, "its priority");
	t_equal(sched_getscheduler(poll), SCHED_OTHER, "a network queue's thread without room");
	t_equal(server_val(full, "members"), 1, "who has the room keeps it");
	t_kill(full);
	t_equal(books_empty(SEC), 0, "booked then");
}

static void all_end(pid_t line, pid_t poll)
{
	enter_on(line, MS, 0);
	must_enter(poll, MS, PERIOD, 0);
	t_equal(file_write(ENABLE, "0"), 0, "an administrator ends all servers");
	t_equal(sched_getscheduler(line), SCHED_FIFO, "an interrupt's thread");
	t_equal(fifo_priority(line), 50, "its priority");
	t_equal(sched_getscheduler(poll), SCHED_OTHER, "a network queue's thread");
	t_equal(file_write(ENABLE, "1"), 0, "servers again");
}

VBS_TEST("a server with a thread of the kernel leaves a CPU that suspend takes", 90)
{
	pid_t sender, line, poll;

	need_vbs();
	need_cpus(2);
	line = kernel_thread(LINE);
	if (!line || !can_suspend())
		t_skip_all("no thread " LINE ", or the machine cannot suspend");
	sender = flood_new();
	pin_to(sender, 0);
	flood_go();
	sleep_ns(100 * MS);
	napi_threaded(true);
	poll = napi_thread();
	moves_away(line, poll);
	finds_no_room(line, poll);
	all_end(line, poll);
	t_kill(sender);
}
