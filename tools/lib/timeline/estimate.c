// SPDX-License-Identifier: GPL-2.0
/*
 * The guaranteed part of the feed-forward clock, in integers that are rounded
 * outwards.  With p the unknown constant of (A2) and w the wander, two samples
 * i < j with true times T_i, T_j taken at counter values c_i, c_j keep
 *
 *	p (1 - w) (c_j - c_i)  <=  T_j - T_i  <=  p (1 + w) (c_j - c_i)
 *
 * where (A1) encloses the times and the two counter readings of a sample
 * enclose c.  Each pair so bounds p from both sides:
 *
 *	p >= (ref_j - low_j - ref_i - high_i) / ((1 + w) (after_j - before_i))
 *	p <= (ref_j + high_j - ref_i + low_i) / ((1 - w) (before_j - after_i))
 *
 * and each sample bounds the time at a later counter value c:
 *
 *	ref_i - low_i  + p_min (1 - w) (c - after_i)   <=  T(c)
 *	ref_i + high_i + p_max (1 + w) (c - before_i)  >=  T(c)
 *
 * All of these hold at once, so the tightest count; an empty intersection
 * shows that an assumption is broken.  A slow reading only weakens its own
 * bounds: it needs no filter.
 *
 * Overflow: samples span at most the memory, an hour or 2^42 ns, so elapsed
 * times clamped to 2^44 ns say the same, and 2^44 * 2^48 * 10^9 * (a few) is
 * below 2^127.  A period is below 2^48 * 10^4 < 2^62 (a counter of at least
 * 100 kHz, te_init()), and a counter difference below 2^64.
 */
#include <string.h>

#include "base/exact.h"
#include "timeline/estimate.h"

#define PPB		1000000000
#define TE_SECOND	((__int128)PPB << TE_PERIOD_BITS)
/* Elapsed times and times in ns that are as good as infinite */
#define ELAPSED_MAX	((__int128)1 << 44)
#define TIME_MAX	((__int128)1 << 62)

static __int128 clamp(__int128 v, __int128 low, __int128 high)
{
	if (v < low)
		return low;
	return v > high ? high : v;
}

static __int128 div_floor(__int128 a, __int128 b)
{
	return a / b - (a % b < 0);
}

static __int128 div_ceil(__int128 a, __int128 b)
{
	return a / b + (a % b > 0);
}

/* period * ticks in ns, down */
static __int128 span_floor(uint64_t period, uint64_t ticks)
{
	return ((u128)period * ticks) >> TE_PERIOD_BITS;
}

static __int128 span_ceil(uint64_t period, uint64_t ticks)
{
	return span_floor(period, ticks) + 1;
}

void te_reset(struct te_estimator *e)
{
	e->pool.samples = 0;
	e->suspects.samples = 0;
	e->others.samples = 0;
	e->has_last = false;
	te_bank_reset(&e->bank);
}

static void shift_pool(struct te_pool *pool, int64_t ns)
{
	int i;

	for (i = 0; i < pool->samples; i++)
		pool->sample[i].ref_ns += ns;
}

void te_shift(struct te_estimator *e, int64_t ns)
{
	shift_pool(&e->pool, ns);
	shift_pool(&e->suspects, ns);
	shift_pool(&e->others, ns);
	e->bank.ref_ns += ns;
	e->last.time_ns += ns;
}

bool te_init(struct te_estimator *e, const struct te_config *config)
{
	u128 nominal = ((u128)PPB << TE_PERIOD_BITS);

	if (config->hz < 100000 || config->hz > 100000000000ULL ||
	    config->wander_ppb > TE_WANDER_MAX || !config->memory_ns ||
	    config->memory_ns > TE_MEMORY_MAX)
		return false;
	memset(e, 0, sizeof(*e));
	e->config = *config;
	nominal /= config->hz;
	e->prior_low = nominal - nominal * TE_PRIOR_PPM / 1000000 - 1;
	e->prior_high = nominal + nominal * TE_PRIOR_PPM / 1000000 + 2;
	/* The kernel takes periods of which hz make 1 s +- 500 ppm; 1 is for its rounding */
	e->period_min = div_ceil(TE_SECOND - TE_SECOND / 1000000 * TE_PRIOR_PPM, config->hz) + 1;
	e->period_max = div_floor(TE_SECOND + TE_SECOND / 1000000 * TE_PRIOR_PPM, config->hz) - 1;
	e->memory = (u128)config->memory_ns * config->hz / PPB;
	return true;
}

/* What one pair says of the constant of (A2) */
static void take_pair(const struct te_sample *a, const struct te_sample *b,
		      uint32_t wander, struct te_limits *l)
{
	__int128 ref = (__int128)b->ref_ns - a->ref_ns;
	__int128 least = clamp(ref - b->err_low - a->err_high, -ELAPSED_MAX, ELAPSED_MAX);
	__int128 most = clamp(ref + b->err_high + a->err_low, -ELAPSED_MAX, ELAPSED_MAX);
	__int128 low, high, scale = (__int128)PPB << TE_PERIOD_BITS;
	uint64_t longest = b->after - a->before, shortest = b->before - a->after;

	/* Most pairs say nothing new: divide where they may.  Leaving one out is sound */
	if ((double)least * 0x1p48 >= l->mean_low * (double)longest) {
		low = div_floor(least * scale, (__int128)longest * (PPB + wander));
		l->mean_low = clamp(low, l->mean_low, TIME_MAX);
	}
	if ((double)most * 0x1p48 <= l->mean_high * (double)shortest) {
		high = div_ceil(most * scale, (__int128)shortest * (PPB - wander));
		l->mean_high = clamp(high, 0, l->mean_high);
	}
}

bool te_period_limits(const struct te_estimator *e, const struct te_pool *pool,
		      struct te_limits *l)
{
	uint32_t wander = e->config.wander_ppb;
	int i, j;

	l->mean_low = e->prior_low;
	l->mean_high = e->prior_high;
	for (j = 1; j < pool->samples; j++) {
		for (i = 0; i < j; i++)
			take_pair(&pool->sample[i], &pool->sample[j], wander, l);
	}
	l->low = (u128)l->mean_low * (PPB - wander) / PPB;
	l->high = (u128)l->mean_high * (PPB + wander) / PPB + 1;
	return l->mean_low <= l->mean_high;
}

bool te_time_limits(const struct te_pool *pool, const struct te_limits *l,
		    uint64_t counter, struct te_span *span)
{
	const struct te_sample *s;
	__int128 low, high;
	int i;

	span->low = -TIME_MAX * 4;
	span->high = TIME_MAX * 4;
	for (i = 0; i < pool->samples; i++) {
		s = &pool->sample[i];
		low = s->ref_ns - (__int128)s->err_low +
		      span_floor(l->low, counter - s->after);
		high = s->ref_ns + (__int128)s->err_high +
		       span_ceil(l->high, counter - s->before);
		if (low > span->low)
			span->low = low;
		if (high < span->high)
			span->high = high;
	}
	return span->low <= span->high;
}

static void drop(struct te_pool *pool, int i)
{
	pool->samples--;
	memmove(&pool->sample[i], &pool->sample[i + 1],
		(pool->samples - i) * sizeof(pool->sample[0]));
}

static uint64_t weakness(const struct te_sample *s, uint64_t hz)
{
	return s->err_low + s->err_high +
	       (uint64_t)((u128)(s->after - s->before) * PPB / hz);
}

/*
 * Makes room: of the two neighbours that are nearest to each other the weaker
 * one goes, so the kept samples spread over the memory and are its best.  The
 * newest quarter is left alone.
 */
static void thin(struct te_pool *pool, uint64_t hz)
{
	uint64_t gap, least = UINT64_MAX;
	int i, at = 0;

	if (pool->samples <= TE_SAMPLES)
		return;
	for (i = 0; i + 1 < pool->samples - TE_SAMPLES / 4; i++) {
		gap = pool->sample[i + 1].before - pool->sample[i].before;
		if (gap < least) {
			least = gap;
			at = i;
		}
	}
	if (weakness(&pool->sample[at], hz) <= weakness(&pool->sample[at + 1], hz))
		at++;
	drop(pool, at);
}

static void forget(struct te_pool *pool, uint64_t now, uint64_t memory)
{
	while (pool->samples && now - pool->sample[0].before > memory)
		drop(pool, 0);
}

static bool agrees(const struct te_estimator *e, const struct te_pool *pool)
{
	const struct te_sample *newest = &pool->sample[pool->samples - 1];
	struct te_limits limits;
	struct te_span span;

	return te_period_limits(e, pool, &limits) &&
	       te_time_limits(pool, &limits, newest->after, &span);
}

/* Adds the sample if the pool then still agrees with itself */
static bool join(struct te_estimator *e, struct te_pool *pool, const struct te_sample *s)
{
	forget(pool, s->after, e->memory);
	pool->sample[pool->samples++] = *s;
	if (!agrees(e, pool)) {
		pool->samples--;
		return false;
	}
	thin(pool, e->config.hz);
	return true;
}

static void acquit(struct te_estimator *e)
{
	e->suspects.samples = 0;
	e->others.samples = 0;
}

/* The bank goes on from the middle of what the new pool leaves open */
static void step_bank(struct te_estimator *e, const struct te_sample *s)
{
	struct te_limits limits;
	struct te_span span;
	double middle;

	te_period_limits(e, &e->pool, &limits);
	te_time_limits(&e->pool, &limits, s->after, &span);
	middle = (double)(span.low - s->ref_ns) + (double)(span.high - span.low) / 2 -
		 (s->after - s->before) * 5e8 / e->config.hz;
	te_bank_step(&e->bank, e->config.hz, s, middle, (double)(span.high - span.low));
}

/*
 * A sample that contradicts the pool: the reference broke its bound, the
 * counter its wander, or both have stepped.  Which of them is wrong is not
 * known before some that agree with each other outlive the pool.
 */
static void suspect(struct te_estimator *e, const struct te_sample *s)
{
	struct te_pool last = e->suspects;

	e->contradictions++;
	if (!join(e, &e->suspects, s)) {
		/* A wrong reading amid a step: back to those before it */
		e->suspects = e->others;
		e->others = last;
		if (!join(e, &e->suspects, s)) {
			e->suspects.sample[0] = *s;
			e->suspects.samples = 1;
		}
	}
	if (e->suspects.samples < TE_STEP_SAMPLES)
		return;
	e->pool = e->suspects;
	acquit(e);
	e->has_last = false;
	e->steps++;
	if (e->config.network)
		step_bank(e, s);
}

/* As long as it is not known which pool is right, all are covered */
static void cover(const struct te_estimator *e, const struct te_pool *pool,
		  uint64_t counter, struct te_limits *l, struct te_span *span)
{
	struct te_limits other;
	struct te_span time;

	if (!pool->samples)
		return;
	te_period_limits(e, pool, &other);
	te_time_limits(pool, &other, counter, &time);
	l->low = other.low < l->low ? other.low : l->low;
	l->high = other.high > l->high ? other.high : l->high;
	span->low = time.low < span->low ? time.low : span->low;
	span->high = time.high > span->high ? time.high : span->high;
}

/*
 * What the clock given last says of now holds, too: a sample that was forgotten
 * in between does not widen the bound, and readers see each bound inside the
 * one before.
 */
static void narrow(const struct te_estimator *e, uint64_t counter, struct te_span *span)
{
	uint64_t low, high;
	int64_t time;

	if (!e->has_last)
		return;
	te_read(&e->last, counter, &time, &low, &high);
	if ((__int128)time - low > span->high || (__int128)time + high < span->low)
		return;
	if ((__int128)time - low > span->low)
		span->low = (__int128)time - low;
	if ((__int128)time + high < span->high)
		span->high = (__int128)time + high;
}

static void fill(const struct te_limits *l, const struct te_span *span,
		 struct te_clock *clock)
{
	uint64_t above = l->high > clock->period ? l->high - clock->period : 0;
	uint64_t below = clock->period > l->low ? clock->period - l->low : 0;

	clock->time_ns = clamp(clock->time_ns, clamp(span->low, -TIME_MAX, TIME_MAX),
			       clamp(span->high, -TIME_MAX, TIME_MAX));
	clock->period_error = above > below ? above : below;
	clock->err_low = clamp(clock->time_ns - span->low, 0, TIME_MAX);
	clock->err_high = clamp(span->high - clock->time_ns, 0, TIME_MAX);
}

static void project(struct te_estimator *e, uint64_t counter, struct te_clock *clock)
{
	const struct te_pool *pool = &e->pool;
	const struct te_sample *newest = &pool->sample[pool->samples - 1];
	struct te_limits limits;
	struct te_likely likely;
	struct te_span span;

	te_period_limits(e, pool, &limits);
	te_time_limits(pool, &limits, counter, &span);
	narrow(e, counter, &span);
	if (e->config.network)
		te_bank_read(&e->bank, e->config.hz, newest->after, &likely);
	else
		te_likely(e, &limits, &likely);
	clock->counter = counter;
	clock->period = clamp((__int128)likely.period, limits.low, limits.high);
	clock->period = clamp(clock->period, e->period_min, e->period_max);
	clock->time_ns = newest->ref_ns + (int64_t)likely.time +
			 (int64_t)span_floor(clock->period, counter - newest->after);
	clock->esterror = likely.error;
	clock->holding = e->suspects.samples > 0;
	/* The estimate is the pool's, whatever the suspects say */
	clock->time_ns = clamp(clock->time_ns, clamp(span.low, -TIME_MAX, TIME_MAX),
			       clamp(span.high, -TIME_MAX, TIME_MAX));
	cover(e, &e->suspects, counter, &limits, &span);
	cover(e, &e->others, counter, &limits, &span);
	fill(&limits, &span, clock);
	e->last = *clock;
	e->has_last = !clock->holding;
}

static enum te_result check(const struct te_estimator *e, const struct te_sample *s)
{
	const struct te_pool *pool = e->suspects.samples ? &e->suspects : &e->pool;

	if (s->ref_ns <= -TIME_MAX || s->ref_ns >= TIME_MAX ||
	    s->err_low > TE_ERROR_MAX || s->err_high > TE_ERROR_MAX)
		return TE_RANGE;
	if (s->after < s->before || s->after - s->before > e->memory)
		return TE_BACKWARDS;
	if (pool->samples && s->before <= pool->sample[pool->samples - 1].after)
		return TE_BACKWARDS;
	return TE_OK;
}

enum te_result te_update(struct te_estimator *e, const struct te_sample *s,
			 struct te_clock *clock)
{
	enum te_result result = check(e, s);

	if (result != TE_OK)
		return result;
	e->taken++;
	if (join(e, &e->pool, s)) {
		acquit(e);
		if (e->config.network)
			te_bank_take(&e->bank, e->config.hz, s);
	} else {
		suspect(e, s);
	}
	project(e, s->after, clock);
	return TE_OK;
}

static uint64_t grown(uint64_t error, uint64_t period_error, uint64_t ticks)
{
	return clamp(error + span_ceil(period_error, ticks) + 1, 0, UINT64_MAX);
}

void te_read(const struct te_clock *clock, uint64_t counter, int64_t *time_ns,
	     uint64_t *err_low, uint64_t *err_high)
{
	uint64_t ticks = counter - clock->counter;

	*time_ns = clamp(clock->time_ns + span_floor(clock->period, ticks), INT64_MIN, INT64_MAX);
	*err_low = grown(clock->err_low, clock->period_error, ticks);
	*err_high = grown(clock->err_high, clock->period_error, ticks);
}
