// SPDX-License-Identifier: GPL-2.0
/* vbsctl advise --model: the server for a rate, and what is promised then. */
#include <stdio.h>

#include "base/format.h"
#include "command.h"
#include "json_out.h"
#include "rate/advise_rate.h"

struct answer {
	const struct rate_model *m;
	const struct rate_goal *goal;
	const struct load_task *piece;
	uint32_t cap;
	u128 window;			/* units in any window of the latency */
	u128 long_run;			/* units per second */
};

static void print_states(const struct rate_fit *f)
{
	enum rate_state state;

	for (state = 0; state < RATE_STATES; state++) {
		if (f->states & 1U << state)
			printf(" %s", rate_state_name(state));
	}
}

static void print_model(const struct rate_model *m)
{
	printf("%s: up to %s and %s for each %s,\nwith %s to %s of them, in the states", m->command,
	       fmt_short(m->fit.line.start).s, fmt_fs(m->fit.line.per_unit).s, m->unit,
	       fmt_units(m->fit.least).s, fmt_units(m->fit.most).s);
	print_states(&m->fit);
	puts(".");
}

static void print_goal(const struct answer *a)
{
	const struct load_task *p = a->piece;

	printf("Pieces of %s, %s/s, each within %s: up to %s of CPU time for each, which is %s %% of a CPU.\n",
	       fmt_units(a->goal->op).s, fmt_units(a->goal->rate).s, fmt_time(a->goal->latency).s,
	       fmt_short(p->cost).s, fmt_percent(p->cost, p->period, 2, ROUND_UP).s);
}

static int print_answer(const struct answer *a)
{
	const struct resource *res = &a->goal->res;

	print_model(a->m);
	if (a->goal->rate)
		print_goal(a);
	printf("%s: vbsctl run --res %s, %s of a CPU.\n", a->goal->rate ? "Proposed" : "Given",
	       fmt_resource(res->runtime, res->period).s, fmt_bw(a->cap).s);
	printf("Promised while it has work: in any window of %s at least %s %ss, in the long run %s/s.\n",
	       fmt_time(a->goal->latency).s, fmt_units(clamp64(a->window)).s, a->m->unit, fmt_units(clamp64(a->long_run)).s);
	printf("Error: none below it, as far as runs cost what they did; on average up to %s more is done, since the line\nis so much above the mean of a size.\n",
	       fmt_part(a->m->fit.above).s);
	return VC_OK;
}

static int json_answer(const struct answer *a)
{
	struct json_object *o = json_list(NULL, NULL);

	json_str(o, "unit", a->m->unit);
	json_num(o, "runtime_ns", a->goal->res.runtime);
	json_num(o, "period_ns", a->goal->res.period);
	json_bw(o, "cap", a->cap);
	json_num(o, "latency_ns", a->goal->latency);
	if (a->goal->rate) {
		json_num(o, "rate", a->goal->rate);
		json_num(o, "piece", a->goal->op);
		json_num(o, "piece_ns", a->piece->cost);
	}
	json_big(o, "window_units", a->window);
	json_big(o, "long_run_rate", a->long_run);
	json_bw(o, "above_mean", a->m->fit.above);
	json_print(o);
	return VC_OK;
}

static int answer(const struct rate_model *m, const struct rate_goal *goal, const struct machine *machine,
		  const struct load_task *piece, bool json)
{
	struct answer a = {
		.m = m, .goal = goal, .piece = piece, .cap = resource_cap(&goal->res),
		.window = rate_in_window(m, machine, goal),
		.long_run = rate_in_the_long_run(m, machine, goal),
	};

	return json ? json_answer(&a) : print_answer(&a);
}

static int refused(const struct machine *machine, const struct resource *res)
{
	char limit[256];

	if (!limits_refuse(&machine->limits, machine->release_cost, res, limit, sizeof(limit)))
		return VC_OK;
	return failure(VC_FAIL, "the kernel refuses %s: %s", fmt_resource(res->runtime, res->period).s, limit);
}

int advise_rate(const char *file, struct rate_goal *goal, bool json)
{
	struct machine machine;
	struct rate_model m;
	struct load load = { .tasks = 0 };
	int code;

	machine_read(&machine);
	code = goal->res.period ? refused(&machine, &goal->res) : VC_OK;
	if (code)
		return code;
	code = goal_plan(file, &m, goal, &machine, &load);
	if (!code)
		code = answer(&m, goal, &machine, &load.task[0], json);
	model_free(&m);
	return code;
}
