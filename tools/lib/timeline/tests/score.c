// SPDX-License-Identifier: GPL-2.0
/* Runs both clocks over a trace. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "timeline/tests/pi_clock.h"
#include "timeline/tests/score.h"

#define READINGS_MAX	20000

static void judge(struct score *s, const struct trace_line *line, int64_t time,
		  uint64_t low, uint64_t high, struct reading *r)
{
	/* The truth is in [truth_ns, truth_ns + 1) */
	r->error = (double)(time - line->truth_ns);
	r->low = low;
	r->high = high;
	r->inside = (__int128)time - low <= (__int128)line->truth_ns + 1 &&
		    (__int128)time + high >= line->truth_ns;
	s->outside += !r->inside;
}

static void keep(struct score *s, double at, struct reading *r)
{
	r->at = at;
	if (s->readings < READINGS_MAX)
		s->reading[s->readings++] = *r;
}

static void judge_clock(struct score *s, const struct te_clock *clock,
			const struct trace_line *line, double at, bool kept)
{
	uint64_t low, high;
	struct reading r;
	int64_t time;

	te_read(clock, line->sample.after, &time, &low, &high);
	judge(s, line, time, low, high, &r);
	if (kept)
		keep(s, at, &r);
}

static void judge_pi(struct score *s, const struct pi_clock *pi,
		     const struct trace_line *line, double at)
{
	struct reading r;
	uint64_t bound;
	int64_t time;

	pi_read(pi, line->sample.after, &time, &bound);
	judge(s, line, time, bound, bound, &r);
	keep(s, at, &r);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, int n, double *worst)
{
	qsort(v, n, sizeof(*v), ascending);
	*worst = n ? v[n - 1] : 0;
	return n ? v[n / 2] : 0;
}

static void sum_up(struct score *s)
{
	double *v = calloc(READINGS_MAX, sizeof(*v));
	int i;

	for (i = 0; i < s->readings; i++)
		v[i] = fabs(s->reading[i].error);
	s->median_error = median(v, s->readings, &s->worst_error);
	s->p99_error = v[(int)(s->readings * 0.99)];
	for (i = 0; i < s->readings; i++)
		v[i] = s->reading[i].low + s->reading[i].high;
	s->median_width = median(v, s->readings, &s->worst_width);
	free(v);
}

static bool jumped(const struct te_clock *old, const struct te_clock *new)
{
	uint64_t low, high;
	int64_t time;

	te_read(old, new->counter, &time, &low, &high);
	return (__int128)new->time_ns < (__int128)time - low ||
	       (__int128)new->time_ns > (__int128)time + high;
}

static bool run(struct trace_source *src, struct scores *scores, struct pi_clock *pi)
{
	struct te_clock clock = { 0 }, old;
	struct trace_line line;
	bool first = true;
	double at;

	for (; trace_next(src, &line); first = false) {
		at = src->now / 1e9;
		if (!first && !src->was_set) {
			judge_clock(&scores->feed_forward, &clock, &line, at, true);
			judge_pi(&scores->pi, pi, &line, at);
		}
		old = clock;
		if (te_update(&scores->estimator, &line.sample, &clock) != TE_OK)
			return false;
		scores->jumps += !first && jumped(&old, &clock);
		judge_clock(&scores->feed_forward, &clock, &line, at, false);
		pi_update(pi, &line.sample);
	}
	sum_up(&scores->feed_forward);
	sum_up(&scores->pi);
	return true;
}

bool score_trace(const struct trace_spec *spec, uint64_t seed, struct scores *scores)
{
	struct te_config config = {
		.hz = TRACE_HZ, .memory_ns = 1000000000000ULL,
		.wander_ppb = spec->wander * 1000 + 0.5,
	};
	struct trace_source src;
	struct pi_clock pi;

	memset(scores, 0, sizeof(*scores));
	scores->feed_forward.reading = calloc(READINGS_MAX, sizeof(struct reading));
	scores->pi.reading = calloc(READINGS_MAX, sizeof(struct reading));
	trace_start(&src, spec, seed);
	pi_start(&pi, TRACE_HZ, spec->wander);
	return te_init(&scores->estimator, &config) && run(&src, scores, &pi);
}

void score_free(struct scores *scores)
{
	free(scores->feed_forward.reading);
	free(scores->pi.reading);
}
