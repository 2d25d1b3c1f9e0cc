// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of servers.
 *
 * Admission: the sum of the caps on a CPU stays within
 *	C = min(rt_runtime/rt_period - the fair server's share, (p - g)/(p + g))
 * with p the least period and g = 1.024 us: deadlines and releases are cut to
 * units of g.  A window that begins up to g late has the demand of one that is
 * longer by g at either end: C (p - g + 2g) in p - g.  In a vCPU with resource
 * (l, q) the supply of any window of length p is only l/q (p - 2(q - l)).
 *
 * What they leave to lower classes.  SCHED_VBS goes before all of them, so what
 * counts is W(s), the most that a server executes in the first s of a stretch in
 * which some server always runs.  No server was ready right before it, so all of
 * its instances there begin in it: those that a wake-up continues count as
 * released then.  Releases are s[i+1] >= s[i] + e[i]/u apart, and what is executed
 * after the last release, x <= budget, takes x of the time:
 *	W(s) <= u (s - x) + x <= u s + budget (1 - u)
 * In kernel mode a server goes on beyond its budget, in at most 3 instances that
 * it enters before their release, and is then stopped until the last of them is
 * over.  Let s[m] be the last instance whose release has come: it may have been
 * entered early itself, while b <= 3 budget is executed after its release:
 *	W(s) <= u (s - b) + budget + b <= u s + budget + 3 budget (1 - u)
 * A stretch of length L has L <= sum(W(L)), hence with U = sum(u)
 *	user mode	L <= sum(budget (1 - u))/(1 - U)
 *	kernel mode	L <= sum(budget (4 - 3u))/(1 - U)
 * which is the budget for one server in user mode.  u is budget/period if nobody
 * switches.  Who switches within its cap may have any budget up to
 * min(runtime_max, cap period_max); u is then the cap, for z separates releases,
 * and the limit of 3 counts from the last release, switches or not.
 *
 * In any window a server executes at most u L + 2 budget (1 - u), and 3 budgets
 * more in kernel mode.  So the rest gets at least (1 - U) L less the sum of these
 * constants, and EDF of a bandwidth up to 1 - U on that supply is late by at most
 * their sum/(1 - U).
 *
 * The CPU of a virtual machine is away like one more server, of which nothing is
 * known but its resource (period - budget)/period: its constant is the one for
 * any window, and nothing is borrowed.
 */
#include <linux/sched/vbs.h>

#include "analyze/sets.h"

#define QUEUE_UNIT	1024	/* ns */
#define BORROWS		3	/* budgets beyond its own, in kernel mode */

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

	return least32(rt_capacity(m), 
		       ((u128)(period - QUEUE_UNIT) << VBS_BW_SHIFT) / (period + QUEUE_UNIT));
}

uint32_t capacity_guest(const struct machine *m, const struct resource *vcpu)
{
	uint64_t gap = 2 * (vcpu->period - vcpu->runtime) + QUEUE_UNIT, period = m->limits.period_min;
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

/* A server under an assumption: its budget, and the share that spaces releases */
struct hog {
	uint64_t budget;
	struct ratio share;
};

static struct hog worst_hog(const struct rest *r, const struct server_spec *s)
{
	struct hog hog = { s->res.runtime, { s->res.runtime, s->res.period } };
	uint64_t most;

	if (r->assume != SWITCHING)
		return hog;
	most = ((u128)s->cap * r->limits->period_max) >> VBS_BW_SHIFT;
	if (most > r->limits->runtime_max)
		most = r->limits->runtime_max;
	if (most > hog.budget)
		hog.budget = most;
	hog.share = (struct ratio){ s->cap, VBS_BW_UNIT };
	return hog;
}

/* times * budget * (1 - share), rounded up */
static u128 unbooked(const struct hog *hog, unsigned int times)
{
	return div_up(times * (u128)hog->budget * (hog->share.den - hog->share.num),
		      hog->share.den);
}

/* The constant of W(s), and of any window: see the head of this file */
static u128 first_burst(const struct hog *hog, bool borrows)
{
	return borrows ? hog->budget + unbooked(hog, BORROWS) : unbooked(hog, 1);
}

static u128 any_burst(const struct hog *hog, bool borrows)
{
	return unbooked(hog, 2) + (borrows ? BORROWS * (u128)hog->budget : 0);
}

/* sum / (1 - share), rounded up */
static bool spread(u128 sum, struct ratio share, u128 *ns)
{
	u128 product;

	while (share.num < share.den && __builtin_mul_overflow(sum, share.den, &product))
		share = ratio_shorten(share);
	if (share.num >= share.den)
		return false;
	*ns = div_up(product, share.den - share.num);
	return true;
}

static bool rest_bound(const struct rest *r, u128 (*burst)(const struct hog *, bool),
		       u128 *ns)
{
	struct ratio share = { 0, 1 };
	struct hog hog;
	u128 sum = 0;
	int i;

	if (r->vcpu.period) {
		hog.budget = r->vcpu.period - r->vcpu.runtime;
		hog.share = (struct ratio){ hog.budget, r->vcpu.period };
		share = hog.share;
		sum = any_burst(&hog, false);
	}
	for (i = 0; i < r->set->servers; i++) {
		hog = worst_hog(r, &r->set->server[i]);
		sum += burst(&hog, r->assume != USER_MODE);
		ratio_add_up(&share, hog.share);
	}
	return spread(sum, share, ns);
}

bool set_blackout(const struct rest *r, u128 *ns)
{
	return rest_bound(r, first_burst, ns);
}

bool set_tardiness(const struct rest *r, u128 *ns)
{
	return rest_bound(r, any_burst, ns);
}

u128 demand_bound(const struct resource *r, u128 window, bool borrows)
{
	struct hog hog = { r->runtime, { r->runtime, r->period } };
	u128 most = any_burst(&hog, borrows) + div_up(window * r->runtime, r->period);

	return most < window ? most : window;
}

/*
 * At worst the switch comes when the whole budget has just been spent at the
 * start of an instance: the termination point is budget/cap after that start,
 * budget (1/cap - 1) away.  Then a period less a budget; aligned, one more.
 *
 * Of the overhead the cost of the release counts as consumed when an instance
 * begins, and takes no time of it: so much earlier the budget is spent, and so
 * much less is to come in the new one.  The rest is what a member may be in the
 * kernel for when its budget ends: that moves the termination point by 1/cap - 1
 * of it.  Who borrows all that there is has spent 3 budgets more.
 */
u128 switch_bound(const struct change *c, bool borrows)
{
	u128 ran = (u128)c->from.runtime * (borrows ? 1 + BORROWS : 1);
	u128 over = div_up((u128)c->overhead * (VBS_BW_UNIT - c->cap), c->cap);
	u128 wait = div_up(ran * (VBS_BW_UNIT - c->cap), c->cap);

	if (over < c->overhead)
		over = c->overhead;
	return wait + over + (c->to.period - c->to.runtime + c->overhead) +
	       (c->aligned ? c->to.period : 0);
}
