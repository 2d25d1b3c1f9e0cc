// SPDX-License-Identifier: GPL-2.0
/* Pieces against the latency, in words. */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "json_out.h"
#include "rate/verdict.h"

#define SECOND	1000000000ULL

void pieces_of_runs(struct pieces *p, const struct ran *ran, uint64_t n)
{
	uint64_t i, late = 0, step;

	for (i = 0; i < n; i++) {
		p->took[i] = ran[i].end - ran[i].begin;
		step = i ? ran[i].end - ran[i - 1].end : 0;
		/* Due a period after the one before, whenever that was due */
		if (i && late + step > p->piece.period && late + step - p->piece.period > p->took[i])
			p->took[i] = late + step - p->piece.period;
		late = p->took[i];
		p->late += late > p->goal->latency;
	}
	p->n = n;
	p->units = n * p->goal->op;
	p->time = ran[n - 1].end - ran[0].begin;
}

static uint64_t worst_of(const struct pieces *p)
{
	uint64_t i, worst = 0;

	for (i = 0; i < p->n; i++)
		worst = p->took[i] > worst ? p->took[i] : worst;
	return worst;
}

/* Units per second */
static uint64_t rate_of(const struct pieces *p)
{
	return p->time ? clamp64((u128)p->units * SECOND / p->time) : 0;
}

/* At the rate asked for, so much of a CPU would have done */
static struct ratio needed(const struct pieces *p)
{
	return (struct ratio){ p->cpu / p->n, p->piece.period };
}

static void print_need(const struct pieces *p)
{
	const struct resource *res = &p->goal->res;
	struct ratio need = needed(p);
	uint64_t cpu = p->cpu / p->n;

	if (!p->charged || !cpu)
		return;
	printf("A piece took %s of CPU time, the model says at most %s: at that rate %s %% of a CPU, and %s %% is booked, %s %% of that.\n",
	       fmt_short(cpu).s, fmt_short(p->piece.cost).s, fmt_percent(need.num, need.den, 2, ROUND_NEAREST).s,
	       fmt_percent(res->runtime, res->period, 2, ROUND_NEAREST).s,
	       fmt_percent((u128)res->runtime * need.den, (u128)res->period * need.num, 0, ROUND_NEAREST).s);
	if (cpu > p->piece.cost)
		puts("That is more than when it was calibrated: the model is no longer true.");
}

int print_verdict(const struct pieces *p)
{
	const struct resource *res = &p->goal->res;
	uint64_t worst = worst_of(p), limit = p->goal->latency;

	printf("Server %s: %" PRIu64 " pieces of %s %ss, %s/s; asked for %s/s, each within %s.\n",
	       fmt_resource(res->runtime, res->period).s, p->n, fmt_units(p->goal->op).s, p->model->unit,
	       fmt_units(rate_of(p)).s, fmt_units(p->goal->rate).s, fmt_time(limit).s);
	print_need(p);
	if (!p->late)
		printf("Verdict: kept: the slowest piece was done after %s, %s %% of that.\n", fmt_short(worst).s,
		       fmt_percent(worst, limit, 1, ROUND_NEAREST).s);
	else
		printf("Verdict: NOT kept: %" PRIu64 " of %" PRIu64 " pieces came too late, the worst after %s, %s too late.\n",
		       p->late, p->n, fmt_short(worst).s, fmt_short(worst - limit).s);
	return p->late ? VC_FAIL : VC_OK;
}

int json_verdict(const struct pieces *p)
{
	struct json_object *took = json_object_new_array(), *o = json_list("pieces_ns", took);
	uint64_t i;

	for (i = 0; i < p->n; i++)
		json_object_array_add(took, json_object_new_int64(p->took[i]));
	json_num(o, "runtime_ns", p->goal->res.runtime);
	json_num(o, "period_ns", p->goal->res.period);
	json_bw(o, "cap", resource_cap(&p->goal->res));
	json_num(o, "asked_rate", p->goal->rate);
	json_num(o, "rate", rate_of(p));
	json_num(o, "piece", p->goal->op);
	json_num(o, "latency_ns", p->goal->latency);
	json_num(o, "worst_ns", worst_of(p));
	json_num(o, "late", p->late);
	if (p->charged) {
		json_num(o, "piece_ns", p->piece.cost);
		json_num(o, "cpu_ns", p->cpu / p->n);
		json_bw(o, "needed", div_up((u128)(p->cpu / p->n) << 20, p->piece.period));
	}
	json_flag(o, "kept", !p->late);
	json_print(o);
	return p->late ? VC_FAIL : VC_OK;
}
