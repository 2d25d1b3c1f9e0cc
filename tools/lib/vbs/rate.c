// SPDX-License-Identifier: GPL-2.0
/*
 * The least line above all runs, and what is held against it.
 *
 * A line start + per_unit * n is above all runs if it is above the longest one of each size.
 * Of those the one is taken that is least above the mean of any size, as a share of it: if that
 * is more than is tolerated, there is no line that is not.
 */
#include <string.h>

#include "vbs/rate.h"

#define FS		1000000		/* in a ns */
#define NSEC		1000000000	/* in a second */
#define WHOLE		(1 << 20)
#define SIZES_LEAST	3
#define SPAN_LEAST	4		/* from the least size to the most */
#define UNCHARGED_MOST	(WHOLE / 20)

struct point {
	uint64_t size, most;
	u128 sum;
	uint64_t runs;
};

struct points {
	struct point point[RATE_SIZES_MAX];
	int n;
};

static struct point *point_of(struct points *p, uint64_t size)
{
	int i;

	for (i = 0; i < p->n; i++) {
		if (p->point[i].size == size)
			return &p->point[i];
	}
	if (p->n == RATE_SIZES_MAX)
		return NULL;
	p->point[p->n] = (struct point){ .size = size };
	return &p->point[p->n++];
}

static void collect(const struct rate_samples *s, struct points *p)
{
	int i;

	for (i = 0; i < s->samples; i++) {
		const struct rate_sample *run = &s->sample[i];
		struct point *at = point_of(p, run->size);

		if (!at)
			continue;
		at->most = run->cpu > at->most ? run->cpu : at->most;
		at->sum += run->cpu;
		at->runs++;
	}
}

/* How far @a is above @b, as a share of it, rounded up */
static uint32_t above(u128 a, u128 b)
{
	u128 by = a > b ? div_up((a - b) * WHOLE, b ? b : 1) : 0;

	return by > UINT32_MAX ? UINT32_MAX : by;
}

/* Rounded up, and never 0 */
static u128 mean_of(const struct point *at)
{
	return at->sum ? div_up(at->sum, at->runs) : 1;
}

static u128 line_at(const struct rate_line *line, u128 units)
{
	return line->start + div_up(line->per_unit * units, FS);
}

/* The least start with which a line of that slope is above all runs, fs */
static u128 start_for(const struct points *p, uint64_t per_unit)
{
	u128 start = 0;
	int i;

	for (i = 0; i < p->n; i++) {
		u128 slope = (u128)per_unit * p->point[i].size, most = (u128)p->point[i].most * FS;

		if (most > slope && most - slope > start)
			start = most - slope;
	}
	return start;
}

/* How high that line is beside the mean of a size, at most */
static struct ratio height(const struct points *p, uint64_t per_unit)
{
	struct ratio most = { 0, 1 }, at;
	u128 start = start_for(p, per_unit);
	int i;

	for (i = 0; i < p->n; i++) {
		at.num = start + (u128)per_unit * p->point[i].size;
		at.den = mean_of(&p->point[i]);
		most = ratio_cmp(at, most) > 0 ? at : most;
	}
	return most;
}

/* The steepest that is of use: it starts at 0 */
static uint64_t steepest(const struct points *p)
{
	u128 most = 1, slope;
	int i;

	for (i = 0; i < p->n; i++) {
		slope = div_up((u128)p->point[i].most * FS, p->point[i].size ? p->point[i].size : 1);
		most = slope > most ? slope : most;
	}
	return most > UINT64_MAX / 2 ? UINT64_MAX / 2 : most;
}

/* The height is convex in the slope: the search goes where it falls */
static struct rate_line fit_line(const struct points *p)
{
	uint64_t low = 1, high = steepest(p), mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (ratio_cmp(height(p, mid), height(p, mid + 1)) <= 0)
			high = mid;
		else
			low = mid + 1;
	}
	return (struct rate_line){ div_up(start_for(p, low), FS), low };
}

static void measure_line(const struct points *p, struct rate_fit *fit)
{
	int i;

	fit->least = UINT64_MAX;
	for (i = 0; i < p->n; i++) {
		const struct point *at = &p->point[i];
		uint32_t by = above(line_at(&fit->line, at->size), mean_of(at));

		fit->least = at->size < fit->least ? at->size : fit->least;
		fit->most = at->size > fit->most ? at->size : fit->most;
		if (by > fit->above) {
			fit->above = by;
			fit->above_size = at->size;
		}
	}
}

static uint32_t state_of(const struct rate_sample *run)
{
	return run->state;
}

static uint32_t share_of(const struct rate_sample *run)
{
	return run->share;
}

/* The mean of the runs of that size under that condition; 0 without any */
static u128 mean(const struct rate_samples *s, uint64_t size, uint32_t (*of)(const struct rate_sample *),
		 uint32_t value)
{
	u128 sum = 0;
	int i, n = 0;

	for (i = 0; i < s->samples; i++) {
		if (s->sample[i].size != size || of(&s->sample[i]) != value)
			continue;
		sum += s->sample[i].cpu;
		n++;
	}
	return n ? sum / n : 0;
}

/* Of the conditions of the runs of one size */
static void spread_at(const struct rate_samples *s, uint64_t size, uint32_t (*of)(const struct rate_sample *),
		      struct rate_spread *spread)
{
	u128 low = 0, high = 0, m;
	uint32_t at_low = 0, at_high = 0, by;
	int i;

	for (i = 0; i < s->samples; i++) {
		uint32_t value = of(&s->sample[i]);

		m = mean(s, size, of, value);
		if (m && (!low || m < low)) {
			low = m;
			at_low = value;
		}
		if (m > high) {
			high = m;
			at_high = value;
		}
	}
	by = above(high, low);
	if (by > spread->by)
		*spread = (struct rate_spread){ by, size, at_low, at_high };
}

static void measure_spreads(const struct rate_samples *s, const struct points *p, struct rate_fit *fit)
{
	int i;

	for (i = 0; i < p->n; i++) {
		spread_at(s, p->point[i].size, state_of, &fit->by_state);
		spread_at(s, p->point[i].size, share_of, &fit->by_share);
	}
}

/* What others worked beside the runs of the idle state, and would not have worked without them */
static void measure_uncharged(const struct rate_samples *s, struct rate_fit *fit)
{
	u128 cpu = 0, other = 0, took = 0, anyway;
	int i;

	for (i = 0; i < s->samples; i++) {
		const struct rate_sample *run = &s->sample[i];

		if (run->state == RATE_IDLE) {
			cpu += run->cpu;
			other += run->other;
			took += run->took;
		}
	}
	anyway = took * s->background / NSEC + s->rounding;
	fit->uncharged = above(cpu + (other > anyway ? other - anyway : 0), cpu);
}

/* Short runs may seem to wait, for their first budget */
static void measure_others(const struct rate_samples *s, struct rate_fit *fit)
{
	u128 took = 0, waited = 0;
	int i;

	for (i = 0; i < s->samples; i++) {
		const struct rate_sample *run = &s->sample[i];

		fit->states |= 1U << run->state;
		if (run->size == fit->most) {
			took += run->took;
			waited += run->waited;
		}
	}
	fit->waited = took ? waited * WHOLE / took : 0;
	measure_uncharged(s, fit);
}

static enum rate_verdict judge(const struct rate_samples *s, const struct rate_fit *fit)
{
	if (fit->sizes < SIZES_LEAST || fit->most / SPAN_LEAST < fit->least || !fit->least)
		return RATE_TOO_FEW;
	if (fit->waited > s->tolerance)
		return RATE_WAITS;
	if (fit->uncharged > UNCHARGED_MOST && !s->uncharged)
		return RATE_UNCHARGED;
	if (fit->by_state.by > s->tolerance)
		return RATE_BY_STATE;
	if (fit->by_share.by > s->tolerance)
		return RATE_BY_SHARE;
	return fit->above > s->tolerance ? RATE_CURVED : RATE_LINEAR;
}

void rate_fit(const struct rate_samples *s, struct rate_fit *fit)
{
	struct points p = { .n = 0 };

	memset(fit, 0, sizeof(*fit));
	collect(s, &p);
	fit->line = fit_line(&p);
	measure_line(&p, fit);
	measure_spreads(s, &p, fit);
	measure_others(s, fit);
	fit->sizes = p.n;
	fit->verdict = judge(s, fit);
}

/* No piece costs less than the smallest that was measured */
static u128 piece_cost(const struct rate_fit *fit, u128 units)
{
	return units ? line_at(&fit->line, units < fit->least ? fit->least : units) : 0;
}

u128 rate_cost(const struct rate_fit *fit, u128 units)
{
	return units / fit->most * piece_cost(fit, fit->most) + piece_cost(fit, units % fit->most);
}

u128 rate_units(const struct rate_fit *fit, u128 cpu)
{
	u128 whole = piece_cost(fit, fit->most), rest = cpu % whole, units;

	units = rest < piece_cost(fit, fit->least) ? 0 : (rest - fit->line.start) * FS / fit->line.per_unit;
	return cpu / whole * fit->most + units;
}

const char *rate_state_name(enum rate_state state)
{
	static const char *const names[] = {
		[RATE_IDLE] = "idle", [RATE_COLD] = "cold", [RATE_NEIGHBOUR] = "neighbour",
		[RATE_MEMORY] = "memory",
	};

	return names[state];
}

const char *rate_state_parse(const char *text, enum rate_state *state)
{
	for (*state = 0; *state < RATE_STATES; (*state)++) {
		if (!strcmp(text, rate_state_name(*state)))
			return NULL;
	}
	return "a state is one of idle, cold, neighbour, memory";
}

const char *rate_verdict_name(enum rate_verdict verdict)
{
	static const char *const names[] = {
		[RATE_LINEAR] = "linear", [RATE_TOO_FEW] = "too-few", [RATE_WAITS] = "waits",
		[RATE_UNCHARGED] = "uncharged", [RATE_BY_STATE] = "by-state",
		[RATE_BY_SHARE] = "by-share", [RATE_CURVED] = "curved",
	};

	return names[verdict];
}
