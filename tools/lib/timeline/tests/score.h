/* SPDX-License-Identifier: GPL-2.0 */
/* How the feed-forward clock and the PI clock do on a trace. */
#ifndef LIB_TIMELINE_TESTS_SCORE_H
#define LIB_TIMELINE_TESTS_SCORE_H

#include "timeline/tests/traces.h"

/* A reading at the end of an interval, just before the next update */
struct reading {
	double at;	/* s since the start */
	double error;	/* ns, of the reading */
	double low;	/* ns, its bound */
	double high;
	bool inside;
};

struct score {
	struct reading *reading;
	int readings;
	int outside;		/* also right after updates */
	double median_error;
	double p99_error;
	double worst_error;
	double median_width;
	double worst_width;
};

struct scores {
	struct score feed_forward;
	struct score pi;
	struct te_estimator estimator;	/* at the end */
	int jumps;			/* updates beyond the bound of the clock before */
};

/* False if a sample was refused */
bool score_trace(const struct trace_spec *spec, uint64_t seed, struct scores *scores);
void score_free(struct scores *scores);

#endif
