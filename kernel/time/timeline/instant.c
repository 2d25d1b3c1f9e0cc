// SPDX-License-Identifier: GPL-2.0
/*
 * When an instant of a timeline comes.
 *
 * A tick moves the time by period - slew_rate until the slew ends and by the period from
 * then on, so ns nanoseconds of it pass in
 *
 *	n = ceil(ns * 2^64 / 10^9 / (period - slew_rate))	if that is not after the end
 *	n = left + ceil((ns - what passes in left) * 2^64 / 10^9 / period)	otherwise
 *
 * ticks, where the period is in 2^-64 s. Another clock moves on by n / hz * rate.
 *
 * Overflow: who is further away than 2^31 ns is scaled down until he is not, which rounds
 * by less than 2^-30 of it. Then ns * ceil(2^64 / 10^9) << shift has 31 + 35 + 24 bits,
 * and the quotient by a period of 2^26 or more fits; that of a counter of less than 16 GHz
 * has 2^30. Who states a smaller one, as only another machine could, is taken for that.
 */
#include "instant.h"
#include "project.h"

#ifdef __KERNEL__
#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#else
static inline __u64 min(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static inline __u64 max(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

static inline int fls64(__u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline __u64 mul_u64_u64_div_u64(__u64 a, __u64 b, __u64 d)
{
	return (__uint128_t)a * b / d;
}
#endif

#define NEAR_BITS	31
/* 2^64 / 10^9, rounded up: a nanosecond in 2^-64 s */
#define NS_UNITS	18446744074ULL
#define PERIOD_MIN	(1ULL << 30)
/* Of what is near, by a counter of less than 16 GHz; 10^9 times that has 65 bits */
#define TICKS_MAX	(1ULL << 35)

/* How many ticks take so much, rounded up */
static __u64 ticks_of(__u64 ns, __u64 period, unsigned int shift)
{
	__u64 n = mul_u64_u64_div_u64(ns, NS_UNITS << shift, max(period, PERIOD_MIN));

	return min(n + 1, TICKS_MAX);
}

/* While it is slewed, if that lasts for @left ticks */
static __u64 ticks_slewed(const struct timeline_entry *e, __u64 left, __u64 ns)
{
	unsigned int shift = e->counter_period_shift;
	__u64 period = e->counter_period_frac_sec, slewed = period - e->slew_rate;
	__u64 n = ticks_of(ns, slewed, shift);

	if (n <= left)
		return n;
	ns -= min(ns, timeline_span_ns(timeline_ticks(left, slewed, shift)));
	return left + ticks_of(ns, period, shift);
}

/**
 * timeline_until - how long until an instant of a timeline, by another clock
 * @e: entry, sane
 * @since: ticks since its counter_value
 * @ns: how far it is away, by the timeline
 * @lasts: and that is a duration: no slew moves it
 * @hz: of the counter, 2^20 at least
 * @rate: how fast the other clock moves beside the counter's frequency, in 2^-32, less
 *	than 2
 *
 * Return: nanoseconds, TIMELINE_UNTIL_MAX at most. Of what is near, within 2^31 ns, not
 * too few, and too many by less than 2 ticks and 4 ns; of what is further away by 2^-30 of
 * it and a tick, and by that in proportion.
 */
__u64 timeline_until(const struct timeline_entry *e, __u64 since, __u64 ns, bool lasts,
		     __u64 hz, __u64 rate)
{
	int scale = fls64(ns) > NEAR_BITS ? fls64(ns) - NEAR_BITS : 0;
	__u64 left = lasts ? 0 : timeline_slew_left(e, since) >> scale, n;

	ns >>= scale;
	if (left)
		n = ticks_slewed(e, left, ns);
	else
		n = ticks_of(ns, e->counter_period_frac_sec, e->counter_period_shift);
	n = mul_u64_u64_div_u64(n, TIMELINE_NSEC_PER_SEC, hz) + 1;
	n = mul_u64_u64_div_u64(n, rate, TIMELINE_RATE_ONE) + 1;
	return n > TIMELINE_UNTIL_MAX >> scale ? TIMELINE_UNTIL_MAX : n << scale;
}
