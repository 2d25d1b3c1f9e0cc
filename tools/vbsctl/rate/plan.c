// SPDX-License-Identifier: GPL-2.0
/*
 * A rate is a load: pieces that come op/rate apart, and are done within the latency.  Where the
 * pieces are what comes in that time, each window of that length has them done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/propose.h"
#include "base/cpumask.h"
#include "base/parse.h"
#include "command.h"
#include "rate/plan.h"
#include "vbs/proc.h"

#define RELEASE		5000	/* ns, where the kernel does not tell */
#define BORROWED	5000
#define SECOND		1000000000ULL
#define PERIOD_MOST	(3600 * SECOND)

uint64_t rate_overhead(const struct machine *m)
{
	return (m->release_cost ? m->release_cost : RELEASE) + BORROWED;
}

const char *rate_complete(struct rate_goal *goal)
{
	u128 op = goal->op ? goal->op : div_up((u128)goal->rate * goal->latency, SECOND);

	if (op > 1ULL << 40)
		return "a piece is more than 1T";
	goal->op = op;
	if (op * SECOND / goal->rate > PERIOD_MOST)
		return "pieces come more than an hour apart";
	return op * SECOND < goal->rate ? "pieces come less than a nanosecond apart" : NULL;
}

void rate_load(const struct rate_model *m, const struct rate_goal *goal, struct load *load)
{
	u128 cost = rate_cost(&m->fit, goal->op);

	*load = (struct load){ .tasks = 1 };
	load->task[0] = (struct load_task){
		.cost = clamp64(cost), .period = (u128)goal->op * SECOND / goal->rate, .deadline = goal->latency,
	};
}

static bool holds(const struct wish *wish, const struct resource *res)
{
	struct bound bound;
	struct supply s;

	if (!supply_init(&s, res, wish->overhead, false))
		return false;
	load_bounds(wish->load, &s, 0, wish->share, &bound);
	return bound_meets(&bound, &wish->load->task[0]);
}

enum rate_answer rate_plan(const struct load *load, const struct machine *m, struct rate_goal *goal)
{
	struct wish wish = { .load = load, .overhead = rate_overhead(m), .period = goal->period };

	if (!load_share(load, &wish.share))
		return RATE_NO_SERVER;
	if (goal->res.period)
		return holds(&wish, &goal->res) ? RATE_FITS : RATE_TOO_SMALL;
	return propose(&wish, m, &goal->res) ? RATE_FITS : RATE_NO_SERVER;
}

u128 rate_in_window(const struct rate_model *m, const struct machine *machine, const struct rate_goal *goal)
{
	struct supply s;

	if (!supply_init(&s, &goal->res, rate_overhead(machine), false))
		return 0;
	if (goal->op)
		return supply_bound(&s, goal->latency) / rate_cost(&m->fit, goal->op) * goal->op;
	return rate_units(&m->fit, supply_bound(&s, goal->latency));
}

u128 rate_in_the_long_run(const struct rate_model *m, const struct machine *machine, const struct rate_goal *goal)
{
	uint64_t piece = goal->op ? goal->op : m->fit.most;
	struct supply s;

	if (!supply_init(&s, &goal->res, rate_overhead(machine), false))
		return 0;
	return (u128)piece * s.budget * SECOND / s.period / rate_cost(&m->fit, piece);
}

const char *rate_parse(const char *text, uint64_t *rate)
{
	char number[PARSE_ITEM];
	const char *unit = parse_cut(text, '/', number), *why;

	if (unit && strcmp(unit, "s"))
		return "a rate is per second, as in 200M/s";
	why = parse_bytes(number, rate);
	return !why && (!*rate || *rate > 1ULL << 50) ? "it must be more than zero, and no more than 1024T" : why;
}

const char *rate_parse_cpu(const char *text, int *cpu)
{
	uint64_t n;
	const char *why = parse_count(text, &n);

	if (!why && n >= CPUMASK_BITS)
		return "there is no such CPU";
	*cpu = n;
	return why;
}

int rate_cpu(int *cpu, uint32_t needed)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_cpu *best = NULL;
	int i, code = VC_OK;

	for (i = 0; snap && i < snap->cpus; i++) {
		const struct vbs_cpu *c = &snap->cpu[i];

		if (c->online && (*cpu < 0 || c->id == *cpu) && (!best || c->spare > best->spare))
			best = c;
	}
	if (!snap)
		code = failure(VC_NOVBS, "this kernel has no SCHED_VBS: there is no /proc/vbs");
	else if (!best)
		code = failure(VC_FAIL, "CPU %d is not online", *cpu);
	else if (best->spare < needed)
		code = failure(VC_BUSY, "it takes %s of a CPU, and CPU %d has %s to spare", fmt_bw(needed).s,
			       best->id, fmt_bw(best->spare).s);
	if (!code)
		*cpu = best->id;
	vbs_snapshot_free(snap);
	return code;
}

char *rate_words(char **argv)
{
	size_t size = 1;
	char *all;
	int i;

	for (i = 0; argv[i]; i++)
		size += strlen(argv[i]) + 1;
	all = calloc(1, size);
	for (i = 0; all && argv[i]; i++) {
		strcat(all, argv[i]);
		if (argv[i + 1])
			strcat(all, " ");
	}
	return all;
}
