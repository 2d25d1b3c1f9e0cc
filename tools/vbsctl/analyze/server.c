// SPDX-License-Identifier: GPL-2.0
/* vbsctl analyze --res: supply, response times and a switch of one server. */
#include <stdio.h>

#include "analyze/analysis.h"
#include "base/format.h"
#include "command.h"
#include "json_out.h"

static u128 change_time(const struct analysis *a, const struct resource *to, bool borrows)
{
	const struct change change = { a->res, *to, a->cap, a->overhead, a->aligned };

	return switch_bound(&change, borrows);
}

static u128 switch_time(const struct analysis *a, bool borrows)
{
	return change_time(a, &a->to, borrows);
}

/* Of a budget that is asked for at a move: the wait for z, and then its period */
static u128 move_time(const struct analysis *a, const struct supply *s, bool borrows)
{
	return change_time(a, &a->res, borrows) + s->budget;
}

static void print_move(const struct analysis *a, const struct supply *s)
{
	printf("A strict move to another CPU takes nothing.\n");
	printf("A relaxed one takes at most %s of the present instance; a whole budget comes within %s after it (%s with what members borrow in the kernel).\n",
	       fmt_time(s->budget).s, fmt_time128(move_time(a, s, false)).s,
	       fmt_time128(move_time(a, s, true)).s);
}

static void print_windows(const struct analysis *a, const struct supply *s)
{
	int i;

	for (i = 0; i < a->windows; i++)
		printf("In any window of %s: at least %s while it has work, at most %s (%s with what members borrow in the kernel).\n",
		       fmt_time(a->window[i]).s, fmt_time128(supply_bound(s, a->window[i])).s,
		       fmt_time128(demand_bound(&a->res, a->window[i], false)).s,
		       fmt_time128(demand_bound(&a->res, a->window[i], true)).s);
}

/* True, in words, if the kernel would take neither the resource nor its cap */
static bool refused(const struct analysis *a, const struct resource *res, char *why,
		    size_t size)
{
	uint32_t capacity = analysis_capacity(a);
	char limit[256];

	if (!res->period)
		return false;
	if (!analysis_refuses(a, res, limit, sizeof(limit))) {
		if (a->cap <= capacity)
			return false;
		snprintf(limit, sizeof(limit), "a cap of %s is above the capacity of a %s, %s",
			 fmt_bw(a->cap).s, a->vcpu.period ? "vCPU" : "CPU",
			 fmt_bw(capacity).s);
	}
	snprintf(why, size, "%s: %s", fmt_resource(res->runtime, res->period).s, limit);
	return true;
}

static bool any_refused(const struct analysis *a, char *why, size_t size)
{
	return refused(a, &a->res, why, size) || refused(a, &a->to, why, size);
}

static int print_server(const struct analysis *a, const struct supply *s)
{
	char why[320];
	bool taken = !any_refused(a, why, sizeof(why)), all;

	print_vcpu(a);
	if (!taken)
		printf("Note: the kernel refuses %s.\n", why);
	printf("Server %s (%s)%s: %s for its members in each instance.\n",
	       fmt_resource(a->res.runtime, a->res.period).s,
	       fmt_share((struct ratio){ a->res.runtime, a->res.period }).s,
	       a->aligned ? ", aligned" : "", fmt_time(s->budget).s);
	printf("Longest time without supply: %s.\n", fmt_time128(supply_gap(s)).s);
	print_windows(a, s);
	if (a->to.period)
		printf("After a switch to %s: first execution within %s (%s with what members borrow in the kernel).\n",
		       fmt_resource(a->to.runtime, a->to.period).s,
		       fmt_time128(switch_time(a, false)).s, fmt_time128(switch_time(a, true)).s);
	if (a->move)
		print_move(a, s);
	if (!a->load.tasks)
		return VC_OK;
	printf("Load: %s of a CPU.\n", fmt_share(a->share).s);
	all = print_bounds(a, s) && taken;
	printf("Verdict: %s.\n", all ? "schedulable" : "NOT schedulable");
	return all ? VC_OK : VC_FAIL;
}

static struct json_object *json_windows(const struct analysis *a, const struct supply *s)
{
	struct json_object *all = json_object_new_array(), *o;
	int i;

	for (i = 0; i < a->windows; i++) {
		o = json_object_new_object();
		json_num(o, "window_ns", a->window[i]);
		json_big(o, "least_ns", supply_bound(s, a->window[i]));
		json_big(o, "most_ns", demand_bound(&a->res, a->window[i], false));
		json_big(o, "most_borrowed_ns", demand_bound(&a->res, a->window[i], true));
		json_object_array_add(all, o);
	}
	return all;
}

static int json_analysis(const struct analysis *a, const struct supply *s)
{
	struct json_object *o = json_list("windows", json_windows(a, s));
	char why[320];
	bool taken = !any_refused(a, why, sizeof(why)), all = true;

	json_num(o, "runtime_ns", a->res.runtime);
	json_num(o, "period_ns", a->res.period);
	json_num(o, "budget_ns", s->budget);
	json_big(o, "gap_ns", supply_gap(s));
	if (a->to.period) {
		json_big(o, "switch_ns", switch_time(a, false));
		json_big(o, "switch_borrowed_ns", switch_time(a, true));
	}
	if (a->move) {
		json_num(o, "move_strict_lost_ns", 0);
		json_num(o, "move_relaxed_lost_ns", s->budget);
		json_big(o, "move_ns", move_time(a, s, false));
		json_big(o, "move_borrowed_ns", move_time(a, s, true));
	}
	json_bw(o, "cap", a->cap);
	json_bw(o, "capacity", analysis_capacity(a));
	if (taken)
		json_object_object_add(o, "refused", NULL);
	else
		json_str(o, "refused", why);
	if (a->load.tasks) {
		all = json_bounds(a, s, o) && taken;
		json_flag(o, "schedulable", all);
	}
	json_print(o);
	return all ? VC_OK : VC_FAIL;
}

int analyze_server(const struct analysis *a)
{
	struct supply s;

	if (!supply_init(&s, &a->res, a->overhead, a->aligned))
		return failure(VC_FAIL, "an overhead of %s leaves nothing of a budget of %s",
			    fmt_time(a->overhead).s, fmt_time(a->res.runtime).s);
	return a->json ? json_analysis(a, &s) : print_server(a, &s);
}
