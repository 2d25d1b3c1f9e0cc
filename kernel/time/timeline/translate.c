// SPDX-License-Identifier: GPL-2.0
/*
 * Timelines by the counter of a guest, g = floor(c * r) + offset with r = ratio / 2^frac.
 *
 * With r = 1 only the origins move, and nothing is rounded. Else the entry starts at
 * g0 = floor(c0 * r) + offset, and the time there is that of c0 less the fraction
 * which floor() took: so the phase is kept, and
 *
 *	t(g) = time(g0) + period' * (g - g0),	period' = floor(period / r)
 *
 * is the host's t at the counter (g - offset) / r but for rounding: one unit of the
 * period a tick, which is in the rate at which the bound grows, and while a slew lasts
 * what scale_slew() says. Who reads g has read it while the host's counter was in
 * [(g - offset) / r, (g + 1 - offset) / r): up to a tick of the guest, and one of the host
 * for its own rounding, later. By all this the bound is widened.
 *
 * An update comes up to a tick after its g0, where the new time, going another way by
 * 2000 ppm at most, can be less than the old one by so much of a tick:
 * timeline_go_on() takes that away.
 *
 * Overflow: a product of two 64-bit numbers has 128 bits; it is divided by d only
 * while its upper half is below d. Where period / r has more than 64 bits its shift is
 * lowered by k, and so with d = ratio * 2^k; if there is no such k, it is refused.
 */
#include "translate.h"

/* a * b / d rounded down, @rest if not exact; TIMELINE_UNBOUNDED if that is too large */
static __u64 scale(__u64 a, __u64 b, __u64 d, bool *rest)
{
	__u64 hi = __timeline_mulhi(a, b), left, q;

	if (hi >= d)
		return TIMELINE_UNBOUNDED;
	q = timeline_divide(hi, a * b, d, &left);
	*rest |= left;
	return q;
}

static __u64 scale_up(__u64 a, __u64 b, __u64 d)
{
	bool rest = false;
	__u64 q = scale(a, b, d, &rest);

	return timeline_sat_add(q, rest);
}

/* By how much the shift has to be lowered for the period to fit, that of a slew too, or 64 */
static unsigned int too_long(const struct timeline_entry *e, const struct timeline_scale *s)
{
	__u64 period = e->counter_period_frac_sec + (e->slew_rate < 0 ? -(__u64)e->slew_rate : 0);
	__u64 hi = __timeline_mulhi(period, 1ULL << s->frac_bits);
	unsigned int k = 0;

	while (k <= e->counter_period_shift && s->ratio <= ~0ULL >> k) {
		if (hi < s->ratio << k)
			return k;
		k++;
	}
	return 64;
}

/* The counter value of a guest, and in units of 1 / 2^frac what was rounded down */
static __u64 guest_counter(__u64 host, const struct timeline_scale *s, __u64 *fraction)
{
	__u64 hi = __timeline_mulhi(host, s->ratio), lo = host * s->ratio;

	*fraction = lo & ((1ULL << s->frac_bits) - 1);
	return (hi << (64 - s->frac_bits) | lo >> s->frac_bits) + s->offset;
}

/* Nanoseconds, rounded up, of ticks of so many units */
static __u64 span_ns_up(struct timeline_span t)
{
	return timeline_span_ns(t) + 1;
}

/* Not below 0: within a tick of it nobody knows better */
static void take_time(struct timeline_entry *e, struct timeline_span t)
{
	struct timeline_span rest = { e->time_sec, e->time_frac_sec };

	if (rest.sec < t.sec || (rest.sec == t.sec && rest.frac < t.frac))
		t = rest;
	timeline_span_sub(&rest, t);
	e->time_sec = rest.sec;
	e->time_frac_sec = rest.frac;
}

/*
 * The slew in guest ticks, both of its numbers rounded down. Returns by how much that
 * can move t: less than a unit for each tick that it lasts, and what it moves in one.
 */
static struct timeline_span scale_slew(struct timeline_entry *e, const struct timeline_scale *s,
				       __u64 d)
{
	__u64 rate = e->slew_rate, ticks, fraction;
	struct timeline_span off;
	bool back = e->slew_rate < 0, rest = false;

	rate = scale(back ? -rate : rate, 1ULL << s->frac_bits, d, &rest);
	e->slew_rate = back ? -rate : rate;
	e->slew_end = guest_counter(e->slew_end, s, &fraction);
	ticks = e->slew_end - e->counter_value;
	off = timeline_ticks(ticks, 1, e->counter_period_shift);
	timeline_span_add(&off, timeline_ticks(1, rate + 1, e->counter_period_shift));
	return off;
}

static void scale_rates(struct timeline_entry *e, const struct timeline_scale *s, __u64 d)
{
	__u64 one = 1ULL << s->frac_bits;
	__u64 unit = (TIMELINE_NSEC_PER_SEC >> e->counter_period_shift) + 1;

	e->err_rate = timeline_sat_add(scale_up(e->err_rate, one, s->ratio), unit);
	e->counter_period_maxerror_rate_frac_sec =
		timeline_sat_add(scale_up(e->counter_period_maxerror_rate_frac_sec, one, d), 1);
	e->counter_period_esterror_rate_frac_sec =
		scale_up(e->counter_period_esterror_rate_frac_sec, one, d);
}

/* As many bits behind the point as there is room for, with a slew: nothing is lost */
static void refine(struct timeline_entry *e)
{
	__u64 bits = e->counter_period_frac_sec | e->counter_period_maxerror_rate_frac_sec |
		     e->counter_period_esterror_rate_frac_sec;

	while (e->counter_period_shift < TIMELINE_SHIFT_MAX && !(bits >> 62)) {
		bits <<= 1;
		e->counter_period_shift++;
		e->counter_period_frac_sec <<= 1;
		e->counter_period_maxerror_rate_frac_sec <<= 1;
		e->counter_period_esterror_rate_frac_sec <<= 1;
		e->slew_rate *= 2;
	}
}

/* See the top of the file */
static void change_counter(struct timeline_entry *e, const struct timeline_scale *s,
			   unsigned int k)
{
	__u64 d = s->ratio << k, period = e->counter_period_frac_sec, fraction, wide;
	unsigned int shift = e->counter_period_shift;
	bool rest = false;

	wide = span_ns_up(timeline_ticks(1, period, shift));
	e->counter_period_shift = shift - k;
	e->counter_period_frac_sec = scale(period, 1ULL << s->frac_bits, d, &rest);
	wide += span_ns_up(timeline_ticks(1, e->counter_period_frac_sec, shift - k));
	e->counter_value = guest_counter(e->counter_value, s, &fraction);
	take_time(e, timeline_ticks(1, scale(period, fraction, d, &rest), shift - k));
	scale_rates(e, s, d);
	wide += span_ns_up(scale_slew(e, s, d));
	timeline_slew_done(e);
	timeline_widen(e, wide);
}

/**
 * timeline_translate - an entry of this machine's counter for a guest's
 * @e: in: consistent, by the time stamp counter; out: the same time
 * @s: the guest's counter
 *
 * Return: false if the guest's ticks are too long or too short to tell: @e is void then
 */
bool timeline_translate(struct timeline_entry *e, const struct timeline_scale *s)
{
	unsigned int k;

	if (s->ratio == 1ULL << s->frac_bits) {
		e->counter_value += s->offset;
		e->slew_end += s->offset;
		return true;
	}
	refine(e);
	k = too_long(e, s);
	if (k > e->counter_period_shift)
		return false;
	change_counter(e, s, k);
	return e->err_rate != TIMELINE_UNBOUNDED && timeline_entry_sane(e);
}

/**
 * timeline_go_on - an entry after another of a timeline that never runs back
 * @next: what is to follow, at its counter_value
 * @before: what is there
 *
 * What is added does not add up over updates: it is what is missing, each time.
 */
void timeline_go_on(struct timeline_entry *next, const struct timeline_entry *before)
{
	struct timeline_span missing = timeline_project(before, next->counter_value);
	struct timeline_span sum = { next->time_sec, next->time_frac_sec };

	timeline_span_sub(&missing, timeline_project(next, next->counter_value));
	if ((__s64)missing.sec < 0 || !(missing.sec | missing.frac))
		return;
	timeline_span_add(&sum, missing);
	next->time_sec = sum.sec;
	next->time_frac_sec = sum.frac;
	timeline_slew_done(next);
	timeline_widen(next, span_ns_up(missing));
}
