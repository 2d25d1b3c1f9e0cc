// SPDX-License-Identifier: GPL-2.0
/*
 * When an instant of a timeline comes: beside the first tick at which a reader reads that
 * time or a later one, found by trying, and what another clock counts until then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include PROJECT_H
#include INSTANT_H
#include "rand.h"

#define NS	1000000000ULL
#define FLAGS	(TIMELINE_VF_PERIOD_MAXERROR_VALID | TIMELINE_VF_TIME_MAXERROR_VALID)

typedef unsigned __int128 u128;
typedef __int128 s128;

static struct rnd rnd;

static uint64_t below(uint64_t n)
{
	return rnd_below(&rnd, n);
}

static int between(int low, int high)
{
	return low + (int)below(high - low + 1);
}

static struct timeline_set random_set(uint64_t hz, uint64_t now)
{
	unsigned int shift = below(TIMELINE_SHIFT_MAX + 1);
	u128 nominal = ((u128)1 << (64 + shift)) / hz;

	return (struct timeline_set) {
		.counter_id = TIMELINE_COUNTER_X86_TSC,
		.counter_period_shift = shift,
		.clock_status = TIMELINE_STATUS_SYNCHRONIZED,
		.vmclock_flags = FLAGS,
		.counter_value = now - below(hz),
		.counter_period_frac_sec = nominal + (s128)nominal * between(-499, 499) / 1000000,
		.time_sec = 1700000000 + now / hz,
		.time_frac_sec = rnd_next(&rnd),
	};
}

static uint64_t random_ns(void)
{
	return 1 + (rnd_next(&rnd) >> (8 + below(56)));	/* 2 years at most */
}

/* By the time, or by the difference clock, which goes on from 0 */
static uint64_t reads(const struct timeline_entry *e, uint64_t counter, bool lasts)
{
	struct timeline_span t = { 0, 0 };

	if (lasts)
		timeline_last(&t, e, counter);
	else
		t = timeline_project(e, counter);
	return timeline_span_ktime(t);
}

/* The first of the ticks from @from on at which the clock shows @at */
static uint64_t first_tick(const struct timeline_entry *e, uint64_t from, uint64_t at, bool lasts)
{
	uint64_t low = from, high, middle;

	for (high = from + 1; reads(e, high, lasts) < at; high += high - from)
		low = high;
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (reads(e, middle, lasts) < at)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* What a clock counts in some ticks, rounded up */
static uint64_t counts(uint64_t ticks, uint64_t hz, uint64_t rate)
{
	u128 ns = (u128)ticks * NS;

	return (ns / hz * rate + ns % hz * rate / hz + TIMELINE_RATE_ONE - 1) / TIMELINE_RATE_ONE;
}

static void one_instant(const struct timeline_entry *e, uint64_t hz, uint64_t now, bool lasts)
{
	/* CLOCK_MONOTONIC is bent by a quarter at most */
	uint64_t rate = TIMELINE_RATE_ONE + (int64_t)below(TIMELINE_RATE_ONE / 2) -
			(int64_t)(TIMELINE_RATE_ONE / 4);
	uint64_t ahead = random_ns(), exact, until, coarse, late;

	exact = counts(first_tick(e, now, reads(e, now, lasts) + ahead, lasts) - now, hz, rate);
	until = timeline_until(e, timeline_elapsed(e, now), ahead, lasts, hz, rate);
	coarse = ahead >> 31 ? (exact >> 29) + counts(1, hz, rate) : 0;
	late = counts(2, hz, rate) + 4;
	late += ahead >> 31 ? (ahead >> 30) * late : 0;
	if (until >= exact + coarse + late || until + coarse < exact)
		fail_msg("%llu ns ahead%s, %llu Hz, rate %.6f: %llu, is %llu",
			 (unsigned long long)ahead, lasts ? " lasting" : "",
			 (unsigned long long)hz, (double)rate / TIMELINE_RATE_ONE,
			 (unsigned long long)until, (unsigned long long)exact);
}

/* Slews that end before, after and at the instant; and none */
static void test_instants(void **state)
{
	struct timeline_entry e, before;
	struct timeline_set set;
	uint64_t hz, now;
	int i, j;

	(void)state;
	for (i = 0; i < 20000; i++) {
		hz = i % 3 ? 1000000 + below(5000000000ULL) : NS;
		now = (1ULL << 40) + below(1ULL << 50);
		before = (struct timeline_entry){ .slew_ppb = 1 + below(TIMELINE_SLEW_PPB_MAX) };
		set = random_set(hz, now);
		assert_int_equal(timeline_next(&before, NULL, &set, now), 0);
		e = before;
		set.time_frac_sec += below(2) ? below(1ULL << between(20, 55)) :
						-below(1ULL << between(20, 55));
		if (timeline_next(&e, below(4) ? &before : NULL, &set, now))
			continue;
		for (j = 0; j < 8; j++)
			one_instant(&e, hz, now + below(hz >> below(20)), below(3) == 0);
	}
}

/* Whatever another machine states, it is neither an error nor for ever */
static void test_nonsense(void **state)
{
	struct timeline_entry e;
	uint64_t until;
	int i;

	(void)state;
	for (i = 0; i < 1000000; i++) {
		e = (struct timeline_entry) {
			.counter_period_shift = below(TIMELINE_SHIFT_MAX + 1),
			.counter_period_frac_sec = rnd_next(&rnd) >> below(64),
			.slew_rate = (int64_t)rnd_next(&rnd) >> below(64),
			.slew_end = rnd_next(&rnd) >> below(64),
		};
		until = timeline_until(&e, rnd_next(&rnd) >> below(64), random_ns(), below(2),
				       1 << 20, 2 * TIMELINE_RATE_ONE - 1);
		assert_true(until && until <= TIMELINE_UNTIL_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instants),
		cmocka_unit_test(test_nonsense),
	};

	rnd.state = rnd_seed("instant");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("instant", tests, NULL, NULL);
}
