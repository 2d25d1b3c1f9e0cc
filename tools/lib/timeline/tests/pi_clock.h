/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A clock that a proportional-integral controller steers, to compare with: it
 * sets the frequency of the very clock that it measures, as phc2sys does with
 * its default constants (0.7 and 0.3 at one update per second).
 */
#ifndef LIB_TIMELINE_TESTS_PI_CLOCK_H
#define LIB_TIMELINE_TESTS_PI_CLOCK_H

#include "timeline/estimate.h"

struct pi_clock {
	double tick;		/* ns, nominal */
	double wander;		/* fraction */
	double integral;	/* of the frequency, fraction */
	double rate;		/* ns per nominal ns, less 1 */
	uint64_t counter;
	int64_t base;		/* ns */
	double time;		/* ns after it, at counter */
	double bound;		/* ns, at counter */
	double growth;		/* of the bound, fraction */
	bool started;
};

void pi_start(struct pi_clock *pi, uint64_t hz, double wander_ppm);
void pi_update(struct pi_clock *pi, const struct te_sample *s);
void pi_read(const struct pi_clock *pi, uint64_t counter, int64_t *time_ns, uint64_t *bound);

#endif
