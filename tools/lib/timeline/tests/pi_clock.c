// SPDX-License-Identifier: GPL-2.0
/* The PI clock: gains as in linuxptp's manual for hardware time stamps. */
#include <math.h>
#include <string.h>

#include "timeline/tests/pi_clock.h"

void pi_start(struct pi_clock *pi, uint64_t hz, double wander_ppm)
{
	memset(pi, 0, sizeof(*pi));
	pi->tick = 1e9 / hz;
	pi->wander = wander_ppm * 1e-6;
}

static double elapsed(const struct pi_clock *pi, uint64_t counter)
{
	return (double)(int64_t)(counter - pi->counter) * pi->tick;
}

static double middle(const struct te_sample *s)
{
	return (s->after - s->before) / 2.0;
}

/* Where the clock stands at the sample's end, and where the reference does */
static double offset(const struct pi_clock *pi, const struct te_sample *s)
{
	double clock = pi->time + (elapsed(pi, s->after) - middle(s) * pi->tick) * (1 + pi->rate);

	return clock - (double)(s->ref_ns - pi->base);
}

static void set_clock(struct pi_clock *pi, const struct te_sample *s)
{
	pi->base = s->ref_ns;
	pi->time = middle(s) * pi->tick;
	pi->counter = s->after;
}

/*
 * What such a clock can say of its error: the offset it has just seen, as it
 * corrects by frequency only, half the read gap and the reference's own bound;
 * from then on what it corrects by, and what the counter may wander.
 */
static void claim(struct pi_clock *pi, const struct te_sample *s, double off, double correction)
{
	pi->bound = fabs(off) + middle(s) * pi->tick + fmax(s->err_low, s->err_high);
	pi->growth = fabs(correction) + pi->wander;
}

void pi_update(struct pi_clock *pi, const struct te_sample *s)
{
	double off, dt, gain_p, gain_i;

	if (!pi->started) {
		set_clock(pi, s);
		claim(pi, s, 0, TE_PRIOR_PPM * 1e-6);
		pi->started = true;
		return;
	}
	off = offset(pi, s);
	dt = elapsed(pi, s->after);
	gain_p = fmin(0.7 * pow(dt / 1e9, -0.3), 0.7 / (dt / 1e9));
	gain_i = fmin(0.3 * pow(dt / 1e9, 0.4), 0.3 / (dt / 1e9));
	pi->time += dt * (1 + pi->rate);
	pi->counter = s->after;
	pi->integral -= gain_i * off * 1e-9;
	pi->rate = pi->integral - gain_p * off * 1e-9;
	claim(pi, s, off, gain_p * off * 1e-9);
}

void pi_read(const struct pi_clock *pi, uint64_t counter, int64_t *time_ns, uint64_t *bound)
{
	double dt = elapsed(pi, counter);

	*time_ns = pi->base + (int64_t)floor(pi->time + dt * (1 + pi->rate));
	*bound = ceil(pi->bound + dt * pi->growth);
}
