// SPDX-License-Identifier: GPL-2.0
/* The supply bound function and its inverse. */
#include "analyze/supply.h"

/* Beyond so many instances a bound is used that is coarser */
#define SWITCHES_MAX	100000

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

u128 supply_time_full(const struct supply *s, u128 work)
{
	u128 before;

	if (!work || s->aligned)
		return supply_time(s, work);
	before = (work - 1) / s->budget;
	return idle(s) + before * s->period + (work - before * s->budget);
}

static u128 latest(const struct supply *s, u128 from, u128 done)
{
	return from + done / s->budget * s->period + done % s->budget;
}

u128 supply_switched(const struct supply *s, const struct supply *to, u128 work)
{
	u128 done, worst = latest(s, supply_gap(s), 0) + supply_time_full(to, work), t;

	if (!work)
		return 0;
	if ((work - 1) / s->budget + (work - 1) / to->budget > SWITCHES_MAX)
		return latest(s, supply_gap(s), work) + supply_time_full(to, work);
	for (done = 0; done < work; done += s->budget) {
		t = latest(s, supply_gap(s), done) + supply_time_full(to, work - done);
		worst = t > worst ? t : worst;
	}
	for (done = work; done > to->budget;) {
		done -= to->budget;
		t = latest(s, supply_gap(s), done - 1) + supply_time_full(to, work - done + 1);
		worst = t > worst ? t : worst;
	}
	return worst;
}
