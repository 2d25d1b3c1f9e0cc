// SPDX-License-Identifier: GPL-2.0
/*
 * The likely part of the feed-forward clock.  The bounds do not rest on it (its result
 * is clamped to them), so it may use floating point.
 *
 * A sample says z = time + path + noise, where time is how far the truth is ahead of the
 * line, and path is half of the difference of the two ways' lengths, which nothing but a
 * change of it tells.  Of the noise the read gap tells: of what it exceeds the least one
 * by, e, any part may have been before the reading.  So a third of the filters take it to be
 * anything within e / 2, each as likely as any other, which is so where delays are
 * exponential: then few fast exchanges say nearly all, and a slow one something if its
 * edge cuts into what is thought.  Where each delay is at most so much, as where it is uniform,
 * both ways are slow in the slowest exchanges, which tell as much as the fastest: to
 * another third the noise is within half of what e is away from 0 or from twice its median.
 * Where a delay is the sum of many small ones, the middle is likelier: to the last third the
 * noise is normal, and as large as it usually is whatever e, s, the median of e, tells.
 * Where e is several times that, the excess is rather on one side, and counts exponentially
 * less.
 *
 * The rate is a random walk.  How fast it walks is not known, so there are filters for ten
 * speeds, each half a decade faster than the one before.  Of each the probability is known
 * that it is the right one, as far as it has predicted well, and now and then another one
 * becomes the right one: it begins with what all the filters together think, and so does
 * not have to forget first.  What is read is their mean.
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
#define SURPRISE_MAX	12.5		/* -ln of a probability */
#define FAR		6.0		/* deviations at which an edge is all that counts */
#define LEAVES		1e-3		/* probability at an exchange that the slowest speed ends, */
#define LEAVES_FASTER	M_SQRT2		/* and how much likelier that of the next faster one is */
#define OF_USUAL	5		/* the deviation of uniform and of normal noise, in s */
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

/* What a sample is worth */
struct grain {
	double half;	/* the noise is within that, but for */
	double edge;	/* variance: how well the least gap is known */
	double bounded, far;	/* the same, if gaps are as far below a largest one as above the least */
	double normal;	/* variance, if it is normal */
};

/*
 * Of a sample whose gap exceeds the least by @e.  Before there are some gaps nothing shows
 * how far the least is from what is possible: that may be all of it.
 */
static struct grain worth(const struct te_bank *b, double e)
{
	double median = median_excess(b, 0, b->least), usual = median + USUAL, base, far;
	bool beyond = e > median && e < 2 * median;
	int i, n = 0;

	for (i = 0; i < b->gaps; i++)
		n += b->gap[i].ns - b->least < usual;
	base = usual / (4 * sqrt(n)) + b->least / (4.0 * b->gaps * b->gaps) + SYSTEMATIC;
	far = base + (beyond ? usual / (2 * sqrt(b->gaps)) : 0);
	return (struct grain){
		.half = e / 2, .edge = base * base,
		.bounded = (beyond ? 2 * median - e : e) / 2, .far = far * far,
		.normal = (usual * usual / (OF_USUAL * OF_USUAL) + base * base) *
			  exp(fmin(e * e / (16 * usual * usual), 50)),
	};
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

/* What an observation does to a belief: its mean moves by gain times its variance, ... */
struct news {
	double gain;
	double curve;	/* and that shrinks by curve times its square */
	double likely;	/* the logarithm of how probable it was */
};

/* Normal noise; what is seen is @v off the mean, of variance @s with the noise */
static struct news hear_normal(double v, double s)
{
	return (struct news){ v / s, 1 / s,
			      -fmin(v * v / s / 2, SURPRISE_MAX) - log(2 * M_PI * s) / 2 };
}

static double density(double x)
{
	return exp(-x * x / 2) / sqrt(2 * M_PI);
}

/* That a normal variable is between @low and @high; exact in its tails */
static double mass(double low, double high)
{
	if (low > 0)
		return (erfc(low * M_SQRT1_2) - erfc(high * M_SQRT1_2)) / 2;
	return (erfc(-high * M_SQRT1_2) - erfc(-low * M_SQRT1_2)) / 2;
}

/*
 * Noise that is anything within @half; @s is the variance with that of the edges.  With Z
 * the probability of having been seen, the mean moves by s d(ln Z), the variance by the
 * second derivative.
 */
static struct news hear_flat(double v, double half, double s)
{
	double q = sqrt(s), low = (v - half) / q, high = (v + half) / q, z;
	struct news n;

	if (half < q / 1000)
		return hear_normal(v, s);
	if (low > FAR || high < -FAR) {
		n = hear_normal(low > FAR ? v - half : v + half, s);
		n.likely = -SURPRISE_MAX - log(2 * half);
		return n;
	}
	z = mass(low, high);
	n.gain = (density(low) - density(high)) / (q * z);
	n.curve = n.gain * n.gain - (low * density(low) - high * density(high)) / (s * z);
	n.curve = fmax(n.curve, 0);
	n.likely = fmax(log(z), -SURPRISE_MAX) - log(2 * half);
	return n;
}

/* What a filter takes noise for */
enum kind { FLAT, NORMAL, BOUNDED };

static enum kind kind_of(int i)
{
	return i / TE_SPEEDS;
}

/* The line goes through the sample, so it says that time + path is 0; how probable that was */
static double correct(struct te_filter *f, const struct grain *g, enum kind kind)
{
	double t = f->tt + f->tp, r = f->tr + f->rp, p = f->tp + f->pp;
	double v = -(f->time + f->path);
	struct news n = kind == NORMAL ? hear_normal(v, t + p + g->normal) :
			kind == FLAT ? hear_flat(v, g->half, t + p + g->edge) :
				       hear_flat(v, g->bounded, t + p + g->far);

	f->time += t * n.gain;
	f->rate += r * n.gain;
	f->path += p * n.gain;
	f->tt -= t * t * n.curve;
	f->tr -= t * r * n.curve;
	f->tp -= t * p * n.curve;
	f->rr -= r * r * n.curve;
	f->rp -= r * p * n.curve;
	f->pp -= p * p * n.curve;
	return n.likely;
}

static double walk(int i)
{
	double speed = SLOWEST * pow(10, i % TE_SPEEDS / 2.0);

	return speed * speed;
}

/* The mean of all filters by weights that sum up to 1, as one of that mean and variance */
static struct te_filter mean_of(const struct te_bank *b, const double *weight)
{
	struct te_filter m = { 0 };
	double t, r, p;
	int i;

	for (i = 0; i < TE_FILTERS; i++) {
		m.time += weight[i] * b->filter[i].time;
		m.rate += weight[i] * b->filter[i].rate;
		m.path += weight[i] * b->filter[i].path;
	}
	for (i = 0; i < TE_FILTERS; i++) {
		const struct te_filter *f = &b->filter[i];

		t = f->time - m.time;
		r = f->rate - m.rate;
		p = f->path - m.path;
		m.tt += weight[i] * (f->tt + t * t);
		m.tr += weight[i] * (f->tr + t * r);
		m.tp += weight[i] * (f->tp + t * p);
		m.rr += weight[i] * (f->rr + r * r);
		m.rp += weight[i] * (f->rp + r * p);
		m.pp += weight[i] * (f->pp + p * p);
	}
	return m;
}

/* Now and then another one becomes the right one, each as likely */
static void mix(struct te_bank *b)
{
	struct te_filter to[TE_FILTERS];
	double weight[TE_FILTERS], leaves, sum;
	int i, j;

	for (j = 0; j < TE_FILTERS; j++) {
		sum = 0;
		for (i = 0; i < TE_FILTERS; i++) {
			leaves = LEAVES * pow(LEAVES_FASTER, i % TE_SPEEDS);
			weight[i] = b->filter[i].share *
				    (i == j ? 1 - leaves : leaves / (TE_FILTERS - 1));
			sum += weight[i];
		}
		for (i = 0; i < TE_FILTERS; i++)
			weight[i] /= sum;
		to[j] = mean_of(b, weight);
		to[j].share = sum;
	}
	memcpy(b->filter, to, sizeof(to));
}

/* By how probable to each what was seen had been */
static void share_out(struct te_bank *b, const double *likely)
{
	double most = likely[0], sum = 0;
	int i;

	for (i = 1; i < TE_FILTERS; i++)
		most = fmax(most, likely[i]);
	for (i = 0; i < TE_FILTERS; i++) {
		b->filter[i].share *= exp(likely[i] - most);
		sum += b->filter[i].share;
	}
	for (i = 0; i < TE_FILTERS; i++)
		b->filter[i].share /= sum;
}

static void start(struct te_bank *b, const struct te_sample *s)
{
	int i;

	b->started = true;
	b->middle = middle_of(s);
	b->ref_ns = s->ref_ns;
	for (i = 0; i < TE_FILTERS; i++)
		b->filter[i] = (struct te_filter){ .rr = PRIOR_RATE * PRIOR_RATE,
						   .share = 1.0 / TE_FILTERS };
}

void te_bank_take(struct te_bank *b, uint64_t hz, const struct te_sample *s)
{
	double seconds, off, likely[TE_FILTERS];
	struct grain g;
	int i;

	if (!b->started) {
		start(b, s);
		g = worth(b, take_gap(b, hz, s));
		for (i = 0; i < TE_FILTERS; i++)
			b->filter[i].tt = g.normal;
		return;
	}
	move_line(b, hz, s, &seconds, &off);
	mix(b);
	for (i = 0; i < TE_FILTERS; i++)
		predict(&b->filter[i], seconds, off, walk(i));
	g = worth(b, take_gap(b, hz, s));
	for (i = 0; i < TE_FILTERS; i++)
		likely[i] = correct(&b->filter[i], &g, kind_of(i));
	share_out(b, likely);
}

void te_bank_step(struct te_bank *b, uint64_t hz, const struct te_sample *s, double ahead,
		  double width)
{
	struct grain g = worth(b, take_gap(b, hz, s));
	struct te_filter *f;
	int i;

	b->middle = middle_of(s);
	b->ref_ns = s->ref_ns;
	for (i = 0; i < TE_FILTERS; i++) {
		f = &b->filter[i];
		*f = (struct te_filter){ .rate = f->rate, .rr = f->rr, .time = ahead,
					 .tt = width * width / 12, .share = f->share };
		correct(f, &g, kind_of(i));
	}
}

void te_bank_read(const struct te_bank *b, uint64_t hz, uint64_t counter,
		  struct te_likely *likely)
{
	double ns = (double)(int64_t)(counter - b->middle) * tick_ns(hz), share[TE_FILTERS];
	struct te_filter m;
	int i;

	for (i = 0; i < TE_FILTERS; i++)
		share[i] = b->filter[i].share;
	m = mean_of(b, share);
	likely->period = tick_ns(hz) * 0x1p48 * (1 + m.rate * 1e-9);
	likely->time = m.time + ns * (1 + m.rate * 1e-9);
	likely->error = sqrt(m.tt + m.pp);
}
