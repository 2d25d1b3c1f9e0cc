// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include "vbs_test.h"

/*
 * SCHED_DEADLINE has half of the machine and more, in small pieces that each rebuild of
 * root domains adds up one by one; a user reads what makes it do that, all the time.
 */
#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
#define TASKS		50
#define USER		1000
#define SMALL		(VBS_BW_UNIT / 20 + 1)
#define LARGE		(VBS_BW_UNIT * 6 / 10)

static volatile u64 *rebuilt;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void reader(void *unused)
{
	char text[32];
	int fd;

	(void)unused;
	t_become(USER);
	for (;;) {
		fd = open(RT_RUNTIME, O_RDONLY);
		*rebuilt += read(fd, text, sizeof(text)) > 0;
		close(fd);
	}
}

VBS_TEST("SCHED_VBS books nothing of what SCHED_DEADLINE has while that is added up anew", 60)
{
	u32 granted = 0, entered = 0, other = 0;
	u64 end;
	pid_t pid, late, rebuilder;
	int err;

	need_vbs();
	need_cpus(2);
	rebuilt = t_shared(sizeof(*rebuilt));
	for (int i = 0; i < TASKS; i++) {
		pid = t_fork(sleeper, NULL);
		if (set_deadline(pid, 3 * MS, 100 * MS))
			t_fatal("deadline task %d", i);
	}
	pid = t_fork(sleeper, NULL);
	late = t_fork(sleeper, NULL);
	must_enter(pid, MS, 10 * MS, SMALL * 2);
	t_equal(vbs_enter(pid, MS, 10 * MS, LARGE), -EBUSY, "60 %% beside 150 %% of two CPUs");
	rebuilder = t_fork(reader, NULL);
	end = now_ns() + t_arg("seconds", 8) * SEC;
	while (now_ns() < end) {
		err = vbs_enter(pid, MS, 10 * MS, LARGE);
		granted += !err;
		other += err && err != -EBUSY;
		if (!err)
			vbs_enter(pid, MS, 10 * MS, SMALL * 2);
		entered += !vbs_enter(late, 4 * MS, 10 * MS, LARGE);
		vbs_leave(late);
	}
	/* First: SCHED_DEADLINE subtracts those that end meanwhile from a sum without them */
	t_kill(rebuilder);
	t_at_least(*rebuilt, 100, "times that it was added up");
	t_equal(granted, 0, "times that a cap was raised");
	t_equal(entered, 0, "times that a server of that size was entered");
	t_equal(other, 0, "times that it failed otherwise");
}
