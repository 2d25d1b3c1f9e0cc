// SPDX-License-Identifier: GPL-2.0
/*
 * A stamp lies between two pairs of (counter, CLOCK_REALTIME), A before it and B after.
 * That clock runs within r = 1000 ppm of the counter's nominal rate (adjtimex() takes
 * 500 ppm of frequency and slews by 500 more), so with p the nominal period, a counter
 * value c at which it showed s keeps
 *
 *	(s - A) / p (1 + r)  <=  c - c_A  <=  (s - A) / p (1 - r)
 *	(B - s) / p (1 + r)  <=  c_B - c  <=  (B - s) / p (1 - r)
 *
 * as long as nobody sets the clock.  If somebody does, one of the two still holds: the
 * first if it was set after the stamp, the second if before.  So both together say where
 * c is whatever was set, once: it is in one of the two ranges.  If these have no value in
 * common the clock was set, and the stamp is not used.  That the range is what both cover
 * and not what they share costs 0.1 % of the time between the pairs.
 *
 * A clock that runs faster or slower than that throughout (chronyd bends the tick by up to
 * 10 %) is covered, too: of one that is faster the upper end of the first range and the
 * lower end of the second hold, of one that is slower the two others.
 *
 * Each difference of two readings that were rounded down to ns is within 1 ns.
 *
 * Overflow: differences are taken up to FAR, 2^44 ns; times hz < 2^37 and 10^6 < 2^20
 * that is below 2^101.
 */
#include "base/exact.h"
#include "timeline/stamp.h"

#define RATE_PPM	1000
#define MILLION		1000000
#define NSEC		1000000000ULL
#define FAR		(1LL << 44)

/* Ticks in @ns at that many ppm of the nominal rate, down */
static uint64_t ticks(int64_t ns, uint64_t hz, unsigned int ppm_of)
{
	return ns <= 0 ? 0 : (u128)ns * hz * MILLION / ((u128)NSEC * ppm_of);
}

static uint64_t least(int64_t ns, uint64_t hz)
{
	return ticks(ns - 1, hz, MILLION + RATE_PPM);
}

static uint64_t most(int64_t ns, uint64_t hz)
{
	return ticks(ns + 1, hz, MILLION - RATE_PPM) + 1;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool between(int64_t from, int64_t to)
{
	int64_t ns;

	return !__builtin_sub_overflow(to, from, &ns) && ns > -2 && ns < FAR;
}

bool stamp_convert(const struct stamp_pair *a, const struct stamp_pair *b, uint64_t hz,
		   int64_t ns, struct stamp_range *range)
{
	struct stamp_range first, second, both;

	if (!between(a->ns, ns) || !between(ns, b->ns))
		return false;
	first.low = a->before + least(ns - a->ns, hz);
	first.high = a->after + most(ns - a->ns, hz);
	second.low = minus(b->before, most(b->ns - ns, hz));
	second.high = minus(b->after, least(b->ns - ns, hz));
	if (larger(first.low, second.low) > smaller(first.high, second.high))
		return false;
	both.low = larger(range->low, smaller(first.low, second.low));
	both.high = smaller(range->high, larger(first.high, second.high));
	if (both.low > both.high)
		return false;
	*range = both;
	return true;
}
