// SPDX-License-Identifier: GPL-2.0
/* vbsctl analyze --propose: the cheapest resource for a load. */
#include <stdio.h>

#include "analyze/analysis.h"
#include "analyze/propose.h"
#include "base/format.h"
#include "command.h"
#include "json_out.h"

static int no_proposal(const struct analysis *a)
{
	if (a->json) {
		struct json_object *o = json_list("proposal", NULL);

		json_flag(o, "schedulable", false);
		json_print(o);
		return VC_FAIL;
	}
	printf("Load: %s of a CPU; overhead %s per instance.\n", fmt_share(a->share).s,
	       fmt_time(a->overhead).s);
	printf("Verdict: NOT schedulable: no budget of at most %s in a period of %s to %s meets every deadline.\n",
	       fmt_time(a->machine.limits.runtime_max).s,
	       fmt_time(a->period ? a->period : a->machine.limits.period_min).s,
	       fmt_time(a->period ? a->period : a->machine.limits.period_max).s);
	return VC_FAIL;
}

static int json_proposal(const struct analysis *a, const struct resource *res,
			 const struct supply *s, uint32_t cap)
{
	struct json_object *o = json_list(NULL, NULL), *p = json_object_new_object();

	json_num(p, "runtime_ns", res->runtime);
	json_num(p, "period_ns", res->period);
	json_bw(p, "cap", cap);
	json_object_object_add(o, "proposal", p);
	json_num(o, "overhead_ns", a->overhead);
	json_bw(o, "capacity", analysis_capacity(a));
	json_flag(o, "fits", cap <= analysis_capacity(a));
	json_bounds(a, s, o);
	json_print(o);
	return cap <= analysis_capacity(a) ? VC_OK : VC_FAIL;
}

static int print_proposal(const struct analysis *a, const struct resource *res,
			  const struct supply *s, uint32_t cap)
{
	bool fits = cap <= analysis_capacity(a);

	printf("Load: %s of a CPU; overhead %s per instance%s.\n", fmt_share(a->share).s,
	       fmt_time(a->overhead).s, a->has_overhead ? "" : " (assumed; see --overhead)");
	printf("Least bandwidth: --res %s%s, %s of a CPU.\n",
	       fmt_resource(res->runtime, res->period).s, a->aligned ? " --align" : "",
	       fmt_bw(cap).s);
	print_vcpu(a);
	print_bounds(a, s);
	printf("Verdict: %s of one CPU's %s.\n", fits ? "schedulable, within the capacity" :
	       "NOT schedulable, above the capacity", fmt_bw(analysis_capacity(a)).s);
	return fits ? VC_OK : VC_FAIL;
}

/* The guest's least period may be the proposed one, unless it is given */
static void raise_least_period(struct analysis *a, uint64_t period)
{
	if (a->vcpu.period && !a->least_period)
		a->machine.limits.period_min = period;
}

int analyze_proposal(struct analysis *a)
{
	struct wish wish = {
		.load = &a->load, .share = a->share, .overhead = a->overhead,
		.slice = a->slice, .period = a->period, .aligned = a->aligned,
	};
	struct resource res;
	struct supply s;
	uint32_t cap;

	if (!propose(&wish, &a->machine, &res))
		return no_proposal(a);
	raise_least_period(a, res.period);
	supply_init(&s, &res, a->overhead, a->aligned);
	cap = a->aligned ? resource_cap_aligned(&res) : resource_cap(&res);
	return a->json ? json_proposal(a, &res, &s, cap) : print_proposal(a, &res, &s, cap);
}
