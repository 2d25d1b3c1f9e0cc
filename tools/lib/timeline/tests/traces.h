/* SPDX-License-Identifier: GPL-2.0 */
/* Generated traces: a counter and a reference whose truth is known. */
#ifndef LIB_TIMELINE_TESTS_TRACES_H
#define LIB_TIMELINE_TESTS_TRACES_H

#include "timeline/trace.h"

#define TRACE_HZ	2400000000ULL

/* Times in s, frequencies in ppm, delays and errors in ns; 0 where nothing is */
struct trace_spec {
	const char *name;
	const char *what;
	double duration;
	double interval;
	double wander;		/* what is stated */
	double skew;		/* constant, off nominal */
	double wave, wave_period;
	double step, step_every;		/* of the frequency, alternating */
	double delay, jitter;			/* on each side of a reading */
	double burst_every, burst, burst_delay;
	double outlier_share, outlier;		/* readings beyond their bound */
	double pause_every, pause;		/* no readings */
	double bound, wobble, wobble_every;	/* the reference within its bound */
	double set, set_every;			/* somebody sets the reference */
};

struct trace_source {
	const struct trace_spec *spec;
	uint64_t random;
	double now;		/* ns of true time since the start */
	double ticks;
	double wobble;		/* ns, of the reference */
	double set;
	int wobbles, sets;
	bool was_set;		/* since the line before */
};

extern const struct trace_spec trace_specs[];
extern const int trace_specs_n;

void trace_start(struct trace_source *src, const struct trace_spec *spec, uint64_t seed);

/* False at the end of the trace */
bool trace_next(struct trace_source *src, struct trace_line *line);

#endif
