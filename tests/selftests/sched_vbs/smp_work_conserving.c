// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

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

VBS_TEST("A server that exhausts leaves its CPU to waiting tasks of other CPUs", 60)
{
	pid_t pid[3];
	u64 idle, begin, ms;

	need_vbs();
	need_cpus(2);
	for (int i = 0; i < 3; i++)
		pid[i] = t_fork(spin_forever, NULL);
	pin_to(pid[0], 1);
	must_enter(pid[0], 5 * MS, 10 * MS, 0);
	sleep_ns(500 * MS);
	begin = now_ns();
	idle = idle_ticks(1);
	sleep_ns(5 * SEC);
	ms = (now_ns() - begin) / MS;
	idle = (idle_ticks(1) - idle) * 10;
	/* A class that forgets to pull leaves half of it idle; the host steals some */
	t_at_most(idle, ms / 10, "ms of %ju that CPU 1 was idle", (uintmax_t)ms);
	for (int i = 0; i < 3; i++)
		t_kill(pid[i]);
}
