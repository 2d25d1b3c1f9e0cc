// SPDX-License-Identifier: GPL-2.0
/* From a file and a rate to a server, or in words why there is none. */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/sets.h"
#include "base/format.h"
#include "command.h"
#include "rate/advise_rate.h"

static int not_linear(const char *file, const struct rate_model *m)
{
	char why[320];

	model_refusal(m, why, sizeof(why));
	return failure(VC_FAIL, "nothing is promised by %s: %s", file, why);
}

/* A piece takes longer than there is from one to the next, on a CPU of its own */
static int too_much(const struct rate_model *m, const struct load_task *piece, const struct rate_goal *goal)
{
	return failure(VC_FAIL, "%s/s is more than a CPU does: a piece of %s needs up to %s of CPU time, and the next one comes after %s; the most is about %s/s",
		       fmt_units(goal->rate).s, fmt_units(goal->op).s, fmt_time(piece->cost).s,
		       fmt_short(piece->period).s,
		       fmt_units(clamp64((u128)goal->op * 1000000000 / rate_cost(&m->fit, goal->op))).s);
}

static int no_server(const struct rate_goal *goal, const struct machine *machine, const struct load_task *piece)
{
	return failure(VC_FAIL, "no server does a piece of %s, up to %s of CPU time, within %s, with a budget of at most %s%s; ask for a longer --latency, or less",
		       fmt_units(goal->op).s, fmt_time(piece->cost).s, fmt_time(goal->latency).s,
		       fmt_time(machine->limits.runtime_max).s, goal->period ? " in that period" : "");
}

static int too_small(const struct rate_model *m, const struct rate_goal *goal, const struct machine *machine)
{
	const struct resource *res = &goal->res;

	return failure(VC_FAIL, "%s is too small for pieces of %s, %s/s, each within %s: it is sure to do %s in that time, and %s/s in the long run",
		       fmt_resource(res->runtime, res->period).s, fmt_units(goal->op).s, fmt_units(goal->rate).s,
		       fmt_time(goal->latency).s,
		       fmt_units(clamp64(rate_in_window(m, machine, goal))).s,
		       fmt_units(clamp64(rate_in_the_long_run(m, machine, goal))).s);
}

static int above_capacity(const struct rate_goal *goal, const struct machine *machine)
{
	uint32_t cap = resource_cap(&goal->res), capacity = capacity_host(machine);

	if (cap <= capacity)
		return VC_OK;
	return failure(VC_FAIL, "it takes %s, which is %s of a CPU: more than the %s that may be booked",
		       fmt_resource(goal->res.runtime, goal->res.period).s, fmt_bw(cap).s, fmt_bw(capacity).s);
}

int goal_plan(const char *file, struct rate_model *m, struct rate_goal *goal, const struct machine *machine,
	      struct load *load)
{
	int code = model_read(m, file);
	const char *why;

	if (code)
		return code;
	if (m->fit.verdict != RATE_LINEAR)
		return not_linear(file, m);
	if (!goal->rate)
		return above_capacity(goal, machine);
	why = rate_complete(goal);
	if (why)
		return failure(VC_USAGE, "a rate of %s/s: %s", fmt_units(goal->rate).s, why);
	rate_load(m, goal, load);
	if (load->task[0].cost >= load->task[0].period)
		return too_much(m, &load->task[0], goal);
	switch (rate_plan(load, machine, goal)) {
	case RATE_NO_SERVER:
		return no_server(goal, machine, &load->task[0]);
	case RATE_TOO_SMALL:
		return too_small(m, goal, machine);
	default:
		return above_capacity(goal, machine);
	}
}
