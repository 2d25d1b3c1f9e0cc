// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void exhausts(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 25 * MS);
}

/* Not in the server until it joins by itself at 5 ms */
static void joins(struct actor *a)
{
	while (now_ns() < a->t0 + 5 * MS)
		nops();
	vbs_join(0, (pid_t)a->rec.t0);
	rec_until(&a->rec, a->t0 + 25 * MS);
}

VBS_TEST("joining a throttled server brings no budget", 30)
{
	struct actor *a = actor_new(exhausts, stage(), 2 * MS, 10 * MS, 0);
	struct actor *b = actor_new(joins, a->t0, 2 * MS, 10 * MS, 0);
	u64 eps = eps_start(2), first, both;

	vbs_leave(b->pid);
	b->rec.t0 = a->pid;
	actor_end(a);
	actor_end(b);
	first = b->rec.p[0].from < a->rec.p[1].from ? b->rec.p[0].from : a->rec.p[1].from;
	both = rec_total(&a->rec) + rec_total(&b->rec);
	t_near(first - a->t0, 10 * MS, eps, "first execution after the join at 5 ms");
	t_at_most(both, 3 * 2 * MS + eps, "ns of both in three instances");
	t_at_least(rec_total(&b->rec), 1 * MS, "ns of the joiner");
}
