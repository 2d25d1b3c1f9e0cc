// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

VBS_TEST("EBUSY: no room for a cap, and not one unit is given away", 30)
{
	u64 capacity, spare;
	pid_t a, b;
	struct vbs_sched_attr attr;

	need_vbs();
	a = t_fork(sleeper, NULL);
	b = t_fork(sleeper, NULL);
	sleep_ns(20 * MS);
	capacity = cpu_key(0, "capacity");
	t_equal(capacity, VBS_BW_UNIT * 95 / 100 - VBS_BW_UNIT / 20, "capacity: 95 %% less the fair server's 5 %%");
	attr = vbs_attr(1 * MS, 10 * MS, capacity + 1);
	t_refused(EBUSY, a, &attr, "one unit more than the capacity");
	must_enter(a, 1 * MS, 10 * MS, capacity - 200000);
	spare = cpu_key(0, "spare");
	t_equal(spare, 200000, "spare");
	attr = vbs_attr(1 * MS, 10 * MS, spare + 1);
	t_refused(EBUSY, b, &attr, "entry with one unit more than is spare");
	attr.sched_vbs_cap = capacity + 1;
	t_refused(EBUSY, a, &attr, "a raise by one unit more than is spare");
	attr.sched_vbs_cap = spare;
	t_equal(vbs_setattr(b, &attr), 0, "entry with all that is spare");
	t_equal(cpu_key(0, "spare"), 0, "spare then");
	attr = vbs_attr(500 * US, 10 * MS, capacity - 199999);
	t_refused(EBUSY, a, &attr, "a raise by one unit with nothing spare");
	attr.sched_vbs_cap = 0;
	t_equal(vbs_setattr(a, &attr), 0, "a switch within the cap with nothing spare");
	attr = vbs_attr(1 * MS, 5 * MS, capacity + 1);
	t_refused(EBUSY, a, &attr, "a switch together with a raise that has no room");
}
