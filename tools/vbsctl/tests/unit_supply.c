// SPDX-License-Identifier: GPL-2.0
/* The supply bound function against every placement of every budget. */
#include <stdlib.h>

#include "base/tests/unit.h"

#include "analyze/supply.h"

#define INSTANCES	4

static struct supply make(uint64_t budget, uint64_t period, bool aligned)
{
	struct resource res = { budget, period };
	struct supply s;

	assert_true(supply_init(&s, &res, 0, aligned));
	return s;
}

/* Supply in slots [from, to) when bit t of @slots says that slot t is given */
static int count(uint32_t slots, int from, int to)
{
	return __builtin_popcount(slots >> from & ((1U << (to - from)) - 1));
}

static void lower(int *least, uint32_t slots, int length)
{
	int from, window;

	for (window = 0; window <= length; window++) {
		for (from = 0; from + window <= length; from++) {
			int n = count(slots, from, from + window);

			if (n < least[window])
				least[window] = n;
		}
	}
}

/* All ways to give @budget of @period slots in each of the instances */
static void place(int *least, int budget, int period, int instance, uint32_t slots)
{
	uint32_t pattern;

	if (instance == INSTANCES) {
		lower(least, slots, INSTANCES * period);
		return;
	}
	for (pattern = 0; pattern < 1U << period; pattern++) {
		if (__builtin_popcount(pattern) == budget)
			place(least, budget, period, instance + 1,
			      slots | pattern << (instance * period));
	}
}

static void check_placements(int budget, int period)
{
	struct supply s = make(budget, period, false);
	int least[INSTANCES * 5 + 1], window;

	for (window = 0; window <= INSTANCES * period; window++)
		least[window] = window;
	place(least, budget, period, 0, 0);
	/* Longer windows leave the first or last instance no freedom */
	for (window = 0; window <= (INSTANCES - 1) * period; window++)
		assert_int_equal((int)supply_bound(&s, window), least[window]);
}

static void least_supply_of_all_placements(void **state)
{
	int budget, period;

	(void)state;
	for (period = 1; period <= 5; period++)
		for (budget = 1; budget <= period; budget++)
			check_placements(budget, period);
}

/* The time is the least window whose supply reaches the work */
static void check_inverse(const struct supply *s, int work_max)
{
	int work;

	for (work = 1; work <= work_max; work++) {
		u128 t = supply_time(s, work);

		assert_true(supply_bound(s, t) >= (u128)work);
		assert_true(supply_bound(s, t - 1) < (u128)work);
	}
	assert_true(supply_time(s, 0) == 0);
}

static void time_is_the_inverse_of_supply(void **state)
{
	struct supply s;
	int budget, period, aligned;

	(void)state;
	for (period = 1; period <= 12; period++)
		for (budget = 1; budget <= period; budget++)
			for (aligned = 0; aligned <= 1; aligned++) {
				s = make(budget, period, aligned);
				check_inverse(&s, 5 * period);
			}
}

static void gap_is_twice_the_rest(void **state)
{
	struct supply s = make(3 * MS, 10 * MS, false);

	(void)state;
	assert_int_equal((uint64_t)supply_gap(&s), 14 * MS);
	assert_int_equal((uint64_t)supply_bound(&s, 14 * MS), 0);
	assert_int_equal((uint64_t)supply_bound(&s, 14 * MS + 1), 1);
	assert_int_equal((uint64_t)supply_bound(&s, 17 * MS), 3 * MS);
	assert_int_equal((uint64_t)supply_bound(&s, 24 * MS), 3 * MS);
	assert_int_equal((uint64_t)supply_bound(&s, 25 * MS), 4 * MS);
}

static void aligned_release_waits_for_a_multiple(void **state)
{
	struct supply s = make(3 * MS, 10 * MS, true);

	(void)state;
	assert_int_equal((uint64_t)supply_gap(&s), 17 * MS);
	assert_int_equal((uint64_t)supply_time(&s, 3 * MS), 20 * MS);
}

static void a_whole_cpu_has_no_gap(void **state)
{
	struct supply s = make(5, 5, false);

	(void)state;
	assert_int_equal((uint64_t)supply_gap(&s), 0);
	assert_int_equal((uint64_t)supply_bound(&s, 17), 17);
	assert_int_equal((uint64_t)supply_time(&s, 17), 17);
}

static void overhead_comes_off_the_budget(void **state)
{
	struct resource res = { 3 * MS, 10 * MS };
	struct supply s;

	(void)state;
	assert_true(supply_init(&s, &res, 5 * US, false));
	assert_int_equal(s.budget, 2995 * US);
	assert_int_equal((uint64_t)supply_gap(&s), 2 * 7005 * US);
	assert_false(supply_init(&s, &res, 3 * MS, false));
	assert_false(supply_init(&s, &res, 4 * MS, false));
}

static void hours_of_work_do_not_overflow(void **state)
{
	struct supply s = make(10 * US, 1000 * MS, false);
	u128 work = (u128)64 * 3600 * 1000 * MS;

	(void)state;
	assert_true(supply_bound(&s, supply_time(&s, work)) == work);
}

/* One stage of x on (2, 10): who polls has 17 where 9 is published */
static void published_stage_is_wrong_both_ways(void **state)
{
	struct supply s;
	struct resource res = { 2, 10 };

	(void)state;
	assert_true(supply_init(&s, &res, 0, false));
	assert_int_equal((int)supply_time(&s, 1), 17);
	assert_int_equal((int)supply_time_full(&s, 1), 9);
	/* Where the budget divides the work it is T - C too long for who wakes full */
	assert_int_equal((int)supply_time_full(&s, 2), 10);
	assert_int_equal(2 / 2 * 10 + 2 % 2 + 8, 18);
	assert_int_equal((int)supply_time(&s, 2), 18);
	assert_int_equal((int)supply_time_full(&s, 3), 19);
}

static void full_wakeups_wait_less_by_a_gap(void **state)
{
	struct resource res = { 3, 10 };
	struct supply s;
	int work;

	(void)state;
	assert_true(supply_init(&s, &res, 0, false));
	for (work = 1; work < 20; work++)
		assert_true(supply_time(&s, work) - supply_time_full(&s, work) == 7);
	assert_true(supply_time_full(&s, 0) == 0);
	s.aligned = true;
	assert_true(supply_time_full(&s, 2) == supply_time(&s, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(least_supply_of_all_placements),
		cmocka_unit_test(time_is_the_inverse_of_supply),
		cmocka_unit_test(gap_is_twice_the_rest),
		cmocka_unit_test(aligned_release_waits_for_a_multiple),
		cmocka_unit_test(a_whole_cpu_has_no_gap),
		cmocka_unit_test(overhead_comes_off_the_budget),
		cmocka_unit_test(hours_of_work_do_not_overflow),
		cmocka_unit_test(published_stage_is_wrong_both_ways),
		cmocka_unit_test(full_wakeups_wait_less_by_a_gap),
	};

	return cmocka_run_group_tests_name("supply", tests, NULL, NULL);
}
