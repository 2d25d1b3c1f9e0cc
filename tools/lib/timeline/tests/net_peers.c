// SPDX-License-Identifier: GPL-2.0
/* The rules of others. */
#include <math.h>
#include <string.h>

#include "timeline/tests/net_peers.h"
#include "timeline/tests/net_sim.h"

/* Of what chronyd is told by default: the clock's own error, and how far a distance counts */
#define CLOCK_ERROR	1000.0	/* ns/s */
#define LEAST_POINTS	3

/* Of RADclock: what is good and bad in errors of a stamp, the scale at which a rate holds */
#define GOOD		4
#define BAD		(6 * GOOD)
#define SCALE		1000.0	/* s */
#define AGING		20.0	/* ns/s */
#define LOCAL		(5 * SCALE)	/* of the local rate, */
#define PARTS		30		/* between the best of its last and first part */
#define LOCAL_ERROR	50.0	/* ns/s, that is good enough */

static double nominal(const struct peer_line *l, uint64_t counter)
{
	return (double)(int64_t)(counter - l->counter) * l->tick;
}

static int64_t middle_ns(const struct ntp_exchange *x)
{
	int64_t a = ntp_to_ns(x->receive, SIM_PIVOT), b = ntp_to_ns(x->transmit, SIM_PIVOT);

	return a + (b - a) / 2;
}

static void point_of(struct peer_line *l, const struct ntp_exchange *x, struct peer_point *p)
{
	uint64_t middle = x->before + (x->after - x->before) / 2;
	double held = ntp_to_ns(x->transmit, SIM_PIVOT) - ntp_to_ns(x->receive, SIM_PIVOT);

	if (!l->started)
		*l = (struct peer_line){ l->tick, middle, middle_ns(x), true };
	p->at = nominal(l, middle) / 1e9;
	p->ahead = (double)(middle_ns(x) - l->ns) - nominal(l, middle);
	p->way = (double)(x->after - x->before) * l->tick - held;
	p->stated = ((x->root_delay + 1) / 2.0 + x->root_dispersion + 1) * (1e9 / 65536);
}

static int64_t time_at(const struct peer_line *l, uint64_t counter, double ahead)
{
	return l->ns + (int64_t)floor(nominal(l, counter) + ahead);
}

void regression_start(struct regression *r, uint64_t hz)
{
	memset(r, 0, sizeof(*r));
	r->line.tick = 1e9 / hz;
}

/* The most runs of signs that n of them at random have in less than 5 % of all cases */
static int few_runs(int n)
{
	double term = pow(0.5, n - 1), sum = 0;
	int changes;

	for (changes = 0; sum + term < 0.05; changes++) {
		sum += term;
		term *= (double)(n - 1 - changes) / (changes + 1);
	}
	return changes;
}

/* A straight line through the points from @first on; how many runs its residuals have */
static int fit(struct regression *r, int first)
{
	const struct peer_point *p = r->point + first, *last = r->point + r->n - 1;
	double least = INFINITY, w, sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, rest, squares = 0;
	double before = 0;
	int i, n = r->n - first, runs = 0;

	for (i = 0; i < n; i++)
		least = fmin(least, p[i].way);
	for (i = 0; i < n; i++) {
		w = 1 + (p[i].way - least) / 2 / fmax(r->deviation, 1e3);
		w = 1 / (w * w);
		sw += w;
		sx += w * (p[i].at - last->at);
		sy += w * p[i].ahead;
		sxx += w * (p[i].at - last->at) * (p[i].at - last->at);
		sxy += w * (p[i].at - last->at) * p[i].ahead;
	}
	r->rate = (sw * sxy - sx * sy) / (sw * sxx - sx * sx);
	r->ahead = (sy - r->rate * sx) / sw;
	for (i = 0; i < n; i++) {
		w = 1 + (p[i].way - least) / 2 / fmax(r->deviation, 1e3);
		rest = p[i].ahead - r->ahead - r->rate * (p[i].at - last->at);
		squares += rest * rest / (w * w);
		runs += !i || (rest < 0) != (before < 0);
		before = rest;
	}
	r->deviation = n > 2 ? sqrt(squares / (n - 2) * n / sw) : 0;
	/* At 95 %, by Student's distribution, roughly */
	r->skew = (1.96 + 2.4 / (n - 2.0) * (n < 6 ? 2.5 : 1)) * r->deviation /
		  sqrt(sxx - sx * sx / sw);
	return runs;
}

void regression_take(struct regression *r, const struct ntp_exchange *x)
{
	double deviation = r->deviation;
	int first;

	if (r->n == REGRESSION_SAMPLES)
		memmove(r->point, r->point + 1, --r->n * sizeof(r->point[0]));
	point_of(&r->line, x, &r->point[r->n++]);
	if (r->n < LEAST_POINTS) {
		r->ahead = r->point[r->n - 1].ahead;
		r->skew = 500e3;
		return;
	}
	for (first = 0; r->n - first > LEAST_POINTS; first++) {
		r->deviation = deviation;
		if (fit(r, first) > few_runs(r->n - first))
			break;
	}
	if (r->n - first == LEAST_POINTS) {
		r->deviation = deviation;
		fit(r, first);
	}
	r->n -= first;
	memmove(r->point, r->point + first, r->n * sizeof(r->point[0]));
}

double regression_read(const struct regression *r, uint64_t counter, int64_t *ns)
{
	const struct peer_point *last = &r->point[r->n - 1];
	double age = nominal(&r->line, counter) / 1e9 - last->at, way = INFINITY;
	int i;

	*ns = time_at(&r->line, counter, r->ahead + r->rate * age);
	for (i = 0; i < r->n; i++)
		way = fmin(way, r->point[i].way);
	return way / 2 + last->stated + r->deviation + (r->skew + CLOCK_ERROR) * age;
}

void radclock_start(struct radclock *r, uint64_t hz, double stamp_error)
{
	memset(r, 0, sizeof(*r));
	r->line.tick = 1e9 / hz;
	r->stamp_error = stamp_error;
	r->least = INFINITY;
	r->quality = INFINITY;
}

/* The fastest packet that is @from to @to s old, NULL if there is none */
static const struct peer_point *fastest(const struct radclock *r, double from, double to)
{
	const struct peer_point *now = &r->point[r->n - 1], *p, *best = NULL;

	for (p = now; p >= r->point && now->at - p->at <= to; p--)
		if (now->at - p->at >= from && (!best || p->way < best->way))
			best = p;
	return best;
}

/* Between two fast packets that are far from each other; as before where none are fast enough */
static void rate_of(struct radclock *r)
{
	const struct peer_point *now = &r->point[r->n - 1];
	double length = fmin(LOCAL, now->at - r->point[0].at), part = length / PARTS;
	const struct peer_point *near = fastest(r, 0, part);
	const struct peer_point *far = fastest(r, length - part, length);

	if (!near || !far || near->at - far->at <= length / 2)
		return;
	if ((near->way + far->way - 2 * r->least) / (near->at - far->at) > LOCAL_ERROR &&
	    r->quality < INFINITY)
		return;
	r->quality = 0;
	r->rate = (near->ahead - far->ahead) / (near->at - far->at);
}

/* The mean of all in the window, those weighted that were fast, and not long ago */
static void offset_of(struct radclock *r)
{
	const struct peer_point *now = &r->point[r->n - 1], *p;
	double error, w, sum = 0, sum_w = 0, best = INFINITY, ahead;

	for (p = now; p >= r->point && now->at - p->at < SCALE; p--) {
		error = p->way - r->least + AGING * (now->at - p->at);
		best = fmin(best, error);
		w = exp(-pow(error / (GOOD * r->stamp_error), 2));
		sum += w * (p->ahead + r->rate * (now->at - p->at));
		sum_w += w;
	}
	ahead = r->ahead + r->rate * (now->at - r->at);
	if (best <= BAD * r->stamp_error && sum_w)
		ahead = sum / sum_w;
	r->ahead = ahead;
	r->at = now->at;
}

/* The least way became longer for good: the least of the last half scale is it */
static void level_of(struct radclock *r)
{
	const struct peer_point *now = &r->point[r->n - 1], *p;
	double least = INFINITY;

	r->least = fmin(r->least, now->way);
	for (p = now; p >= r->point && now->at - p->at < SCALE / 2; p--)
		least = fmin(least, p->way);
	if (p >= r->point && least > r->least + 4 * GOOD * r->stamp_error)
		r->least = least;
}

void radclock_take(struct radclock *r, const struct ntp_exchange *x)
{
	if (r->n == RAD_SAMPLES) {
		memmove(r->point, r->point + RAD_SAMPLES / 2,
			RAD_SAMPLES / 2 * sizeof(r->point[0]));
		r->n = RAD_SAMPLES / 2;
	}
	point_of(&r->line, x, &r->point[r->n++]);
	level_of(r);
	rate_of(r);
	offset_of(r);
}

void radclock_read(const struct radclock *r, uint64_t counter, int64_t *ns)
{
	double age = nominal(&r->line, counter) / 1e9 - r->at;

	*ns = time_at(&r->line, counter, r->ahead + r->rate * age);
}
