/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A feed-forward clock: from pairs of (counter, reference) to a projection of
 * the counter and a bound on its error.  No system calls, no state but its own.
 *
 * The bound is a maximum under two assumptions:
 *
 *	(A1)	whenever the reference is read, the truth lies within the bound
 *		that comes with that reading;
 *	(A2)	over the memory and until the next update, the counter's period
 *		stays within 'wander' of some constant, which need not be known.
 *
 * Nothing is assumed about delays (a reading lies somewhere between the two
 * counter values that enclose it), about the reference's rate, or about noise.
 */
#ifndef LIB_TIMELINE_ESTIMATE_H
#define LIB_TIMELINE_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#include "timeline/bank.h"

#define TE_PERIOD_BITS	48		/* periods are in 2^-48 ns per tick */
#define TE_PRIOR_PPM	500		/* a period is that far off nominal at most */
#define TE_SAMPLES	64
#define TE_STEP_SAMPLES	3		/* that agree make a step of the reference */
#define TE_MEMORY_MAX	3600000000000ULL
#define TE_ERROR_MAX	(1ULL << 61)
#define TE_WANDER_MAX	500000		/* ppb */

/*
 * The reference read ref_ns at an instant between two counter readings, of which
 * the second counts one more: it had begun its tick and not ended it.
 */
struct te_sample {
	uint64_t before;
	uint64_t after;
	int64_t ref_ns;
	uint64_t err_low;	/* ns; then the truth was in [ref_ns - err_low, */
	uint64_t err_high;	/* ref_ns + err_high], up to TE_ERROR_MAX */
};

struct te_config {
	uint64_t hz;		/* nominal, of the counter */
	uint64_t memory_ns;	/* older samples are forgotten */
	uint32_t wander_ppb;
	bool rounds_up;		/* the servers do, of what they state */
	bool network;		/* samples are exchanges: the bank has the likely clock */
};

/* t(c) = time_ns + period * (c - counter), and what bounds its error */
struct te_clock {
	uint64_t counter;
	int64_t time_ns;
	uint64_t period;
	uint64_t period_error;	/* most by which the true period differs from it */
	uint64_t err_low;	/* ns, at counter */
	uint64_t err_high;
	uint64_t esterror;	/* ns: what is likely, not guaranteed */
	bool holding;		/* the newest samples contradict the older ones */
};

/* Samples that agree with each other, oldest first */
struct te_pool {
	struct te_sample sample[TE_SAMPLES + 1];
	int samples;
};

struct te_estimator {
	struct te_config config;
	struct te_pool pool;
	struct te_pool suspects;	/* which contradict the pool */
	struct te_pool others;		/* and contradict the suspects, too */
	struct te_bank bank;		/* if config.network */
	uint64_t prior_low;		/* of the period */
	uint64_t prior_high;
	uint64_t period_min;		/* that can be set */
	uint64_t period_max;
	uint64_t memory;		/* in ticks */
	uint64_t taken;
	uint64_t contradictions;
	uint64_t steps;
	struct te_clock last;		/* what was given last, */
	bool has_last;			/* if it still holds */
};

enum te_result { TE_OK, TE_BACKWARDS, TE_RANGE };

/* False if the configuration makes no sense */
bool te_init(struct te_estimator *e, const struct te_config *config);

/* Forgets all samples: the counter was disrupted */
void te_reset(struct te_estimator *e);

/* The time that the reference shows is another one by now: what was sampled moves with it */
void te_shift(struct te_estimator *e, int64_t ns);

/* Takes a sample; the clock is good from its second counter value on */
enum te_result te_update(struct te_estimator *e, const struct te_sample *s,
			 struct te_clock *clock);

/* The reading of a clock at a counter value not before its own */
void te_read(const struct te_clock *clock, uint64_t counter, int64_t *time_ns,
	     uint64_t *err_low, uint64_t *err_high);

/* Its parts, for tests: what the samples say of the period, and of the time */
struct te_limits {
	uint64_t mean_low;	/* of the constant of (A2) */
	uint64_t mean_high;
	uint64_t low;		/* of the period at any instant */
	uint64_t high;
};

struct te_span {
	__int128 low;		/* ns */
	__int128 high;
};

/* False if the samples contradict each other */
bool te_period_limits(const struct te_estimator *e, const struct te_pool *pool,
		      struct te_limits *limits);
bool te_time_limits(const struct te_pool *pool, const struct te_limits *limits,
		    uint64_t counter, struct te_span *span);

/* The likely clock of references that are read here (likely.c); bank.h has that of others */
void te_likely(const struct te_estimator *e, const struct te_limits *limits,
	       struct te_likely *likely);

#endif
