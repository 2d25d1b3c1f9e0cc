// SPDX-License-Identifier: GPL-2.0
/*
 * Search for a resource.  A longer budget never makes a response longer, so
 * for each period the least budget is found by bisection.  Without overhead
 * shorter periods would always win; with it there is a best one.
 */
#include "analyze/propose.h"

#define BUDGET_STEP	1000	/* ns */

static bool meets_all(const struct wish *w, const struct resource *res)
{
	struct bound bound[LOAD_MAX];
	struct supply s;
	int i;

	if (!supply_init(&s, res, w->overhead, w->aligned))
		return false;
	load_bounds(w->load, &s, w->slice, w->share, bound);
	for (i = 0; i < w->load->tasks; i++) {
		if (!bound_meets(&bound[i], &w->load->task[i]))
			return false;
	}
	return true;
}

static uint64_t least_budget(const struct wish *w, const struct machine *m)
{
	uint64_t least = m->limits.runtime_min;

	if (least < 2 * w->overhead)
		least = 2 * w->overhead;
	return div_up(least, BUDGET_STEP);
}

static uint64_t most_budget(const struct machine *m, uint64_t period)
{
	return (period < m->limits.runtime_max ? period : m->limits.runtime_max) / BUDGET_STEP;
}

/* The least sufficient budget for res->period */
static bool fit_budget(const struct wish *w, const struct machine *m, struct resource *res)
{
	uint64_t low = least_budget(w, m), high = most_budget(m, res->period), mid;

	res->runtime = high * BUDGET_STEP;
	if (low > high || !meets_all(w, res))
		return false;
	while (low < high) {
		mid = low + (high - low) / 2;
		res->runtime = mid * BUDGET_STEP;
		if (meets_all(w, res))
			high = mid;
		else
			low = mid + 1;
	}
	res->runtime = low * BUDGET_STEP;
	return true;
}

static bool no_worse(const struct resource *a, const struct resource *b)
{
	return !b->period || ratio_cmp((struct ratio){ a->runtime, a->period },
				       (struct ratio){ b->runtime, b->period }) <= 0;
}

static void try_period(const struct wish *w, const struct machine *m, uint64_t period,
		       struct resource *best)
{
	struct resource res = { .period = period };

	if (period < m->limits.period_min || period > m->limits.period_max)
		return;
	if (fit_budget(w, m, &res) && no_worse(&res, best))
		*best = res;
}

bool propose(const struct wish *w, const struct machine *m, struct resource *best)
{
	uint64_t unit, digits;

	*best = (struct resource){ 0, 0 };
	if (w->period) {
		try_period(w, m, w->period, best);
		return best->period;
	}
	for (unit = BUDGET_STEP; unit * 10 <= m->limits.period_max; unit *= 10) {
		for (digits = 10; digits < 100; digits++)
			try_period(w, m, unit * digits, best);
	}
	return best->period;
}
