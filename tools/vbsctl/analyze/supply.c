// SPDX-License-Identifier: GPL-2.0
/* The supply bound function and its inverse. */
#include "analyze/supply.h"

bool supply_init(struct supply *s, const struct resource *res, uint64_t overhead,
		 bool aligned)
{
	if (overhead >= res->runtime)
		return false;
	s->budget = res->runtime - overhead;
	s->period = res->period;
	s->aligned = aligned;
	return true;
}

/* From the start of the worst window to the start of the next instance */
static uint64_t lead(const struct supply *s)
{
	return s->aligned ? s->period : s->period - s->budget;
}

static uint64_t idle(const struct supply *s)
{
	return s->period - s->budget;
}

u128 supply_gap(const struct supply *s)
{
	return (u128)lead(s) + idle(s);
}

u128 supply_bound(const struct supply *s, u128 window)
{
	u128 whole, rest;

	if (window <= lead(s))
		return 0;
	whole = (window - lead(s)) / s->period;
	rest = (window - lead(s)) % s->period;
	return whole * s->budget + (rest > idle(s) ? rest - idle(s) : 0);
}

u128 supply_time(const struct supply *s, u128 work)
{
	u128 before;

	if (!work)
		return 0;
	before = (work - 1) / s->budget;	/* instances used up before the last */
	return supply_gap(s) + before * s->period + (work - before * s->budget);
}
