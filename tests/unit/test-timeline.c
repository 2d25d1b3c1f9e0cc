// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of timelines, against a model in 128 and more bits that has no
 * rounding to speak of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include PROJECT_H
#include "rand.h"

typedef unsigned __int128 u128;
typedef __int128 s128;

#define HZ	2999999000ULL
#define NS	1000000000ULL

static const struct timeline_counter tsc = { .hz = HZ, .id = TIMELINE_COUNTER_X86_TSC };

/* An entry as CREATE makes it */
static struct timeline_entry made(void)
{
	return (struct timeline_entry){ .slew_ppb = TIMELINE_SLEW_PPB_MAX };
}

static uint64_t period_of(uint64_t hz, unsigned int shift, int ppm)
{
	u128 nominal = ((u128)1 << (64 + shift)) / hz;

	return nominal + (s128)nominal * ppm / 1000000;
}

static struct timeline_set params(unsigned int shift, int ppm)
{
	return (struct timeline_set) {
		.counter_id = TIMELINE_COUNTER_X86_TSC,
		.counter_period_shift = shift,
		.clock_status = TIMELINE_STATUS_SYNCHRONIZED,
		.vmclock_flags = TIMELINE_VF_PERIOD_MAXERROR_VALID |
				 TIMELINE_VF_TIME_MAXERROR_VALID,
		.counter_value = 1000,
		.counter_period_frac_sec = period_of(HZ, shift, ppm),
		.counter_period_maxerror_rate_frac_sec = period_of(HZ, shift, 0) / 20000,
		.time_sec = 1700000000,
		.err_low_ns = 1000,
		.err_high_ns = 500,
	};
}

/* The general way and, where it can be taken, the short one tell the same */
static void reading(const struct timeline_entry *e, uint64_t counter, struct timeline_time *tt)
{
	struct timeline_time fast = { 0 };
	struct timeline_span t, u;

	memset(tt, 0, sizeof(*tt));
	timeline_read(e, counter, tt);
	if ((int64_t)(counter - e->counter_value) < 0)
		return;
	t = timeline_project(e, counter);
	if (timeline_settled(e, counter)) {
		timeline_read_settled(e, counter, &fast);
		u = timeline_project_settled(e, counter);
	} else {
		timeline_read_slewing(e, counter, &fast);
		u = timeline_slewing(e, counter - e->counter_value);
	}
	assert_memory_equal(&fast, tt, sizeof(fast));
	assert_true(t.sec == u.sec && t.frac == u.frac);
}

/* Time of an entry in 2^-64 s, as exact as its fields */
static s128 exact(const struct timeline_entry *e, uint64_t counter)
{
	struct timeline_span t = timeline_project(e, counter);

	return (s128)(((u128)t.sec << 64) | t.frac);
}

static void refuses(const struct timeline_set *s, uint64_t now)
{
	assert_int_equal(timeline_check_set(s, &tsc, now), -EINVAL);
}

static void check_rows(void **state)
{
	struct timeline_set good = params(0, 0), s;

	(void)state;
	assert_int_equal(timeline_check_set(&good, &tsc, 1000), 0);
	refuses(&good, 999);
	refuses(&good, 1000 + (1ULL << 63));
	for (unsigned int shift = 0; shift <= TIMELINE_SHIFT_MAX; shift++) {
		s = params(shift, 499);
		assert_int_equal(timeline_check_set(&s, &tsc, 1000), 0);
		s = params(shift, -499);
		assert_int_equal(timeline_check_set(&s, &tsc, 1000), 0);
		s = params(shift, 501);
		refuses(&s, 1000);
		s = params(shift, -501);
		refuses(&s, 1000);
	}
	s = good, s.counter_period_shift = 25, refuses(&s, 1000);
	s = good, s.counter_period_frac_sec = 0, refuses(&s, 1000);
	s = good, s.counter_period_frac_sec = ~0ULL, refuses(&s, 1000);
	s = good, s.counter_id = TIMELINE_COUNTER_RAW, refuses(&s, 1000);
	s = good, s.clock_status = 1, refuses(&s, 1000);
	s = good, s.clock_status = 5, refuses(&s, 1000);
	s = good, s.leap_indicator = 6, refuses(&s, 1000);
	s = good, s.leap_second_smearing_hint = 3, refuses(&s, 1000);
	s = good, s.vmclock_flags = 0x80, refuses(&s, 1000);
	s = good, s.pad = 1, refuses(&s, 1000);
	s = good, s.reserved[3] = 1, refuses(&s, 1000);
	s = good, s.time_sec = TIMELINE_SEC_MAX, refuses(&s, 1000);
}

/* Half of the counter's range later: as if computed without any limit */
static void far_counter(void **state)
{
	uint64_t ticks = ~0ULL >> 1;
	struct timeline_entry e = made();
	struct timeline_set s = params(24, 0);
	struct timeline_time tt;
	u128 seconds;

	(void)state;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	reading(&e, 1000 + ticks, &tt);
	seconds = (u128)ticks * s.counter_period_frac_sec >> 88;
	assert_true(tt.sec == (int64_t)(s.time_sec + seconds));
	assert_true(tt.nsec < NS);
	/* 50 ppm of 97 years */
	assert_true(tt.err_low_ns > seconds * 49000 && tt.err_low_ns < seconds * 51000);
	reading(&e, 999, &tt);
	assert_true(tt.sec == (int64_t)s.time_sec && tt.nsec == 0);
	reading(&e, 1000 + ticks + 1, &tt);
	assert_true(tt.sec == (int64_t)s.time_sec);
}

static void unbounded(void **state)
{
	struct timeline_entry e = made();
	struct timeline_set s = params(0, 0);
	struct timeline_time tt;

	(void)state;
	s.vmclock_flags = TIMELINE_VF_TIME_MAXERROR_VALID;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	reading(&e, 5000, &tt);
	assert_true(tt.err_low_ns == TIMELINE_UNBOUNDED && tt.err_high_ns == TIMELINE_UNBOUNDED);
	s = params(0, 0);
	s.counter_period_maxerror_rate_frac_sec = ~0ULL;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	reading(&e, 5000, &tt);
	assert_true(tt.err_low_ns == TIMELINE_UNBOUNDED);
	s = params(0, 0);
	s.err_low_ns = TIMELINE_UNBOUNDED - 1;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	reading(&e, 5000, &tt);
	assert_true(tt.err_low_ns == TIMELINE_UNBOUNDED && tt.err_high_ns < 600);
}

/*
 * What a reader of VMClock adds up: the maximum at the reference and less than 1 ns
 * a tick. With the flags it must not wrap, up to 2^63 - 1 ticks.
 */
static bool vmclock_claims(const struct timeline_entry *e)
{
	const uint64_t flags = TIMELINE_VF_PERIOD_MAXERROR_VALID | TIMELINE_VF_TIME_MAXERROR_VALID;
	uint64_t sum = e->time_maxerror_nanosec + (~0ULL >> 1);

	if (e->flags & flags)
		assert_true((e->flags & flags) == flags && sum >= e->time_maxerror_nanosec);
	return e->flags & flags;
}

static void vmclock_bound(void **state)
{
	struct timeline_entry e = made();
	struct timeline_set s = params(0, 0);

	(void)state;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	assert_true(vmclock_claims(&e));
	s.err_low_ns = ~0ULL >> 1;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	assert_true(vmclock_claims(&e) && e.time_maxerror_nanosec == s.err_low_ns);
	timeline_widen(&e, 1);
	assert_true(!vmclock_claims(&e) && e.err_low_ns == 1ULL << 63 && e.err_high_ns == 501);
	timeline_widen(&e, TIMELINE_UNBOUNDED - 600);
	assert_true(e.err_low_ns == TIMELINE_UNBOUNDED && e.err_high_ns < TIMELINE_UNBOUNDED);
	timeline_widen(&e, TIMELINE_UNBOUNDED);
	assert_true(e.err_high_ns == TIMELINE_UNBOUNDED);
	s.err_low_ns++;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	assert_true(!vmclock_claims(&e) && e.err_high_ns == 500);
	s = params(0, 0);
	s.counter_period_maxerror_rate_frac_sec = ~0ULL;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	assert_true(!vmclock_claims(&e));
}

static void too_far(void **state)
{
	struct timeline_entry e = made(), next;
	struct timeline_set s = params(0, 0);

	(void)state;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	next = e;
	s.time_sec += 1 << 20;
	assert_int_equal(timeline_next(&next, &e, &s, 1000), -ERANGE);
	/* 2^62 ticks at 3 GHz slew 8.9 days */
	s.time_sec = 1700000000 + 780000;
	assert_int_equal(timeline_next(&next, &e, &s, 1000), -ERANGE);
	s.time_sec = 1700000000 + 760000;
	assert_int_equal(timeline_next(&next, &e, &s, 1000), 0);
	s.time_sec = 1700000000 - 760000;
	assert_int_equal(timeline_next(&next, &e, &s, 1000), 0);
}

/* True time: a wandering clock; the synchroniser knows it with an error */
struct truth {
	double ppm;
	uint64_t counter;
	u128 time;		/* 2^-64 s */
};

static void pass(struct truth *t, uint64_t ticks)
{
	u128 period = ((u128)1 << 64) / HZ;

	t->time += ticks * (period + (s128)((double)period * t->ppm * 1e-6));
	t->counter += ticks;
}

static struct timeline_set observe(const struct truth *t, struct rnd *r)
{
	struct timeline_set s = params(rnd_below(r, 25), (int)rnd_below(r, 101) - 50);
	int64_t error = (int64_t)rnd_below(r, 2000001) - 1000000;
	u128 seen = t->time + (s128)error * (s128)(((u128)1 << 64) / NS);

	s.counter_value = t->counter;
	s.time_sec = seen >> 64;
	s.time_frac_sec = seen;
	s.err_low_ns = error > 0 ? error + 2 : 2;
	s.err_high_ns = error < 0 ? -error + 2 : 2;
	/* The period is off by up to 50 ppm, and the truth's by up to 30 */
	s.counter_period_maxerror_rate_frac_sec = s.counter_period_frac_sec / 10000;
	return s;
}

static void check_reading(const struct timeline_entry *e, const struct truth *t, s128 *last)
{
	s128 ns = ((u128)1 << 64) / NS, now = exact(e, t->counter);
	struct timeline_time tt;
	s128 read;

	reading(e, t->counter, &tt);
	read = ((s128)tt.sec << 64) + (s128)(((u128)tt.nsec << 64) / NS);
	assert_true(now >= *last);
	assert_true(read <= now + 1 && now - read <= ns + 1);
	assert_true((s128)t->time >= read - (s128)tt.err_low_ns * ns);
	assert_true((s128)t->time <= read + (s128)tt.err_high_ns * (ns + 1));
	*last = now;
}

/* Any sequence of updates: never back, never a jump, the truth inside */
static void continuous(void **state)
{
	struct rnd r = { rnd_seed("continuous") };
	struct truth t = { .counter = rnd_next(&r), .time = (u128)1700000000 << 64 };
	struct timeline_entry e = made(), next;
	struct timeline_set s;
	s128 last = 0, before, after;
	int i, j;

	(void)state;
	s = observe(&t, &r);
	assert_int_equal(timeline_next(&e, NULL, &s, t.counter), 0);
	for (i = 0; i < 200000; i++) {
		t.ppm = (double)rnd_below(&r, 61) - 30;
		for (j = 0; j < 3; j++) {
			check_reading(&e, &t, &last);
			pass(&t, rnd_below(&r, i % 100 ? HZ / 100 : HZ * 100));
		}
		s = observe(&t, &r);
		pass(&t, rnd_below(&r, 100000));
		e.slew_ppb = i % 2 ? TIMELINE_SLEW_PPB_MAX : 1 + rnd_below(&r, TIMELINE_SLEW_PPB_MAX);
		before = exact(&e, t.counter);
		next = e;
		assert_int_equal(timeline_next(&next, &e, &s, t.counter), 0);
		assert_true(timeline_entry_sane(&next));
		after = exact(&next, t.counter);
		assert_true(after >= before);
		assert_true(after - before <= (s128)(((u128)1 << 64) / HZ / 1000));
		e = next;
		check_reading(&e, &t, &last);
	}
}

/* In 2^-64 ns since the second @base */
static s128 fine(struct timeline_span t, uint64_t base)
{
	const s128 one = (s128)1 << 64;

	return (s128)(int64_t)(t.sec - base) * NS * one + (s128)((u128)t.frac * NS);
}

/* Target and bound without rounding, since the reference, are within what a reading says */
static void rounding(void **state)
{
	struct rnd r = { rnd_seed("rounding") };
	const s128 one = (s128)1 << 64, slack = 2 * NS;
	struct timeline_set s = params(4, 0);
	struct timeline_entry e = made();
	struct timeline_time tt;
	s128 read, target, grown;
	uint64_t now, ticks;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		s.time_frac_sec = rnd_next(&r);
		now = s.counter_value + rnd_below(&r, HZ);
		assert_int_equal(timeline_next(&e, NULL, &s, now), 0);
		e.slew_end = now + rnd_below(&r, HZ * 100);
		e.slew_rate = (int64_t)(e.counter_period_frac_sec / 2000) * (i % 2 ? 1 : -1);
		timeline_slew_done(&e);
		ticks = rnd_below(&r, HZ * 100);
		reading(&e, now + ticks, &tt);
		read = fine((struct timeline_span){ (uint64_t)tt.sec, 0 }, s.time_sec) + tt.nsec * one;
		target = fine(timeline_target(&e, ticks), s.time_sec);
		grown = (s128)((u128)(now - s.counter_value + ticks) * e.err_rate);
		assert_true(read + tt.err_high_ns * one + slack >= target + 500 * one + grown);
		assert_true(read - tt.err_low_ns * one - slack <= target - 1000 * one - grown);
	}
}

static void slew_is_500_ppm(void **state)
{
	struct timeline_entry e = made(), next;
	struct timeline_set s = params(0, 0);
	struct timeline_time tt;

	(void)state;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	next = e;
	s.time_sec--;
	assert_int_equal(timeline_next(&next, &e, &s, 1000), 0);
	/* 2000 s for the second that it is ahead; 1 s of that in 2000 s */
	assert_true(next.slew_end - 1000 - 2000 * HZ + HZ / 100 < HZ / 50);
	reading(&next, 1000, &tt);
	assert_true(tt.sec == 1700000000 && tt.err_low_ns > NS && tt.err_high_ns < 510);
	reading(&next, next.slew_end - 1, &tt);
	assert_true(tt.sec == 1700001998 || tt.sec == 1700001999);
	assert_true(exact(&next, next.slew_end) - exact(&next, next.slew_end - 1) > 0);
}

/* The slew takes residual / rate, whatever the rate and the period are */
static void slews_as_asked(void **state)
{
	struct rnd r = { rnd_seed("slews") };
	struct timeline_entry e, next;
	struct timeline_set s;
	u128 rate, want;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		e = made();
		e.slew_ppb = 1 + rnd_below(&r, i % 2 ? 1000 : TIMELINE_SLEW_PPB_MAX);
		s = params(rnd_below(&r, 25), (int)rnd_below(&r, 999) - 499);
		s.time_frac_sec = 1ULL << 63;
		assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
		next = e;
		/* Up to 1 ms ahead */
		s.time_frac_sec -= rnd_below(&r, ~0ULL / 1000);
		assert_int_equal(timeline_next(&next, &e, &s, 1000), 0);
		rate = (u128)s.counter_period_frac_sec * e.slew_ppb / 1000000000;
		assert_true(next.slew_rate == (int64_t)rate || next.slew_end == 1000);
		want = ((u128)((1ULL << 63) - s.time_frac_sec) << s.counter_period_shift);
		want = (want + rate - 1) / rate;
		assert_true(next.slew_end - 1000 == want);
	}
}

static void bound_exceeds(void **state)
{
	struct timeline_entry e = made();
	struct timeline_set s = params(0, 0);
	struct timeline_time tt;
	uint64_t wait;

	(void)state;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	reading(&e, 1000, &tt);
	wait = timeline_bound_exceeds(&e, 0, timeline_bound(&tt), 51000, HZ);
	/* 50 us at 50 ppm is a second */
	assert_in_range(wait, NS - NS / 1000, NS + NS / 1000);
	reading(&e, 1000 + HZ + HZ / 1000, &tt);
	assert_true(timeline_bound(&tt) > 51000);
	/* At the limit already: until the next whole ns, not at once */
	wait = timeline_bound_exceeds(&e, 1000, 51000, 51000, HZ);
	assert_in_range(wait, 19000, 20001);
	e.err_rate = 0;
	assert_true(timeline_bound_exceeds(&e, 0, 1, 2, HZ) == TIMELINE_UNBOUNDED);
}

/* A difference clock adds up periods, whatever the time does meanwhile */
static void lasting(void **state)
{
	struct timeline_entry e = made();
	struct timeline_set s = params(0, 0);
	struct timeline_span lasted = { 0, 0 };
	u128 want = 0;
	uint64_t ticks;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		s = params(i % 25, (int)(i % 999) - 499);
		s.time_sec = i % 7 * 1000000;
		assert_int_equal(timeline_next(&e, NULL, &s, s.counter_value), 0);
		ticks = i * HZ / 7 + i;
		timeline_last(&lasted, &e, e.counter_value + ticks);
		want += (u128)ticks * s.counter_period_frac_sec >> s.counter_period_shift;
		assert_true(((u128)lasted.sec << 64 | lasted.frac) == want);
	}
	/* The counter of another CPU can be behind */
	timeline_last(&lasted, &e, e.counter_value - 1);
	assert_true(((u128)lasted.sec << 64 | lasted.frac) == want);
	timeline_last_ns(&lasted, 5 * NS + 7);
	want += ((u128)5 << 64) + ((u128)7 << 64) / NS;
	assert_true(((u128)lasted.sec << 64 | lasted.frac) == want);
}

static void reanchor(void **state)
{
	const struct timeline_counter raw = { .hz = NS, .id = TIMELINE_COUNTER_RAW };
	struct timeline_entry e = made(), next;
	struct timeline_set s = params(3, 0);
	struct timeline_time tt;

	(void)state;
	assert_int_equal(timeline_next(&e, NULL, &s, 1000), 0);
	timeline_reanchor(&next, &e, 5 * NS + 7, &raw, 42);
	reading(&next, 42 + 3 * NS, &tt);
	assert_true(tt.sec == 1700000008 && tt.nsec >= 6 && tt.nsec <= 7);
	assert_true(tt.err_high_ns == TIMELINE_UNBOUNDED);
	assert_int_equal(tt.status, TIMELINE_STATUS_UNRELIABLE);
	assert_true(timeline_entry_sane(&next));
}

static void difference(void **state)
{
	uint64_t p = period_of(NS, 24, 0);

	(void)state;
	assert_in_range(timeline_diff_ns(p, 24, 0, NS), NS - 1, NS);
	assert_in_range(-timeline_diff_ns(p, 24, NS, 0), NS - 1, NS);
	assert_true(timeline_diff_ns(p, 24, ~0ULL, 4) >= 4);
	assert_true(timeline_diff_ns(~0ULL, 0, 0, 1ULL << 62) == INT64_MAX);
	assert_true(timeline_diff_ns(~0ULL, 0, 1ULL << 62, 0) == -INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_rows),
		cmocka_unit_test(far_counter),
		cmocka_unit_test(unbounded),
		cmocka_unit_test(vmclock_bound),
		cmocka_unit_test(too_far),
		cmocka_unit_test(continuous),
		cmocka_unit_test(rounding),
		cmocka_unit_test(slew_is_500_ppm),
		cmocka_unit_test(slews_as_asked),
		cmocka_unit_test(bound_exceeds),
		cmocka_unit_test(lasting),
		cmocka_unit_test(reanchor),
		cmocka_unit_test(difference),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
