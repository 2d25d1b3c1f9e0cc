// SPDX-License-Identifier: GPL-2.0
/*
 * Leap seconds: where a day and a month end, what is before one and what is after; and the leap
 * indicators of VMClock, from the states that adjtimex() goes through.
 */
#include <sys/timex.h>
#include <time.h>

#include "base/tests/unit.h"

#include "timeline/leap.h"
#include "timeline/source.h"

#define SEC	1000000000LL
#define NEW_YEAR	1798761600LL	/* 2027-01-01 */

static void follow(const int *state, const unsigned int *leap, unsigned int n)
{
	unsigned int before = LEAP_NONE;

	for (unsigned int i = 0; i < n; i++) {
		before = source_leap(state[i], before);
		assert_int_equal(before, leap[i]);
	}
}

static void a_second_is_inserted(void **state)
{
	static const int is[] = { TIME_OK, TIME_INS, TIME_OOP, TIME_WAIT, TIME_WAIT, TIME_OK };
	static const unsigned int leap[] = {
		LEAP_NONE, LEAP_PRE_POS, LEAP_POS, LEAP_POST_POS, LEAP_POST_POS, LEAP_NONE
	};

	(void)state;
	follow(is, leap, 6);
}

static void a_second_is_deleted(void **state)
{
	static const int is[] = { TIME_DEL, TIME_DEL, TIME_WAIT, TIME_WAIT, TIME_OK, TIME_WAIT };
	static const unsigned int leap[] = {
		LEAP_PRE_NEG, LEAP_PRE_NEG, LEAP_POST_NEG, LEAP_POST_NEG, LEAP_NONE,
		LEAP_POST_POS	/* what was before was not seen */
	};

	(void)state;
	follow(is, leap, 6);
}

static void nobody_keeps_it(void **state)
{
	(void)state;
	assert_int_equal(source_leap(TIME_ERROR, LEAP_PRE_NEG), LEAP_NONE);
}

static void where_days_and_months_end(void **state)
{
	static const struct {
		int64_t at, day, month;
	} is[] = {
		{ 0, 86400, 31 * 86400 },
		{ -1, 0, 0 },
		{ -86400, 0, 0 },
		{ -86401, -86400, 0 },
		{ NEW_YEAR - 1, NEW_YEAR, NEW_YEAR },
		{ NEW_YEAR, NEW_YEAR + 86400, NEW_YEAR + 31 * 86400 },
		{ 1709164800, 1709251200, 1709251200 },		/* 2024-02-29 */
		{ 1709078400, 1709164800, 1709251200 },		/* the day before */
		{ 4107542400, 4107542400 + 86400, 4107542400 + 31 * 86400 },	/* 2100-03-01 */
		{ 4107542399, 4107542400, 4107542400 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		assert_true(leap_end_of_day(is[i].at * SEC) == is[i].day * SEC);
		assert_true(leap_end_of_day(is[i].at * SEC + SEC - 1) == is[i].day * SEC);
		assert_true(leap_end_of_month(is[i].at * SEC) == is[i].month * SEC);
		assert_true(leap_end_of_month(is[i].at * SEC + SEC - 1) == is[i].month * SEC);
	}
}

/* A tick of a ns, 100 s before the end; -1 ms, +2 ms where it is read, which rounds up twice */
static const struct te_clock a_clock = {
	.counter = 5000, .time_ns = (NEW_YEAR - 100) * SEC, .period = 1ULL << TE_PERIOD_BITS,
	.err_low = 1000000 - 2, .err_high = 2000000 - 2,
};

static uint64_t tick(int64_t ns)
{
	return a_clock.counter + 100 * SEC + ns;
}

static void before_and_after_it(void **state)
{
	struct leap l;

	(void)state;
	leap_begin(&l, &a_clock, NEW_YEAR * SEC, true, false);
	assert_int_equal(leap_stage(&l, 0), LEAP_BEFORE);
	assert_int_equal(leap_stage(&l, tick(-SEC - 2000001)), LEAP_BEFORE);
	assert_int_equal(leap_stage(&l, tick(-SEC - 2000000)), LEAP_AMID);
	assert_int_equal(leap_stage(&l, tick(SEC + 1000000)), LEAP_AMID);
	assert_int_equal(leap_stage(&l, tick(SEC + 1000001)), LEAP_AFTER);
	assert_int_equal(leap_stage_between(&l, tick(-50 * SEC), tick(-SEC - 2000001)), LEAP_BEFORE);
	assert_int_equal(leap_stage_between(&l, tick(-SEC - 2000001), tick(-SEC)), LEAP_AMID);
	assert_int_equal(leap_stage_between(&l, tick(-50 * SEC), tick(50 * SEC)), LEAP_AMID);
	assert_int_equal(leap_stage_between(&l, tick(0), tick(50 * SEC)), LEAP_AMID);
	assert_int_equal(leap_stage_between(&l, tick(2 * SEC), tick(50 * SEC)), LEAP_AFTER);
}

static void how_long_it_takes(void **state)
{
	struct leap l;
	uint64_t left = leap_until(&a_clock, a_clock.counter, NEW_YEAR * SEC);

	(void)state;
	assert_int_equal(left, 40 * SEC - 2000000);
	assert_int_equal(leap_until(&a_clock, a_clock.counter + left, NEW_YEAR * SEC), 0);
	assert_int_equal(leap_until(&a_clock, tick(500 * SEC), NEW_YEAR * SEC), 0);
	leap_begin(&l, &a_clock, NEW_YEAR * SEC, true, false);
	left = leap_until_after(&l, a_clock.counter);
	assert_int_equal(leap_stage(&l, a_clock.counter + left), LEAP_AFTER);
	assert_int_equal(leap_stage(&l, a_clock.counter + left - 1), LEAP_AMID);
	assert_int_equal(leap_until_after(&l, tick(500 * SEC)), 0);
}

static void it_is_covered_on_its_side(void **state)
{
	struct te_span span = { -5, 7 };
	struct te_clock c = a_clock;
	struct leap l;

	(void)state;
	leap_begin(&l, &a_clock, NEW_YEAR * SEC, true, false);
	leap_cover(&l, &span);
	leap_cover_clock(&l, &c);
	assert_true(span.low == -5 - SEC && span.high == 7);
	assert_int_equal(c.err_low, a_clock.err_low + SEC);
	assert_int_equal(c.err_high, a_clock.err_high);
	assert_true(c.holding);
	leap_begin(&l, &a_clock, NEW_YEAR * SEC, false, true);
	leap_cover(&l, &span);
	c.err_high = UINT64_MAX - 5;
	leap_cover_clock(&l, &c);
	assert_true(span.low == -5 - SEC && span.high == 7 + SEC);
	assert_int_equal(c.err_low, a_clock.err_low + SEC);
	assert_int_equal(c.err_high, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_days_and_months_end),
		cmocka_unit_test(before_and_after_it),
		cmocka_unit_test(how_long_it_takes),
		cmocka_unit_test(it_is_covered_on_its_side),
		cmocka_unit_test(a_second_is_inserted),
		cmocka_unit_test(a_second_is_deleted),
		cmocka_unit_test(nobody_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
