// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of servers.
 *
 * Admission: the sum of the caps on a CPU stays within
 *	C = min(rt_runtime/rt_period - the fair server's share, p/(p + 1.024us))
 * with p the least period: deadlines are cut to units of 1.024 us, which may
 * cost one unit per window.  In a vCPU with resource (l, q) the supply of any
 * window of length p is only l/q (p - 2(q - l)).
 *
 * Blackout and tardiness take the resources as constant, u = budget/period.
 * Each server executes at most u s + budget of what it releases by the time s
 * into a busy stretch, so a stretch of length L has L <= U L + sum(budget).
 * In any window a server executes at most u L + 2 budget (1 - u), so the rest
 * gets at least (1 - U) L - sum(2 budget (1 - u)), and EDF of a bandwidth up to
 * 1 - U on that supply is late by at most sum(2 budget (1 - u))/(1 - U).
 */
#include <linux/sched/vbs.h>

#include "sets.h"

#define QUEUE_UNIT	1024	/* ns */

static uint32_t least32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* -1, no limit, counts as 95 % */
static uint64_t rt_units(const struct machine *m)
{
	if (m->rt_runtime < 0)
		return VBS_BW_UNIT * 95ULL / 100;
	return ((u128)m->rt_runtime << VBS_BW_SHIFT) / m->rt_period;
}

/* Each share is rounded down on its own, as the kernel does */
static uint32_t rt_capacity(const struct machine *m)
{
	uint64_t rt = rt_units(m);
	uint64_t fair = ((u128)m->fair_runtime << VBS_BW_SHIFT) / m->fair_period;

	return rt > fair ? rt - fair : 0;
}

uint32_t capacity_host(const struct machine *m)
{
	uint64_t period = m->limits.period_min;

	return least32(rt_capacity(m), ((u128)period << VBS_BW_SHIFT) / (period + QUEUE_UNIT));
}

uint32_t capacity_guest(const struct machine *m, const struct resource *vcpu)
{
	uint64_t gap = 2 * (vcpu->period - vcpu->runtime), period = m->limits.period_min;
	u128 num;

	if (period <= gap)
		return 0;
	num = (u128)vcpu->runtime * (period - gap);
	return least32(capacity_host(m),
		       (num << VBS_BW_SHIFT) / vcpu->period / (period + QUEUE_UNIT));
}

uint64_t set_booked(const struct server_set *set)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < set->servers; i++)
		sum += set->server[i].cap;
	return sum;
}

uint32_t cap_with_overhead(const struct server_spec *spec, uint64_t overhead)
{
	u128 cap = div_up((u128)(spec->res.runtime + overhead) << VBS_BW_SHIFT,
			  spec->res.period);

	return cap > spec->cap ? (cap > UINT32_MAX ? UINT32_MAX : cap) : spec->cap;
}

static bool set_share(const struct server_set *set, struct ratio *share)
{
	int i;

	*share = (struct ratio){ 0, 1 };
	for (i = 0; i < set->servers; i++) {
		const struct resource *r = &set->server[i].res;

		if (!ratio_add(share, (struct ratio){ r->runtime, r->period }))
			return false;
	}
	return share->num < share->den;
}

/* sum / (1 - share), rounded up */
static bool spread(u128 sum, struct ratio share, u128 *ns)
{
	u128 product;

	if (__builtin_mul_overflow(sum, share.den, &product))
		return false;
	*ns = div_up(product, share.den - share.num);
	return true;
}

bool set_blackout(const struct server_set *set, u128 *ns)
{
	struct ratio share;
	u128 sum = 0;
	int i;

	for (i = 0; i < set->servers; i++)
		sum += set->server[i].res.runtime;
	*ns = sum;
	if (set->servers < 2)
		return true;
	return set_share(set, &share) && spread(sum, share, ns);
}

/* 2 budget (1 - u), rounded up */
static u128 burst(const struct resource *r)
{
	return div_up((u128)2 * r->runtime * (r->period - r->runtime), r->period);
}

bool set_tardiness(const struct server_set *set, u128 *ns)
{
	struct ratio share;
	u128 sum = 0;
	int i;

	for (i = 0; i < set->servers; i++)
		sum += burst(&set->server[i].res);
	return set_share(set, &share) && spread(sum, share, ns);
}

u128 demand_bound(const struct resource *r, u128 window)
{
	u128 most = burst(r) + div_up(window * r->runtime, r->period);

	return most < window ? most : window;
}

/*
 * At worst the switch comes when the whole budget has just been spent at the
 * start of an instance: the termination point is budget/cap after that start,
 * budget (1/cap - 1) away.  Then a period less a budget; aligned, one more.
 */
u128 switch_bound(const struct resource *from, uint32_t cap, const struct resource *to,
		  bool aligned)
{
	u128 wait = div_up((u128)from->runtime * (VBS_BW_UNIT - cap), cap);

	return wait + (to->period - to->runtime) + (aligned ? to->period : 0);
}
