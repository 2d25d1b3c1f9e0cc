// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define COST	SYSCTL_VBS "release_cost_ns"

/*
 * Arguments: n servers share all that admission grants; fair=0 first sets the
 * fair server to 0, so that this is 95 % and not 90 %; cost_ns=c books the cost
 * of a release in each budget: lambda - c is executed then, and no number of
 * releases eats what is left of the CPU.  A deadline is met but
 * for what the releases and switches of the others cost, which admission does
 * not see; lambda itself is exact to the lateness of one timer, for any number
 * of instances, because what ran beyond is taken off the next one.
 */
VBS_TEST("G1: servers with work execute lambda in each instance, k lambda in any k", 300)
{
	unsigned int n = t_arg("n", 16);
	u64 instances = t_arg("instances", 1000), spare;
	u64 longest = t_arg("longest_us", 10000) * US;
	u64 cost = t_arg("cost_ns", 0);
	struct crowd *c;
	struct trace t;
	struct g1 g;

	need_vbs();
	if (!t_arg("fair", 1)) {
		file_restore(FAIR_SERVER);
		if (file_write(FAIR_SERVER, "0"))
			t_fatal("set the fair server to 0");
	}
	if (cost) {
		file_restore(COST);
		if (file_write(COST, "%ju", (uintmax_t)cost))
			t_fatal("set the cost of a release");
	}
	trace_start(EV_ACCOUNTS, t_arg("megabytes", 96));
	eps_measure_long();
	spare = cpu_room(0);
	t_diag("%u servers share %.2f %%", n, 100.0 * spare / VBS_BW_UNIT);
	c = crowd_new(n, spare, t_arg("shortest_us", 5000) * US, longest);
	crowd_go(c);
	t_at_most(cpu_key(0, "booked") - spare, n, "units of bandwidth beyond that");
	t_at_most(spare - cpu_key(0, "booked"), n, "units of bandwidth left over");
	sleep_ns((instances + 2) * longest);
	g = crowd_g1(c, &t);
	crowd_end(c);
	check_g1(&g, instances, eps_budget(), eps_start(n));
}
