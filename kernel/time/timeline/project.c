// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of timelines: parameters to table entries.
 *
 * What TIMELINE_SET asks becomes an entry that starts at the counter value of
 * the update, c0: the target and its bounds are carried forward to c0, and the
 * residual r = old(c0) - target(c0) of a continuous timeline is slewed. The rate is
 * always the timeline's, w = period * slew_ppb / 10^9 rounded down, which is 500 ppm
 * at most, in the direction of r, over
 *
 *	n = ceil(r / w) ticks if r >= 0,	n = floor(-r / w) if r < 0
 *
 * so that the new reading at c0 is within w, a 2000th of a tick or less, of the old one
 * and never before it. While it lasts t moves by period - w or period + w a
 * tick, both positive, and it ends on the target exactly: t never runs back.
 */
#include "project.h"

#define SEC_LIMIT		0x400000000ULL		/* 2^34 */
#define PERIOD_LIMIT		0x400000000000ULL	/* 2^46 */
#define RESIDUAL_LIMIT		0x100000ULL		/* 2^20 */
#define SLEW_TICKS_LIMIT	0x4000000000000000ULL	/* 2^62 */
#define SLEW_DIVISOR		(1000000 / TIMELINE_PPM_MAX)
#define BOUND_FLAGS		(TIMELINE_VF_PERIOD_MAXERROR_VALID | \
				 TIMELINE_VF_TIME_MAXERROR_VALID)
#define ESTIMATE_FLAGS		(TIMELINE_VF_PERIOD_ESTERROR_VALID | \
				 TIMELINE_VF_TIME_ESTERROR_VALID)

static __u64 slew_speed(const struct timeline_entry *e)
{
	__u64 rate = e->slew_rate;

	return e->slew_rate < 0 ? -rate : rate;
}

/* How far t is off the target at the reference, without its sign, rounded down */
static struct timeline_span slew_left(const struct timeline_entry *e)
{
	return timeline_ticks(timeline_slew_left(e, 0), slew_speed(e), e->counter_period_shift);
}

static bool slew_wraps(const struct timeline_entry *e)
{
	return e->slew_rate < 0 && e->slew_period < e->counter_period_frac_sec;
}

/**
 * timeline_entry_sane - the conditions under which reading cannot overflow
 * @e: entry
 *
 * See include/vdso/timeline.h.
 */
bool timeline_entry_sane(const struct timeline_entry *e)
{
	return e->time_sec < SEC_LIMIT &&
	       e->counter_period_shift <= TIMELINE_SHIFT_MAX &&
	       e->counter_period_frac_sec >> e->counter_period_shift < PERIOD_LIMIT &&
	       !slew_wraps(e) && e->slew_ns != TIMELINE_UNBOUNDED &&
	       slew_left(e).sec < 2 * RESIDUAL_LIMIT;
}

/* One second by this period is within 500 ppm of one second */
static bool period_is_nominal(__u64 period, unsigned int shift, __u64 hz)
{
	const __u64 margin = ~0ULL / SLEW_DIVISOR;
	struct timeline_span s = timeline_ticks(hz, period, shift);

	return (s.sec == 0 && s.frac >= ~0ULL - margin) ||
	       (s.sec == 1 && s.frac <= margin);
}

static bool is_zero(const __u64 *words, unsigned int n)
{
	while (n--)
		if (words[n])
			return false;
	return true;
}

/**
 * timeline_check_set - whether parameters can be taken at all
 * @s: parameters
 * @counter: counter in use
 * @now: its value
 */
int timeline_check_set(const struct timeline_set *s,
		       const struct timeline_counter *counter, __u64 now)
{
	if (s->counter_id != counter->id || s->pad ||
	    !is_zero(s->reserved, sizeof(s->reserved) / sizeof(__u64)))
		return -EINVAL;
	if (s->clock_status < TIMELINE_STATUS_SYNCHRONIZED ||
	    s->clock_status > TIMELINE_STATUS_UNRELIABLE ||
	    s->leap_indicator > 5 || s->leap_second_smearing_hint > 2 ||
	    s->vmclock_flags & ~(__u64)TIMELINE_VF_SETTABLE)
		return -EINVAL;
	if (s->counter_period_shift > TIMELINE_SHIFT_MAX ||
	    !period_is_nominal(s->counter_period_frac_sec,
			       s->counter_period_shift, counter->hz))
		return -EINVAL;
	if (s->time_sec >= TIMELINE_SEC_MAX || (__s64)(now - s->counter_value) < 0)
		return -EINVAL;
	return 0;
}

/* In 2^-64 ns a tick, rounded up; TIMELINE_UNBOUNDED if 1 ns a tick or more */
static __u64 error_rate(__u64 rate, unsigned int shift)
{
	struct timeline_span s = timeline_ticks(rate, TIMELINE_NSEC_PER_SEC, shift);

	return s.sec || s.frac == ~0ULL ? TIMELINE_UNBOUNDED : s.frac + 1;
}

/**
 * timeline_slew_done - an entry's slew has been written: the rest follows
 * @e: entry, else complete
 *
 * What is added to the reference is rounded down and what is taken from it is rounded
 * up: so t is never ahead of the exact one, and what slew_from() says about its beginning
 * holds.
 */
void timeline_slew_done(struct timeline_entry *e)
{
	struct timeline_span t = { e->time_sec, e->time_frac_sec }, s = slew_left(e);
	const struct timeline_span unit = { 0, 1 };
	__u64 whole;

	if (e->slew_rate < 0) {
		whole = timeline_slew_left(e, 0) * slew_speed(e);
		if (whole & ((1ULL << e->counter_period_shift) - 1))
			timeline_span_add(&s, unit);
		timeline_span_sub(&t, s);
	} else {
		timeline_span_add(&t, s);
	}
	e->slew_sec = t.sec;
	e->slew_frac = t.frac;
	e->slew_period = e->counter_period_frac_sec - e->slew_rate;
	e->slew_ns = e->slew_rate ? error_rate(slew_speed(e), e->counter_period_shift) : 0;
}

/* An error that grew by rate over some ticks, rounded up */
static __u64 grown(__u64 error, __u64 rate, __u64 ticks)
{
	return timeline_sat_add(error, rate && ticks ? __timeline_mulhi(rate, ticks) + 1 : 0);
}

/*
 * A reader of VMClock adds to time_maxerror what has grown since, less than 1 ns
 * for each of less than 2^63 ticks: so that it does not wrap, 2^63 ns is no bound.
 */
static void set_maxerror(struct timeline_entry *e)
{
	e->time_maxerror_nanosec = e->err_low_ns > e->err_high_ns ?
				   e->err_low_ns : e->err_high_ns;
	if (e->time_maxerror_nanosec >> 63)
		e->flags &= ~(__u64)BOUND_FLAGS;
}

/**
 * timeline_widen - add to both sides of the bound
 * @e: entry
 * @ns: so much, TIMELINE_UNBOUNDED to claim nothing
 */
void timeline_widen(struct timeline_entry *e, __u64 ns)
{
	e->err_low_ns = timeline_sat_add(e->err_low_ns, ns);
	e->err_high_ns = timeline_sat_add(e->err_high_ns, ns);
	set_maxerror(e);
}

static void carry_bounds(struct timeline_entry *e, const struct timeline_set *s, __u64 ticks)
{
	unsigned int shift = s->counter_period_shift;
	__u64 rate = error_rate(s->counter_period_maxerror_rate_frac_sec, shift);

	if ((s->vmclock_flags & BOUND_FLAGS) == BOUND_FLAGS && rate != TIMELINE_UNBOUNDED) {
		e->err_rate = s->counter_period_maxerror_rate_frac_sec ? rate : 0;
		e->err_low_ns = grown(s->err_low_ns, e->err_rate, ticks);
		e->err_high_ns = grown(s->err_high_ns, e->err_rate, ticks);
	} else {
		e->err_rate = 0;
		e->err_low_ns = TIMELINE_UNBOUNDED;
		e->err_high_ns = TIMELINE_UNBOUNDED;
	}
	set_maxerror(e);
	e->time_esterror_nanosec = s->time_esterror_nanosec;
	if ((s->vmclock_flags & ESTIMATE_FLAGS) == ESTIMATE_FLAGS) {
		rate = error_rate(s->counter_period_esterror_rate_frac_sec, shift);
		e->time_esterror_nanosec = grown(s->time_esterror_nanosec, rate, ticks);
	}
}

/* What struct vmclock_abi has, carried forward to the counter value @now */
static void set_target(struct timeline_entry *e, const struct timeline_set *s, __u64 now)
{
	struct timeline_span t;

	e->counter_id = s->counter_id;
	e->flags = s->vmclock_flags;
	e->clock_status = s->clock_status;
	e->leap_second_smearing_hint = s->leap_second_smearing_hint;
	e->tai_offset_sec = s->tai_offset_sec;
	e->leap_indicator = s->leap_indicator;
	e->counter_period_shift = s->counter_period_shift;
	e->counter_period_frac_sec = s->counter_period_frac_sec;
	e->counter_period_esterror_rate_frac_sec = s->counter_period_esterror_rate_frac_sec;
	e->counter_period_maxerror_rate_frac_sec = s->counter_period_maxerror_rate_frac_sec;
	e->counter_value = s->counter_value;
	e->time_sec = s->time_sec;
	e->time_frac_sec = s->time_frac_sec;
	t = timeline_target(e, now - s->counter_value);
	e->counter_value = now;
	e->time_sec = t.sec;
	e->time_frac_sec = t.frac;
}

/**
 * timeline_divide - floor((2^64 * @hi + @lo) / @d), by bits
 * @hi: below @d
 * @lo: lower half
 * @d: divisor
 * @rest: the remainder
 */
__u64 timeline_divide(__u64 hi, __u64 lo, __u64 d, __u64 *rest)
{
	__u64 q = 0;
	bool carry;
	int i;

	for (i = 0; i < 64; i++) {
		carry = hi >> 63;
		hi = hi << 1 | lo >> 63;
		lo <<= 1;
		q <<= 1;
		if (carry || hi >= d) {
			hi -= d;
			q |= 1;
		}
	}
	*rest = hi;
	return q;
}

/*
 * floor(period * slew_ppb / 10^9), where period * slew_ppb can have 83 bits and the
 * rest of the first division times slew_ppb has less than 49
 */
static __u64 slew_rate(const struct timeline_entry *e)
{
	__u64 whole = e->counter_period_frac_sec / TIMELINE_NSEC_PER_SEC;
	__u64 rest = e->counter_period_frac_sec % TIMELINE_NSEC_PER_SEC;

	return whole * e->slew_ppb + rest * e->slew_ppb / TIMELINE_NSEC_PER_SEC;
}

/* See the top of the file */
static int slew_from(struct timeline_entry *e, struct timeline_span old)
{
	__u64 rate = slew_rate(e), hi, n, rest;
	struct timeline_span r = { e->time_sec, e->time_frac_sec };
	unsigned int shift = e->counter_period_shift;
	bool ahead;

	ahead = (__s64)(old.sec - r.sec) > 0 || (old.sec == r.sec && old.frac >= r.frac);
	if (ahead) {
		timeline_span_sub(&old, r);
		r = old;
	} else {
		timeline_span_sub(&r, old);
	}
	if (r.sec >= RESIDUAL_LIMIT)
		return -ERANGE;
	/* In units of the rate; below 2^44 * 2^64, as shift <= 24 */
	hi = r.sec << shift | (r.frac >> 1) >> (63 - shift);
	if (hi >= rate)
		return -ERANGE;
	n = timeline_divide(hi, r.frac << shift, rate, &rest);
	if (ahead && rest)
		n++;
	if (n >= SLEW_TICKS_LIMIT)
		return -ERANGE;
	e->slew_end = e->counter_value + n;
	e->slew_rate = !n ? 0 : ahead ? rate : -rate;
	return 0;
}

/**
 * timeline_next - the entry that an update makes
 * @next: result; what an update does not change is left as it is
 * @old: the entry before, whose reading @next continues; NULL to step
 * @s: parameters, checked
 * @now: counter value of the update
 */
int timeline_next(struct timeline_entry *next, const struct timeline_entry *old,
		  const struct timeline_set *s, __u64 now)
{
	struct timeline_span before = { 0, 0 };
	int ret;

	if (old)
		before = timeline_project(old, now);
	set_target(next, s, now);
	carry_bounds(next, s, now - s->counter_value);
	next->slew_end = now;
	next->slew_rate = 0;
	if (old) {
		ret = slew_from(next, before);
		if (ret)
			return ret;
	}
	timeline_slew_done(next);
	return timeline_entry_sane(next) ? 0 : -EINVAL;
}

/**
 * timeline_last - carry a difference clock forward, before an update
 * @lasted: what it was at the entry's counter_value
 * @e: entry
 * @now: counter value of the update
 *
 * Less than 2^34 s in all: it starts at 0, and seconds of a period that is nominal
 * within 500 ppm pass as those of the time do.
 */
void timeline_last(struct timeline_span *lasted, const struct timeline_entry *e, __u64 now)
{
	timeline_span_add(lasted, timeline_ticks(timeline_elapsed(e, now),
						 e->counter_period_frac_sec,
						 e->counter_period_shift));
}

/**
 * timeline_last_ns - carry a clock forward by what another has counted
 * @lasted: clock
 * @ns: nanoseconds
 */
void timeline_last_ns(struct timeline_span *lasted, __u64 ns)
{
	struct timeline_span d = { .sec = ns / TIMELINE_NSEC_PER_SEC };
	__u64 rest;

	d.frac = timeline_divide(ns % TIMELINE_NSEC_PER_SEC, 0, TIMELINE_NSEC_PER_SEC, &rest);
	timeline_span_add(lasted, d);
}

/**
 * timeline_reanchor - the entry after the counter was disrupted
 * @next: result
 * @old: the entry before
 * @elapsed_ns: by another clock, since the counter had @old->counter_value
 * @counter: counter in use from now on
 * @now: its value
 *
 * The time goes on as well as it can, and nothing is claimed about it.
 */
void timeline_reanchor(struct timeline_entry *next,
		       const struct timeline_entry *old, __u64 elapsed_ns,
		       const struct timeline_counter *counter, __u64 now)
{
	struct timeline_span t = timeline_project(old, old->counter_value);
	__u64 rest;

	timeline_last_ns(&t, elapsed_ns);
	if (t.sec >= SEC_LIMIT)
		t.sec = SEC_LIMIT - 1;
	*next = *old;
	next->counter_id = counter->id;
	next->clock_status = TIMELINE_STATUS_UNRELIABLE;
	next->flags &= ~(__u64)(BOUND_FLAGS | ESTIMATE_FLAGS);
	next->counter_period_shift = 0;
	next->counter_period_frac_sec = timeline_divide(1, 0, counter->hz, &rest);
	next->counter_period_esterror_rate_frac_sec = 0;
	next->counter_period_maxerror_rate_frac_sec = 0;
	next->counter_value = now;
	next->time_sec = t.sec;
	next->time_frac_sec = t.frac;
	next->time_esterror_nanosec = TIMELINE_UNBOUNDED;
	next->time_maxerror_nanosec = TIMELINE_UNBOUNDED;
	next->err_low_ns = TIMELINE_UNBOUNDED;
	next->err_high_ns = TIMELINE_UNBOUNDED;
	next->err_rate = 0;
	next->slew_end = now;
	next->slew_rate = 0;
	timeline_slew_done(next);
}

/**
 * timeline_span_ktime - a time in ns, at most what a ktime_t can hold
 * @t: time, of either sign
 */
__s64 timeline_span_ktime(struct timeline_span t)
{
	const __s64 max = 0x7fffffffffffffffLL, limit = max / TIMELINE_NSEC_PER_SEC;

	if ((__s64)t.sec >= limit)
		return max;
	if ((__s64)t.sec < -limit)
		return -max;
	return timeline_span_ns(t);
}

/**
 * timeline_bound - the larger side of a reading's bound
 * @tt: reading
 */
__u64 timeline_bound(const struct timeline_time *tt)
{
	return tt->err_low_ns > tt->err_high_ns ? tt->err_low_ns : tt->err_high_ns;
}

/**
 * timeline_bound_exceeds - the least time until the bound can exceed a limit
 * @e: entry
 * @since: ticks since its reference
 * @bound: what it is now
 * @accuracy: limit, not below @bound
 * @hz: of the counter
 *
 * Both sides of the bound grow as floor(ticks * err_rate / 2^64) (a slew that
 * runs out only slows that), so this is exact unless a slew lasts, and never
 * late: the first tick with floor(...) > floor(since * err_rate / 2^64) + gap.
 *
 * Return: nanoseconds, TIMELINE_UNBOUNDED if never
 */
__u64 timeline_bound_exceeds(const struct timeline_entry *e, __u64 since,
			     __u64 bound, __u64 accuracy, __u64 hz)
{
	__u64 growth, ticks, rest;

	growth = timeline_sat_add(__timeline_mulhi(since, e->err_rate), accuracy - bound);
	growth = timeline_sat_add(growth, 1);
	if (growth >= e->err_rate)
		return TIMELINE_UNBOUNDED;
	ticks = timeline_divide(growth, 0, e->err_rate, &rest);
	ticks = ticks + !!rest - since;
	if (ticks / hz >= TIMELINE_UNBOUNDED / TIMELINE_NSEC_PER_SEC)
		return TIMELINE_UNBOUNDED;
	return ticks / hz * TIMELINE_NSEC_PER_SEC +
	       ticks % hz * TIMELINE_NSEC_PER_SEC / hz + 1;
}
