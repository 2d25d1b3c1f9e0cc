/* SPDX-License-Identifier: GPL-2.0 */
/* The likely clock, on which no bound rests: a bank of filters, whose mean is read. */
#ifndef LIB_TIMELINE_BANK_H
#define LIB_TIMELINE_BANK_H

#include <stdbool.h>
#include <stdint.h>

struct te_sample;

#define TE_SPEEDS	10	/* at which the rate may walk */
#define TE_FILTERS	(3 * TE_SPEEDS)	/* for three kinds of noise */
#define TE_GAPS		256

/* Times in ns, rates in ns/s; the time is relative to the bank's line */
struct te_filter {
	double time, rate, path;
	/* Covariances of time (t), rate (r) and path (p) */
	double tt, tr, tp, rr, rp, pp;
	double share;	/* the probability that it is the right one */
};

/* A read gap, and the counter when it was */
struct te_gap {
	uint64_t at;
	double ns;
};

/* The line goes through the newest sample at the nominal rate: @ref_ns at @middle */
struct te_bank {
	struct te_filter filter[TE_FILTERS];
	bool started;
	uint64_t middle;
	int64_t ref_ns;
	struct te_gap gap[TE_GAPS];	/* the newest at gaps - 1 */
	int gaps;
	double least;		/* gap: what exceeds it is queueing */
};

void te_bank_reset(struct te_bank *b);

/* A sample that agrees with those before, of a counter of @hz */
void te_bank_take(struct te_bank *b, uint64_t hz, const struct te_sample *s);

/* The reference has stepped: at @s it shows @ahead ns less than the truth, within @width */
void te_bank_step(struct te_bank *b, uint64_t hz, const struct te_sample *s, double ahead,
		  double width);

/* As of the end of the newest sample: ns after its reading, period in ticks, error */
struct te_likely {
	double period;		/* in 2^-48 ns per tick */
	double time;		/* ns */
	double error;		/* ns */
};

void te_bank_read(const struct te_bank *b, uint64_t hz, uint64_t counter,
		  struct te_likely *likely);

#endif
