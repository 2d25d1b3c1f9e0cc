// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * Half of a CPU as (50, 100) ms; at once after its budget (1, 2) ms, and back.
 * Released at the switch instead of at z it would execute 51 ms in 52.
 */
#define CAP	(VBS_BW_UNIT / 2)

static u64 until;

static void attack(void *unused)
{
	(void)unused;
	while (now_ns() < until) {
		burn(50 * MS - 50 * US);
		vbs_enter(0, 1 * MS, 2 * MS, 0);
		burn(10 * MS);
		vbs_enter(0, 50 * MS, 100 * MS, 0);
	}
}

VBS_TEST("50 of (50,100) and then (1,2) takes nothing from the neighbours", 120)
{
	u64 longest = 10 * MS, instances = t_arg("instances", 200);
	struct crowd *c;
	struct slices s;
	struct trace t;
	struct g1 g;
	pid_t pid;

	need_vbs();
	trace_start(EV_ACCOUNTS, 64);
	eps_measure();
	until = now_ns() + (instances + 10) * longest;
	pid = t_fork(attack, NULL);
	must_enter(pid, 50 * MS, 100 * MS, CAP);
	c = crowd_new(2, cpu_room(0), 2 * MS, longest);
	crowd_go(c);
	t_wait(pid);
	g = crowd_g1(c, &t);
	crowd_end(c);
	check_g1(&g, instances, eps_budget(), eps_start(3));
	s = service_of(&t, &pid, 1);
	check_g2(&s, 0.5, 50 * MS, eps_budget(), "the switching server");
}
