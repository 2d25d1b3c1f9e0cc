// SPDX-License-Identifier: GPL-2.0
/*
 * A throttled SCHED_DEADLINE task is queued, but no CPU hotplug sees it: it is left
 * on the CPU that goes, until its timer comes.  Whoever takes it into another class
 * before enqueues it there, where nobody will ever run it.
 */
#include "vbs_measure.h"

#define RUNTIME	(20 * MS)
#define PERIOD	(4 * SEC)	/* and so long is it throttled */
#define ONLINE	"/sys/devices/system/cpu/cpu1/online"

static volatile u32 *beats;

static void beat(void *unused)
{
	(void)unused;
	for (;;)
		++*beats;
}

static bool runs(void)
{
	u32 before = *beats;

	for (int i = 0; i < 100 && *beats == before; i++)
		sleep_ns(10 * MS);
	return *beats != before;
}

/* A throttled task without a mask that CPU 1 could break; it may have moved to CPU 0 */
static pid_t throttled_task(void)
{
	pid_t pid = t_fork(beat, NULL);
	cpu_set_t all;

	pin_to(pid, 1);
	sleep_ns(50 * MS);
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(pid, sizeof(all), &all);
	/* what earlier tests had may not be free yet */
	for (int i = 0; i < 20 && set_deadline(pid, RUNTIME, PERIOD); i++)
		sleep_ns(100 * MS);
	sleep_ns(10 * RUNTIME);
	return pid;
}

/* On CPU 1, which is offline, throttled there */
static pid_t left_behind(void)
{
	pid_t pid = throttled_task();

	for (int i = 0; i < 5 && stat_field(pid, 39) != 1; i++) {
		t_kill(pid);
		pid = throttled_task();
	}
	t_equal(stat_field(pid, 39), 1, "the CPU on which it was throttled");
	t_equal(file_write(ONLINE, "0"), 0, "CPU 1 goes offline");
	t_equal(sched_getscheduler(pid), SCHED_DEADLINE, "its class");
	return pid;
}

static void end(pid_t pid)
{
	file_write(ONLINE, "1");	/* or it could not be killed either */
	t_kill(pid);
}

VBS_TEST("a throttled SCHED_DEADLINE task leaves a CPU that is offline with its class", 120)
{
	pid_t pid;

	need_vbs();
	need_cpus(2);
	file_restore(ONLINE);
	beats = t_shared(sizeof(*beats));
	pid = left_behind();
	t_equal(vbs_enter(pid, 2 * MS, 10 * MS, 0), 0, "it enters SCHED_VBS");
	t_ok(runs(), "it runs as a member");
	end(pid);
	pid = left_behind();
	t_equal(set_fifo(pid, 1), 0, "it becomes SCHED_FIFO");
	t_ok(runs(), "it runs with SCHED_FIFO");
	end(pid);
	pid = left_behind();
	t_equal(vbs_leave(pid), 0, "it becomes SCHED_OTHER");
	t_ok(runs(), "it runs with SCHED_OTHER");
	end(pid);
}
