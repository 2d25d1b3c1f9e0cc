// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void yields(struct actor *a)
{
	burn(600 * US);
	a->rec.t0 = now_ns();
	sched_yield();
	rec_until(&a->rec, a->t0 + 15 * MS);
}

static void other(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 15 * MS);
}

static u64 before(const struct rec *r, u64 t)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < r->n && r->p[i].from < t; i++)
		sum += (r->p[i].to < t ? r->p[i].to : t) - r->p[i].from;
	return sum;
}

VBS_TEST("sched_yield with other runnable members goes to the tail, no more", 30)
{
	struct actor *a = actor_new(yields, stage(), 4 * MS, 10 * MS, 0);
	struct actor *b = actor_join(other, a->t0 + 300 * US, a);
	u64 slice = sysctl_vbs("slice_us") * US, eps = eps_start(2);

	actor_end(a);
	actor_end(b);
	t_near(b->rec.p[0].from, a->rec.t0, eps, "the other one starts at");
	t_near(a->rec.p[0].from - b->rec.p[0].from, slice, eps, "who yielded goes on after");
	/* each switch of members is in the budget and in no piece */
	t_near(600 * US + before(&a->rec, a->t0 + 10 * MS) +
	       before(&b->rec, a->t0 + 10 * MS), 4 * MS, 5 * eps_start(1),
	       "both together in the instance");
}
