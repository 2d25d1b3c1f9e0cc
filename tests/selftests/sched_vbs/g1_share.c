// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * Arguments: n servers share all that is granted().  A deadline is met but for
 * what the releases and switches of the others cost, which admission does not
 * see; lambda itself is exact to the lateness of one timer, for any number of
 * instances, because what ran beyond is taken off the next one.
 */
VBS_TEST("G1: servers with work execute lambda in each instance, k lambda in any k", 300)
{
	unsigned int n = t_arg("n", 16);
	u64 instances = t_arg("instances", 1000), spare;
	u64 longest = t_arg("longest_us", 10000) * US;
	struct crowd *c;
	struct trace t;
	struct g1 g;

	need_vbs();
	spare = granted();
	trace_start(EV_ACCOUNTS, t_arg("megabytes", 96));
	eps_measure_long();
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
