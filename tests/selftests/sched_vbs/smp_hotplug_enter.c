// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>
#include "vbs_test.h"

#define CPU1	"/sys/devices/system/cpu/cpu1/online"
#define TASKS	6

static volatile u32 *rounds;

/* Enter, leave with a booking behind, enter again, die inside. */
static void once(void *unused)
{
	(void)unused;
	vbs_enter(0, 2 * MS, 40 * MS, 0);
	vbs_leave(0);
	vbs_enter(0, 2 * MS, 40 * MS, 0);
	sleep_ns(1 * MS);
	_exit(0);
}

static void breeder(void *arg)
{
	u32 i = (uintptr_t)arg;

	for (;;) {
		pid_t pid = fork();

		if (!pid)
			once(NULL);
		if (pid > 0)
			waitpid(pid, NULL, 0);
		rounds[i]++;
	}
}

static bool all_go_on(void)
{
	u32 before[TASKS];
	u64 end = now_ns() + 20 * SEC;
	bool ok = false;

	for (int i = 0; i < TASKS; i++)
		before[i] = rounds[i];
	while (!ok && now_ns() < end) {
		sleep_ns(50 * MS);
		ok = true;
		for (int i = 0; i < TASKS; i++)
			ok = ok && rounds[i] != before[i];
	}
	return ok;
}

VBS_TEST("CPU offline while tasks enter and leave: nobody is lost, no booking stays", 120)
{
	u32 offlines = t_arg("offlines", 60), done = 0;
	pid_t pid[TASKS];

	need_vbs();
	need_cpus(2);
	if (access(CPU1, W_OK))
		t_skip_all("no " CPU1);
	file_restore(CPU1);
	rounds = t_shared(TASKS * sizeof(*rounds));
	for (uintptr_t i = 0; i < TASKS; i++)
		pid[i] = t_fork(breeder, (void *)i);
	for (u32 i = 0; i < offlines; i++) {
		done += !file_write(CPU1, "0");
		sleep_ns(20 * MS);
		file_write(CPU1, "1");
		sleep_ns(3 * MS);
	}
	t_ok(done, "CPU 1 has been offline (%u times of %u)", done, offlines);
	t_ok(all_go_on(), "every task goes on");
	for (int i = 0; i < TASKS; i++)
		t_kill(pid[i]);
	t_equal(books_empty(3 * SEC), 0, "booked at last");
}
