// SPDX-License-Identifier: GPL-2.0
/* The traces, and what generates them. */
#include <math.h>
#include <string.h>

#include "timeline/tests/traces.h"

#define S	1e9
#define EPOCH	1700000000000000000LL
#define GRAIN	(S / 8)		/* the frequency is constant for so long */

const struct trace_spec trace_specs[] = {
	{ "steady", "a constant rate, short read gaps", 4000, 1, .wander = 0.1, .skew = 12,
	  .delay = 30, .jitter = 15 },
	{ "drift-steps", "the rate jumps by 1.6 ppm each 97 s", 4000, 1, .wander = 1,
	  .skew = -40, .step = 0.8, .step_every = 97, .delay = 30, .jitter = 15 },
	{ "temperature", "a wave of 0.9 ppm in 600 s", 4000, 1, .wander = 1, .skew = 21,
	  .wave = 0.9, .wave_period = 600, .delay = 30, .jitter = 15 },
	{ "bursts", "delays up to 1 ms for 60 of each 300 s", 4000, 1, .wander = 1,
	  .skew = 3, .wave = 0.4, .wave_period = 1100, .delay = 30, .jitter = 15,
	  .burst_every = 300, .burst = 60, .burst_delay = 1e6 },
	{ "outliers", "2 % of the readings wrong by up to 1 ms", 4000, 1, .wander = 1,
	  .skew = 8, .wave = 0.4, .wave_period = 1100, .delay = 30, .jitter = 15,
	  .outlier_share = 0.02, .outlier = 1e6 },
	{ "gaps", "no readings for 45 of each 200 s", 4000, 1, .wander = 1, .skew = -90,
	  .wave = 0.4, .wave_period = 1100, .delay = 30, .jitter = 15,
	  .pause_every = 200, .pause = 45 },
	{ "phc", "a PHC on a bus: 1.2 us to read, 40 ns off", 4000, 1, .wander = 1,
	  .skew = 14, .wave = 0.5, .wave_period = 900, .delay = 600, .jitter = 200,
	  .bound = 50, .wobble = 40, .wobble_every = 1 },
	{ "ntp", "2 ms claimed, and it jumps within 1.5 ms", 8000, 4, .wander = 1,
	  .skew = -30, .wave = 0.5, .wave_period = 900, .delay = 30, .jitter = 15,
	  .bound = 2e6, .wobble = 1.5e6, .wobble_every = 400 },
	{ "set", "somebody sets the reference each 500 s", 4000, 1, .wander = 1,
	  .skew = 5, .wave = 0.5, .wave_period = 900, .delay = 30, .jitter = 15,
	  .set = 7e5, .set_every = 500 },
	{ "all", "all of these at once", 8000, 1, .wander = 1.5, .skew = 60, .wave = 0.6,
	  .wave_period = 700, .step = 0.8, .step_every = 131, .delay = 100, .jitter = 300,
	  .burst_every = 400, .burst = 50, .burst_delay = 5e5, .outlier_share = 0.01,
	  .outlier = 3e6, .pause_every = 350, .pause = 25, .bound = 2000, .wobble = 1500,
	  .wobble_every = 60, .set = 4e7, .set_every = 1900 },
};

const int trace_specs_n = sizeof(trace_specs) / sizeof(trace_specs[0]);

/* xorshift64*, in [0, 1) */
static double uniform(struct trace_source *src)
{
	src->random ^= src->random >> 12;
	src->random ^= src->random << 25;
	src->random ^= src->random >> 27;
	return (src->random * 0x2545f4914f6cdd1dULL >> 11) * 0x1p-53;
}

static double signed_uniform(struct trace_source *src)
{
	return 2 * uniform(src) - 1;
}

/* Periods of the counter per ns of true time */
static double rate(const struct trace_source *src)
{
	const struct trace_spec *spec = src->spec;
	double ppm = spec->skew;

	if (spec->wave_period)
		ppm += spec->wave * sin(2 * M_PI * src->now / (spec->wave_period * S));
	if (spec->step_every)
		ppm += fmod(src->now / (spec->step_every * S), 2) < 1 ? spec->step : -spec->step;
	return TRACE_HZ / S / (1 + ppm * 1e-6);
}

/* To another instant; the rate is constant within each grain */
static void advance(struct trace_source *src, double to)
{
	double step;

	while (src->now < to) {
		step = (floor(src->now / GRAIN) + 1) * GRAIN - src->now;
		step = fmin(step, to - src->now);
		if (src->now + step <= src->now)
			step = to - src->now;
		src->ticks += step * rate(src);
		src->now += step;
	}
}

static bool within(double now, double every, double length)
{
	return every && fmod(now, every * S) >= (every - length) * S;
}

/* Exponential, so that a few are long; in a burst anything */
static double delay(struct trace_source *src)
{
	const struct trace_spec *spec = src->spec;
	double ns = spec->delay - spec->jitter * log(1 - uniform(src));

	if (within(src->now, spec->burst_every, spec->burst))
		ns += spec->burst_delay * pow(uniform(src), 3);
	return ns;
}

/* Where the reference goes in the meantime */
static void move_reference(struct trace_source *src)
{
	const struct trace_spec *spec = src->spec;
	int n = spec->wobble_every ? src->now / (spec->wobble_every * S) : 0;

	if (n != src->wobbles)
		src->wobble = spec->wobble * signed_uniform(src);
	src->wobbles = n;
	n = spec->set_every ? src->now / (spec->set_every * S) : 0;
	src->was_set = n != src->sets;
	if (src->was_set)
		src->set += n % 2 ? spec->set : -spec->set / 3;
	src->sets = n;
}

/* A wrong reading is wrong by a tenth of what is allowed or more */
static double outlier(struct trace_source *src)
{
	const struct trace_spec *spec = src->spec;
	double x;

	if (src->now < 30 * S || uniform(src) >= spec->outlier_share)
		return 0;
	x = signed_uniform(src);
	return spec->outlier * (x + (x < 0 ? -0.1 : 0.1));
}

void trace_start(struct trace_source *src, const struct trace_spec *spec, uint64_t seed)
{
	memset(src, 0, sizeof(*src));
	src->spec = spec;
	src->random = seed * 0x9e3779b97f4a7c15ULL + 1;
	src->now = 0.25 * S;
	src->ticks = 1e12;
}

bool trace_next(struct trace_source *src, struct trace_line *line)
{
	const struct trace_spec *spec = src->spec;
	struct te_sample *s = &line->sample;
	double next = (floor(src->now / (spec->interval * S)) + 1) * spec->interval * S;

	while (within(next, spec->pause_every, spec->pause))
		next += spec->interval * S;
	advance(src, next + uniform(src) * 1e4);
	if (src->now > spec->duration * S)
		return false;
	move_reference(src);
	s->before = floor(src->ticks);
	advance(src, src->now + delay(src));
	s->ref_ns = EPOCH + (int64_t)floor(src->now + src->wobble + src->set + outlier(src));
	s->err_low = spec->bound;
	s->err_high = spec->bound + 1;
	advance(src, src->now + delay(src));
	s->after = floor(src->ticks) + 1;
	advance(src, src->now + (s->after - src->ticks) / rate(src));
	line->truth_ns = EPOCH + (int64_t)floor(src->now + src->set);
	line->has_truth = true;
	return true;
}
