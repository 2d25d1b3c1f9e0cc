// SPDX-License-Identifier: GPL-2.0
/*
 * Response-time bounds.
 *
 * Alone: job k of a busy window that starts at 0 arrives at (k - 1) T at the
 * earliest and ends when k jobs are done.  The search ends with the window, or
 * at a common multiple of both periods, after which it repeats.
 *
 * FIFO: a job waits for what arrived before it.  It takes slices that end no
 * job early (cost <= slice), and no job that arrives while the one before it
 * still runs, for such a job does not queue: so the bound must not exceed the
 * least period.  By induction it never does then, and each member has at most
 * one job in the queue, its own last: the sum of all costs is ahead at most.
 *
 * Slices: a job of ceil(C/slice) turns waits at most one turn of each other
 * member before each of its own, and for no more than that member's work.  Its
 * predecessor must have ended, so the bound must not exceed the period.
 *
 * Busy window: every order of the members ends a job by the end of it.
 */
#include "analyze/bounds.h"

/* Beyond this a window is not searched on; a bound that is coarser is used */
#define STEPS_MAX	200000

struct problem {
	const struct load *load;
	const struct supply *supply;
	uint64_t slice;
	bool busy_closed;
	u128 busy;		/* the longest busy window */
};

bool load_share(const struct load *load, struct ratio *share)
{
	int i;

	*share = (struct ratio){ 0, 1 };
	for (i = 0; i < load->tasks; i++) {
		const struct load_task *t = &load->task[i];

		if (!ratio_add(share, (struct ratio){ t->cost, t->period }))
			return false;
	}
	return true;
}

static u128 sum_of_costs(const struct load *load)
{
	u128 sum = 0;
	int i;

	for (i = 0; i < load->tasks; i++)
		sum += load->task[i].cost;
	return sum;
}

/* The most work of a task that arrives in the half-open window [0, t) */
static u128 released_before(const struct load_task *task, u128 t)
{
	return div_up(t, task->period) * task->cost;
}

static uint64_t least_period(const struct load *load)
{
	uint64_t least = load->task[0].period;
	int i;

	for (i = 1; i < load->tasks; i++) {
		if (load->task[i].period < least)
			least = load->task[i].period;
	}
	return least;
}

/* As sbf(t) >= budget/period (t - gap), and jobs come no faster than that */
static u128 linear_bound(const struct load_task *t, const struct supply *s)
{
	return supply_gap(s) + div_up((u128)t->cost * s->period, s->budget);
}

/*
 * A server whose only member blocks whenever its jobs are done begins each busy window
 * with a new instance, or goes on with one as if the window had begun with that: the wait
 * for a budget that others have used up does not come up.
 */
static u128 alone_bound(const struct load_task *t, const struct supply *s, bool full)
{
	u128 common = t->period / gcd128(t->period, s->period) * (u128)s->period;
	u128 arrival = 0, work = t->cost, done, worst = 0;
	int steps;

	for (steps = 0; steps < STEPS_MAX; steps++) {
		done = full ? supply_time_full(s, work) : supply_time(s, work);
		if (done - arrival > worst)
			worst = done - arrival;
		arrival += t->period;
		work += t->cost;
		if (done <= arrival || arrival >= common)
			return worst;
	}
	return linear_bound(t, s);
}

static void find_busy_window(struct problem *p)
{
	u128 t = supply_time(p->supply, sum_of_costs(p->load)), work;
	int i, steps;

	for (steps = 0; steps < STEPS_MAX; steps++) {
		work = 0;
		for (i = 0; i < p->load->tasks; i++)
			work += released_before(&p->load->task[i], t);
		p->busy = t;
		t = supply_time(p->supply, work);
		p->busy_closed = t == p->busy;
		if (p->busy_closed)
			return;
	}
}

static u128 slices_bound(const struct problem *p, int self)
{
	u128 turns = div_up(p->load->task[self].cost, p->slice);
	u128 work = p->load->task[self].cost, other;
	int i;

	for (i = 0; i < p->load->tasks; i++) {
		if (i == self)
			continue;
		other = released_before(&p->load->task[i], p->busy);
		if (!p->busy_closed || other > turns * p->slice)
			other = turns * p->slice;
		work += other;
	}
	return supply_time(p->supply, work);
}

/* The better of the two, where the first is one: see the head of this file */
static struct bound best_bound(const struct problem *p, int self)
{
	struct bound b = { BY_NONE, 0 };

	if (p->busy_closed)
		b = (struct bound){ BY_BUSY, p->busy };
	if (p->slice) {
		u128 r = slices_bound(p, self);

		if (r <= p->load->task[self].period &&
		    (b.theory == BY_NONE || r < b.response))
			b = (struct bound){ BY_SLICES, r };
	}
	return b;
}

static bool slices_never_end(const struct problem *p)
{
	int i;

	for (i = 0; i < p->load->tasks; i++) {
		if (p->slice && p->load->task[i].cost > p->slice)
			return false;
	}
	return true;
}

static void fill(struct bound *bound, int n, struct bound value)
{
	while (n--)
		*bound++ = value;
}

void load_bounds(const struct load *load, const struct supply *s, uint64_t slice,
		 struct ratio share, struct bound *bound)
{
	struct problem p = { .load = load, .supply = s, .slice = slice };
	u128 fifo;
	int i;

	fill(bound, load->tasks, (struct bound){ BY_NONE, 0 });
	if (ratio_cmp(share, (struct ratio){ s->budget, s->period }) > 0)
		return;
	fifo = supply_time(s, sum_of_costs(load));
	if (load->tasks == 1) {
		bound[0] = (struct bound){ load->alone ? BY_FULL : BY_ALONE,
					   alone_bound(&load->task[0], s, load->alone) };
	} else if (slices_never_end(&p) && fifo <= least_period(load)) {
		fill(bound, load->tasks, (struct bound){ BY_FIFO, fifo });
	} else {
		find_busy_window(&p);
		for (i = 0; i < load->tasks; i++)
			bound[i] = best_bound(&p, i);
	}
}

bool bound_meets(const struct bound *bound, const struct load_task *task)
{
	return bound->theory != BY_NONE && bound->response <= task->deadline;
}

const char *theory_name(enum theory theory)
{
	static const char *const names[] = {
		[BY_NONE] = "none", [BY_ALONE] = "alone", [BY_FULL] = "full", [BY_FIFO] = "fifo",
		[BY_SLICES] = "slices", [BY_BUSY] = "busy-window",
	};

	return names[theory];
}
