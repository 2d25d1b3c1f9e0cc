// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* u = 1/2, (5, 10): z = r + 9.8 ms; then it joins a server of (1, 10) */
static void joins(struct actor *a)
{
	burn(4900 * US);
	vbs_join(0, (pid_t)a->rec.t0);
	sleep_until(a->t0 + 30 * MS);
}

static void sleeps(struct actor *a)
{
	sleep_until(a->t0 + 100 * MS);
}

VBS_TEST("a member that joins another server leaves its own, which stays booked until z", 30)
{
	struct actor *b = actor_new(sleeps, stage(), 1 * MS, 10 * MS, 0);
	u32 other = vbs_bw(1 * MS, 10 * MS), half = VBS_BW_UNIT / 2;
	struct actor *a = actor_new(joins, b->t0, 5 * MS, 10 * MS, half);
	struct vbs_sched_attr attr;
	u64 val;

	a->rec.t0 = b->pid;
	sleep_until(a->t0 + 8 * MS);
	t_equal(cpu_key(0, "booked"), half + other, "booked before z");
	t_timely(cpu_key(0, "servers"), 1, "servers");
	t_timely(server_key(a->pid, "id", &val), false, "servers that it leads");
	t_equal(server_val(b->pid, "members"), 2, "members of the other");
	vbs_getattr(a->pid, &attr);
	t_equal(attr.sched_vbs_leader, b->pid, "leader it shows");
	t_equal(attr.sched_runtime, 1 * MS, "runtime it shows");
	sleep_until(a->t0 + 11 * MS);
	t_timely(cpu_key(0, "booked"), other, "booked after z");
	t_kill(a->pid);
	t_kill(b->pid);
}
