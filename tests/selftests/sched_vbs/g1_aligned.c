// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * An aligned server of the least cap, with so short a period that the interrupt at the end
 * of its budget makes z pass the next multiple each time.  It has its budget in each period
 * all the same, and three neighbours, who have all the rest that admission grants, theirs.
 */
#define RUNTIME	(90 * US)
#define PERIOD	(1 * MS)
#define LONGEST	(5 * MS)

static u32 least_cap(u64 runtime, u64 period)
{
	u64 num = (runtime << 20) * 512, den = period * 511;

	return (num + den - 1) / den;
}

VBS_TEST("G1 of an aligned server of the least cap, which skips none, and of its neighbours", 120)
{
	u64 instances = t_arg("instances", 4000);
	u32 cap = least_cap(RUNTIME, PERIOD);
	struct crowd *c;
	struct trace t;
	struct g1 g;

	need_vbs();
	c = crowd_new(3, granted() - cap, 2 * MS, LONGEST);
	crowd_add_aligned(c, RUNTIME, PERIOD);
	trace_start(EV_ACCOUNTS, t_arg("megabytes", 96));
	eps_measure_long();
	crowd_go(c);
	sleep_ns((instances + 10) * PERIOD);
	t_at_least(server_val(c->pid[3], "overrun_worst"), RUNTIME / 511,
		   "ns after which z is beyond the next multiple");
	t_equal(server_val(c->pid[3], "skipped"), 0, "multiples skipped");
	t_at_least(server_val(c->pid[3], "instances"), instances, "instances of it");
	g = crowd_g1(c, &t);
	crowd_end(c);
	check_g1(&g, instances * PERIOD / LONGEST, eps_budget(), eps_start(3 + LONGEST / PERIOD));
}
