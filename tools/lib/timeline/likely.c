// SPDX-License-Identifier: GPL-2.0
/*
 * The likely part of the feed-forward clock.  The bounds do not rest on it (its
 * result is clamped to them), so it may use floating point.
 *
 * The period is the mean of the slopes between recent samples and all older
 * ones, and the time is the mean of what all samples predict for now, each with
 * the weight 1/error^4 for the error to be expected of it:
 *
 *	of a slope over D that ended A ago:	(noise_i + noise_j) / D + k (D/2 + A)
 *	of a sample's prediction over A:	noise + A (error of the period + k A)
 *
 * where noise is half of what the read gap exceeds the shortest one by and a bit,
 * and k is how fast the period moves.  So short read gaps count most, and the
 * longest base over which the period can be relied on is found by itself.  The
 * fourth power, not the second: most of these errors are not independent, and
 * what averages badly is better left to the best.
 */
#include <math.h>

#include "timeline/estimate.h"

#define RECENT		16
#define SETTLE_S	80.0	/* the period moves by 'wander' in that time */

/* A sample relative to the end of the newest one */
struct point {
	double age;	/* ns */
	double ref;	/* ns */
	double noise;	/* ns */
};

static double tick_ns(const struct te_estimator *e)
{
	return 1e9 / e->config.hz;
}

static double shortest_gap(const struct te_pool *pool)
{
	double gap, least = INFINITY;
	int i;

	for (i = 0; i < pool->samples; i++) {
		gap = pool->sample[i].after - pool->sample[i].before;
		if (gap < least)
			least = gap;
	}
	return least;
}

static void place(const struct te_estimator *e, int i, double shortest, struct point *p)
{
	const struct te_pool *pool = &e->pool;
	const struct te_sample *s = &pool->sample[i], *n = &pool->sample[pool->samples - 1];
	double gap = s->after - s->before;

	p->age = ((double)(n->after - s->after) + gap / 2) * tick_ns(e);
	p->ref = (double)(s->ref_ns - n->ref_ns);
	/* What two readings have in common does not count between them */
	p->noise = ((gap - shortest) / 2 + shortest / 16) * tick_ns(e) + 1;
}

/* Of the period: 1/ns, as a fraction of it */
static double drift(const struct te_estimator *e)
{
	return e->config.wander_ppb * 1e-9 / (SETTLE_S * 1e9);
}

struct mean {
	double sum;
	double weight;
	double error;
};

static void take(struct mean *m, double value, double error)
{
	double weight = 1 / (error * error * error * error);

	m->sum += value * weight;
	m->weight += weight;
	if (!m->error || error < m->error)
		m->error = error;
}

/* Of all slopes to recent samples, in true ns per nominal ns less 1 */
static struct mean mean_slope(const struct te_estimator *e, const struct point *p, int n)
{
	double k = drift(e), base, error;
	struct mean m = { 0 };
	int i, j;

	for (j = n > RECENT ? n - RECENT : 1; j < n; j++) {
		for (i = 0; i < j; i++) {
			base = p[i].age - p[j].age;
			error = (p[i].noise + p[j].noise) / base + k * (base / 2 + p[j].age);
			take(&m, (p[j].ref - p[i].ref) / base - 1, error);
		}
	}
	return m;
}

static struct mean mean_time(const struct te_estimator *e, const struct point *p, int n,
			     double slope, double slope_error)
{
	double k = drift(e), error;
	struct mean m = { 0 };
	int i;

	for (i = 0; i < n; i++) {
		error = p[i].noise + p[i].age * (slope_error + k * p[i].age);
		take(&m, p[i].ref + p[i].age * (1 + slope), error);
	}
	return m;
}

void te_likely(const struct te_estimator *e, const struct te_limits *limits,
	       struct te_likely *likely)
{
	double nominal = tick_ns(e) * 0x1p48, slope, slope_error;
	double shortest = shortest_gap(&e->pool);
	struct point p[TE_SAMPLES + 1];
	int i, n = e->pool.samples;
	struct mean m;

	for (i = 0; i < n; i++)
		place(e, i, shortest, &p[i]);
	m = mean_slope(e, p, n);
	slope = m.weight ? m.sum / m.weight : 0;
	slope_error = m.weight ? m.error : TE_PRIOR_PPM * 1e-6;
	likely->period = nominal * (1 + slope);
	if (likely->period < limits->low)
		likely->period = limits->low;
	if (likely->period > limits->high)
		likely->period = limits->high;
	slope = likely->period / nominal - 1;
	m = mean_time(e, p, n, slope, slope_error);
	likely->time = m.sum / m.weight;
	likely->error = m.error;
}
