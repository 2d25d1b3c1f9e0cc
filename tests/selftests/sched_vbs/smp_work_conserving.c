// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define LENGTH	(5 * SEC)

/* user, nice, system, idle of one CPU, in ticks of 10 ms */
static u64 idle_ticks(int cpu)
{
	char buf[8192], name[16], *line;
	u64 user, nice, system, idle;

	if (file_read("/proc/stat", buf, sizeof(buf)) < 0)
		t_fatal("/proc/stat");
	snprintf(name, sizeof(name), "\ncpu%d ", cpu);
	line = strstr(buf, name);
	if (!line || sscanf(line + strlen(name), "%ju %ju %ju %ju", &user, &nice,
			    &system, &idle) != 4)
		t_fatal("no cpu%d in /proc/stat", cpu);
	return idle;
}

/* What a server does with one CPU, by a task of SCHED_FIFO that sleeps */
static void half_of_a_cpu(void *unused)
{
	u64 next = now_ns();

	(void)unused;
	pin_to(0, 0);
	set_fifo(0, 99);
	for (;; next += 10 * MS) {
		spin_until(next + 5 * MS);
		sleep_until(next + 10 * MS);
	}
}

/* Half of a CPU for one of three hogs: ms that two CPUs were idle */
static u64 idle_beside(int policy)
{
	pid_t pid[3];
	u64 idle;

	for (int i = 0; i < 3; i++)
		pid[i] = t_fork(i || policy != SCHED_FIFO ? spin_forever : half_of_a_cpu, NULL);
	if (policy != SCHED_FIFO)
		admit(policy, pid[0], 5 * MS, 10 * MS, 0);
	sleep_ns(500 * MS);
	idle = idle_ticks(0) + idle_ticks(1);
	sleep_ns(LENGTH);
	idle = (idle_ticks(0) + idle_ticks(1) - idle) * 10;
	for (int i = 0; i < 3; i++)
		t_kill(pid[i]);
	t_diag("%s: %ju ms idle", policy == SCHED_FIFO ? "FIFO, on one CPU" : class_name(policy),
	       (uintmax_t)idle);
	return idle;
}

/*
 * Whether a waiting task comes at once is for fair balancing to decide, and the
 * host steals some: SCHED_DEADLINE shows how much that is here.  A class that
 * forgets to pull leaves half of a CPU idle.
 */
VBS_TEST("A server that exhausts leaves its CPU to waiting tasks of other CPUs", 60)
{
	u64 peer;

	need_vbs();
	need_cpus(2);
	peer = idle_beside(SCHED_DEADLINE);
	idle_beside(SCHED_FIFO);
	t_at_most(idle_beside(SCHED_VBS), peer + LENGTH / MS / 10, "ms idle");
}
