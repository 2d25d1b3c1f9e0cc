// SPDX-License-Identifier: GPL-2.0
#include <sys/resource.h>
#include "vbs_test.h"

static pid_t pid;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static int nice_of(void)
{
	errno = 0;
	return getpriority(PRIO_PROCESS, pid);
}

VBS_TEST("nice is stored in the class, changes nothing there, and comes back with SCHED_OTHER", 30)
{
	struct vbs_sched_attr attr, before, after;

	need_vbs();
	pid = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	setpriority(PRIO_PROCESS, pid, 3);
	attr = vbs_attr(2 * MS, 10 * MS, 0);
	attr.sched_nice = 3;
	t_equal(vbs_setattr(pid, &attr), 0, "enter");
	t_equal(nice_of(), 3, "nice inside");
	vbs_getattr(pid, &before);
	t_equal(setpriority(PRIO_PROCESS, pid, 7), 0, "setpriority inside");
	t_equal(nice_of(), 7, "nice after it");
	vbs_getattr(pid, &after);
	before.sched_nice = after.sched_nice;
	t_ok(!memcmp(&before, &after, sizeof(after)), "the resource stays");
	t_equal(vbs_leave(pid), 0, "leave");
	t_equal(nice_of(), 7, "nice outside");
}
