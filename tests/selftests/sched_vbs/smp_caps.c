// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define SERVERS	6

static u64 executed(pid_t pid)
{
	return server_val(pid, "consumed");
}

VBS_TEST("on several CPUs no server gets more than its cap, and each gets a share", 120)
{
	u64 runtime = 2 * MS, period = 10 * MS, length, start, before[SERVERS], got, most;
	double u = runtime / (double)period;
	pid_t pid[SERVERS];

	need_vbs();
	need_cpus(2);
	for (int i = 0; i < SERVERS; i++) {
		pid[i] = t_fork(spin_forever, NULL);
		must_enter(pid[i], runtime, period, 0);
	}
	sleep_ns(100 * MS);
	start = now_ns();
	for (int i = 0; i < SERVERS; i++)
		before[i] = executed(pid[i]);
	sleep_ns(t_arg("seconds", 8) * SEC);
	for (int i = 0; i < SERVERS; i++) {
		got = executed(pid[i]) - before[i];
		length = now_ns() - start;
		most = u * length + 2 * runtime * (1 - u) + server_val(pid[i], "overrun_worst");
		t_at_most(got, most, "ns of server %d on CPU %ju in %.3f s", i,
			  (uintmax_t)server_val(pid[i], "cpu"), length / 1e9);
		/* time in which a virtual CPU does not run is lost; a quarter is there */
		t_at_least(got, u * length / 4, "ns of server %d", i);
	}
}
