/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The CPU time of a command that has n units to work on, bytes or operations: the least line
 * that no run was above, and whether the runs say anything about the next one.
 */
#ifndef LIB_VBS_RATE_H
#define LIB_VBS_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/exact.h"

#define RATE_SIZES_MAX	16
#define RATE_SHARES_MAX	4

/* What else the machine does meanwhile */
enum rate_state { RATE_IDLE, RATE_COLD, RATE_NEIGHBOUR, RATE_MEMORY, RATE_STATES };

/* One run */
struct rate_sample {
	uint64_t size;		/* units */
	uint64_t cpu;		/* ns, its children and system calls included */
	uint64_t took;		/* ns from the start to the end */
	uint64_t waited;	/* ns of that which no lack of CPU time explains */
	uint64_t other;		/* ns of CPU time that the machine was busy for and nobody is charged */
	uint32_t share;		/* of a CPU that it had, 1 << 20 = one CPU */
	enum rate_state state;
};

struct rate_samples {
	struct rate_sample *sample;
	int samples;
	uint32_t tolerance;	/* 1 << 20 = 100 % */
	bool uncharged;		/* what nobody is charged is accepted */
	uint64_t background;	/* ns of that in each second of a machine left alone */
	uint64_t rounding;	/* ns that the sum of other is known to */
};

struct rate_line {
	uint64_t start;		/* ns */
	uint64_t per_unit;	/* fs; > 0 */
};

/* In the order in which they are looked for */
enum rate_verdict {
	RATE_LINEAR,
	RATE_TOO_FEW,		/* sizes, or too close to each other */
	RATE_WAITS,		/* for something else than CPU time */
	RATE_UNCHARGED,		/* others work for it that nobody is charged for */
	RATE_BY_STATE,
	RATE_BY_SHARE,
	RATE_CURVED,
};

/* How far two means of one size are apart, at most: of states, or of shares */
struct rate_spread {
	uint32_t by;		/* 1 << 20 = 100 % of the lower one */
	uint64_t size;
	uint32_t low, high;	/* which state, or share */
};

struct rate_fit {
	enum rate_verdict verdict;
	struct rate_line line;
	int sizes;
	uint64_t least, most;	/* sizes */
	uint32_t states;	/* a bit for each one tested */
	uint32_t above;		/* the line over the mean of a size, at most; 1 << 20 = 100 % */
	uint64_t above_size;
	struct rate_spread by_state, by_share;
	uint32_t waited;	/* of the time of the longest runs */
	uint32_t uncharged;	/* beside the CPU time, in the idle state, above the background */
};

void rate_fit(const struct rate_samples *s, struct rate_fit *fit);

/*
 * CPU time for @units: the line between the sizes that were measured; as much as the least for
 * less, and that of several pieces for more.
 */
u128 rate_cost(const struct rate_fit *fit, u128 units);

/* The most units that are sure to be done with @cpu */
u128 rate_units(const struct rate_fit *fit, u128 cpu);

const char *rate_state_name(enum rate_state state);
const char *rate_verdict_name(enum rate_verdict verdict);

/* NULL, or why it is not a state's name */
const char *rate_state_parse(const char *text, enum rate_state *state);

#endif
