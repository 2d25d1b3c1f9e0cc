// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void play(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 15 * MS);
}

static void sched_file(pid_t pid)
{
	static char text[16384];
	char path[64], *p;

	snprintf(path, sizeof(path), "/proc/%d/sched", pid);
	t_at_least(file_read(path, text, sizeof(text)), 1, "bytes of /proc/PID/sched");
	p = strstr(text, "\npolicy");
	t_ok(p && strtol(strchr(p, ':') + 1, NULL, 10) == SCHED_VBS, "policy in it");
}

VBS_TEST("/proc/PID/stat and /proc/PID/sched show policy 8 and priority -102", 30)
{
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, 0);

	t_equal(stat_field(a->pid, STAT_PRIORITY), -102, "priority");
	t_equal(stat_field(a->pid, 40), 0, "rt_priority");
	t_equal(stat_field(a->pid, 41), SCHED_VBS, "policy");
	sched_file(a->pid);
	actor_end(a);
}
