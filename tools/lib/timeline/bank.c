// SPDX-License-Identifier: GPL-2.0
/*
 * The likely part of the feed-forward clock.  The bounds do not rest on it (its result
 * is clamped to them), so it may use floating point.
 *
 * A sample says z = time + path + noise, where time is how far the truth is ahead of the
 * line, and path is half of the difference of the two ways' lengths, which nothing but a
 * change of it tells.  The noise follows from the read gap: of what it exceeds the least
 * one by, e, any part may have been before the reading, so its variance is e^2 / 12.
 * Where e is several times what is usual here, s, the excess is rather on one side, and
 * counts exponentially less.
 *
 * The rate is a random walk.  How fast it walks is not known, so ten filters assume
 * ten speeds, each half a decade faster than the one before, and the one is read that
 * has predicted best of late.
 *
 * Where the least gap changes for good, one of the ways has become longer or shorter by
 * that: the time goes on as it was, and the path is what is uncertain from there on.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "timeline/bank.h"
#include "timeline/estimate.h"

#define SLOWEST		1e-3		/* ns/s per sqrt(s): 10^-12 per sqrt(s) */
#define PRIOR_RATE	(TE_PRIOR_PPM * 1e3)
#define USUAL		100.0		/* ns: least that is usual */
#define SYSTEMATIC	2.0		/* ns */
#define FORGETS		0.98
#define SURPRISE_MAX	25.0
#define RECENT		32
#define MEMORY_S	3600
#define SHIFT_NS	1000.0

static double tick_ns(uint64_t hz)
{
	return 1e9 / hz;
}

static double gap_of(const struct te_sample *s, uint64_t hz)
{
	return (s->after - s->before) * tick_ns(hz);
}

static uint64_t middle_of(const struct te_sample *s)
{
	return s->before + (s->after - s->before) / 2;
}

void te_bank_reset(struct te_bank *b)
{
	b->started = false;
	b->gaps = 0;
}

static void forget_gaps(struct te_bank *b, int n)
{
	b->gaps -= n;
	memmove(b->gap, b->gap + n, b->gaps * sizeof(b->gap[0]));
}

static void add_gap(struct te_bank *b, uint64_t at, double ns, uint64_t hz)
{
	int old = 0;

	while (old < b->gaps - RECENT && at - b->gap[old].at > MEMORY_S * hz)
		old++;
	if (old || b->gaps == TE_GAPS)
		forget_gaps(b, old ? old : 1);
	b->gap[b->gaps++] = (struct te_gap){ at, ns };
}

static double least_gap(const struct te_bank *b, int from)
{
	double least = b->gap[from].ns;
	int i;

	for (i = from + 1; i < b->gaps; i++)
		least = fmin(least, b->gap[i].ns);
	return least;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of what the gaps since @from exceed @least by */
static double median_excess(const struct te_bank *b, int from, double least)
{
	double v[TE_GAPS];
	int i, n = b->gaps - from;

	for (i = 0; i < n; i++)
		v[i] = b->gap[from + i].ns - least;
	qsort(v, n, sizeof(v[0]), ascending);
	return v[n / 2];
}

static void widen_path(struct te_bank *b, double change)
{
	int i;

	for (i = 0; i < TE_FILTERS; i++)
		b->filter[i].pp += change * change / 4;
}

/* All recent gaps are longer than the least: the way is */
static void look_for_longer(struct te_bank *b)
{
	int from = b->gaps - RECENT;
	double least;

	if (from <= 0)
		return;
	least = least_gap(b, from);
	if (least <= b->least + 4 * median_excess(b, from, least) + SHIFT_NS)
		return;
	widen_path(b, least - b->least);
	forget_gaps(b, from);
	b->least = least;
}

/* What is usual is known from enough gaps before this one; a much shorter one begins anew */
static double take_gap(struct te_bank *b, uint64_t hz, const struct te_sample *s)
{
	double ns = gap_of(s, hz);

	if (b->gaps >= RECENT &&
	    ns < b->least - 4 * (median_excess(b, 0, b->least) + USUAL)) {
		widen_path(b, b->least - ns);
		b->gaps = 0;
	}
	add_gap(b, s->after, ns, hz);
	b->least = least_gap(b, 0);
	look_for_longer(b);
	return ns - b->least;
}

/* Of a sample whose gap exceeds the least by @e */
static double variance(const struct te_bank *b, double e)
{
	double usual = median_excess(b, 0, b->least) + USUAL, base;
	int i, n = 0;

	for (i = 0; i < b->gaps; i++)
		n += b->gap[i].ns - b->least < usual;
	base = usual / (4 * sqrt(n)) + SYSTEMATIC;
	return (e * e / 12 + base * base) * exp(fmin(e * e / (16 * usual * usual), 50));
}

/* To another sample, through which the line goes from now on */
static void move_line(struct te_bank *b, uint64_t hz, const struct te_sample *s, double *seconds,
		      double *off)
{
	uint64_t middle = middle_of(s);
	double ns = (double)(int64_t)(middle - b->middle) * tick_ns(hz);

	*seconds = ns / 1e9;
	*off = (double)(s->ref_ns - b->ref_ns) - ns;
	b->middle = middle;
	b->ref_ns = s->ref_ns;
}

/* @q: variance that the rate gains in a second */
static void predict(struct te_filter *f, double seconds, double off, double q)
{
	double d = seconds;

	f->time += f->rate * d - off;
	f->tt += d * (2 * f->tr + d * f->rr) + q * d * d * d / 3;
	f->tr += d * f->rr + q * d * d / 2;
	f->tp += d * f->rp;
	f->rr += q * d;
}

/* The line goes through the sample, so it says that time + path is 0 */
static void correct(struct te_filter *f, double noise)
{
	double t = f->tt + f->tp, r = f->tr + f->rp, p = f->tp + f->pp;
	double s = t + p + noise, v = -(f->time + f->path);

	f->score = FORGETS * f->score - (log(s) + fmin(v * v / s, SURPRISE_MAX)) / 2;
	f->time += t / s * v;
	f->rate += r / s * v;
	f->path += p / s * v;
	f->tt -= t * t / s;
	f->tr -= t * r / s;
	f->tp -= t * p / s;
	f->rr -= r * r / s;
	f->rp -= r * p / s;
	f->pp -= p * p / s;
}

static double walk(int i)
{
	double speed = SLOWEST * pow(10, i / 2.0);

	return speed * speed;
}

static void start(struct te_bank *b, const struct te_sample *s)
{
	int i;

	b->started = true;
	b->middle = middle_of(s);
	b->ref_ns = s->ref_ns;
	for (i = 0; i < TE_FILTERS; i++)
		b->filter[i] = (struct te_filter){ .rr = PRIOR_RATE * PRIOR_RATE };
}

void te_bank_take(struct te_bank *b, uint64_t hz, const struct te_sample *s)
{
	double seconds, off, noise;
	int i;

	if (!b->started) {
		start(b, s);
		noise = variance(b, take_gap(b, hz, s));
		for (i = 0; i < TE_FILTERS; i++)
			b->filter[i].tt = noise;
		return;
	}
	move_line(b, hz, s, &seconds, &off);
	for (i = 0; i < TE_FILTERS; i++)
		predict(&b->filter[i], seconds, off, walk(i));
	noise = variance(b, take_gap(b, hz, s));
	for (i = 0; i < TE_FILTERS; i++)
		correct(&b->filter[i], noise);
}

void te_bank_step(struct te_bank *b, uint64_t hz, const struct te_sample *s, double ahead,
		  double width)
{
	double noise = variance(b, take_gap(b, hz, s));
	struct te_filter *f;
	int i;

	b->middle = middle_of(s);
	b->ref_ns = s->ref_ns;
	for (i = 0; i < TE_FILTERS; i++) {
		f = &b->filter[i];
		*f = (struct te_filter){ .rate = f->rate, .rr = f->rr, .time = ahead,
					 .tt = width * width / 12, .score = f->score };
		correct(f, noise);
	}
}

static const struct te_filter *best(const struct te_bank *b)
{
	const struct te_filter *f = b->filter;
	int i;

	for (i = 1; i < TE_FILTERS; i++) {
		if (b->filter[i].score > f->score)
			f = &b->filter[i];
	}
	return f;
}

void te_bank_read(const struct te_bank *b, uint64_t hz, uint64_t counter,
		  struct te_likely *likely)
{
	const struct te_filter *f = best(b);
	double ns = (double)(int64_t)(counter - b->middle) * tick_ns(hz);

	likely->period = tick_ns(hz) * 0x1p48 * (1 + f->rate * 1e-9);
	likely->time = f->time + ns * (1 + f->rate * 1e-9);
	likely->error = sqrt(f->tt + f->pp);
}
