// SPDX-License-Identifier: GPL-2.0
/* A calibration as a table. */
#include <inttypes.h>
#include <stdio.h>

#include "base/format.h"
#include "rate/print.h"

struct row {
	uint64_t size, runs, most;
	u128 sum;
};

static struct row row_of(const struct rate_samples *s, uint64_t size, int state)
{
	struct row row = { .size = size };
	int i;

	for (i = 0; i < s->samples; i++) {
		const struct rate_sample *run = &s->sample[i];

		if (run->size != size || (state >= 0 && run->state != (enum rate_state)state))
			continue;
		row.runs++;
		row.sum += run->cpu;
		row.most = run->cpu > row.most ? run->cpu : row.most;
	}
	return row;
}

static uint64_t mean_of(const struct row *row)
{
	return row->runs ? clamp64(row->sum / row->runs) : 0;
}

/* The next larger size that there is, or 0 */
static uint64_t next_size(const struct rate_samples *s, uint64_t after)
{
	uint64_t next = 0;
	int i;

	for (i = 0; i < s->samples; i++) {
		uint64_t size = s->sample[i].size;

		if (size > after && (!next || size < next))
			next = size;
	}
	return next;
}

static void print_row(const struct rate_model *m, uint64_t size)
{
	struct row all = row_of(&m->samples, size, -1);
	uint64_t line = clamp64(rate_cost(&m->fit, size)), mean = mean_of(&all);
	int state;

	printf("  %8s %5" PRIu64, fmt_units(size).s, all.runs);
	for (state = 0; state < RATE_STATES; state++) {
		struct row row = row_of(&m->samples, size, state);

		printf(" %9s", row.runs ? fmt_short(mean_of(&row)).s : "-");
	}
	printf(" %9s %9s %8s\n", fmt_short(all.most).s, fmt_short(line).s,
	       fmt_percent(line > mean ? line - mean : 0, mean ? mean : 1, 1, ROUND_UP).s);
}

static void print_table(const struct rate_model *m)
{
	uint64_t size;

	printf("  %8s %5s %9s %9s %9s %9s %9s %9s %8s\n", "SIZE", "RUNS", "IDLE", "COLD", "NEIGHBOUR", "MEMORY",
	       "MOST", "LINE", "ABOVE %");
	for (size = next_size(&m->samples, 0); size; size = next_size(&m->samples, size))
		print_row(m, size);
}

static void print_spreads(const struct rate_fit *f)
{
	printf("Nobody is charged %s beside it; of its time it waited %s for something else than the CPU.\n",
	       fmt_part(f->uncharged).s, fmt_part(f->waited).s);
	if (f->by_state.by)
		printf("States: %s apart at most, %s above %s with size %s.\n", fmt_part(f->by_state.by).s,
		       rate_state_name(f->by_state.high), rate_state_name(f->by_state.low),
		       fmt_units(f->by_state.size).s);
	if (f->by_share.by)
		printf("Shares: %s apart at most, %s above %s of a CPU with size %s.\n", fmt_part(f->by_share.by).s,
		       fmt_part(f->by_share.high).s, fmt_part(f->by_share.low).s,
		       fmt_units(f->by_share.size).s);
}

void model_print(const struct rate_model *m)
{
	const struct rate_fit *f = &m->fit;
	char why[320];

	printf("%s: mean CPU time, and the line that no run was above.\n", m->command);
	print_table(m);
	printf("Line: %s and %s for each %s; above the mean of a size by %s at most.\n",
	       fmt_short(f->line.start).s, fmt_fs(f->line.per_unit).s, m->unit, fmt_part(f->above).s);
	print_spreads(f);
	model_refusal(m, why, sizeof(why));
	if (*why)
		printf("Verdict: NOT linear (%s): %s.\n", rate_verdict_name(f->verdict), why);
	else
		printf("Verdict: linear: what a share is worth is promised.\n");
}
