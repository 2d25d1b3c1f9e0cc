// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of a server one by one: the rows of the table of events, and what
 * the paragraph on debt promises.
 */
#include "bed.h"

/* ---- activation ---- */

static void test_activation_at_y(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(10 * MS);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 0);
	run(s, 1 * MS);
	stop(s, USER);
	/* y = r + e * pi / lambda = 10 + 5 */
	assert_int_equal(vbs_zero_lag(s), 15 * MS);
	at(15 * MS);
	wake(s, USER);
	instance(s, 15 * MS, 25 * MS, 0);
	assert_int_equal(s->z, 15 * MS);
	assert_int_equal(vbs_budget_left(s), 2 * MS);
}

static void test_activation_before_y(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(10 * MS);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 1 * MS);
	assert_int_equal(s->z, 12 * MS);
	stop(s, USER);
	/* z is raised to t if it is before, and only then */
	at(11500 * US);
	wake(s, USER);
	assert_int_equal(s->z, 12 * MS);
	stop(s, USER);
	at(15 * MS - 1);
	wake(s, USER);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 1 * MS);
	assert_int_equal(s->z, 15 * MS - 1);
	assert_int_equal(vbs_budget_left(s), 1 * MS);
}

/* y falls between two nanoseconds: up, against the server */
static void test_activation_rounds_up(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(30 * US, 100 * US, HALF);
	wake(s, USER);
	run(s, 10 * US);
	stop(s, USER);
	at(33333);		/* y = 33333.3 */
	wake(s, USER);
	instance(s, 0, 100 * US, 10 * US);
	stop(s, USER);
	at(33334);
	wake(s, USER);
	instance(s, 33334, 133334, 0);
}

static void test_activation_exhausted(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(10 * MS);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 2 * MS);
	waits_until(s, 20 * MS);
	stop(s, USER);
	assert_int_equal(s->state, VBS_IDLE);
	at(19 * MS);
	wake(s, USER);
	waits_until(s, 20 * MS);
	at(20 * MS);
	instance(s, 20 * MS, 30 * MS, 0);
	is_ready(s);
}

/* e > lambda, so y is after d; d has passed: released at once with r = d */
static void test_activation_in_debt(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(10 * MS);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 3 * MS);
	stop(s, USER);
	assert_int_equal(vbs_zero_lag(s), 25 * MS);
	at(24 * MS);
	wake(s, USER);
	is_ready(s);
	instance(s, 20 * MS, 30 * MS, 1 * MS);
	/* r + e0/u would be 22: what is left is executed from 24 on */
	assert_int_equal(s->z, 24 * MS);
}

/* d passes while throttled and blocked: y still holds, debt included */
static void test_idle_after_deadline(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(10 * MS);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 3 * MS);
	stop(s, USER);
	at(22 * MS);
	instance(s, 10 * MS, 20 * MS, 3 * MS);
	at(25 * MS);
	wake(s, USER);
	instance(s, 25 * MS, 35 * MS, 0);
}

/* A second member is no activation; the instance outlives the first */
static void test_second_member(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 1 * MS);
	at(6 * MS);
	wake(s, USER);
	instance(s, 0, 10 * MS, 1 * MS);
	assert_int_equal(s->z, 2 * MS);
	assert_int_equal(vbs_nr_eligible(s), 2);
	stop(s, USER);
	instance(s, 0, 10 * MS, 1 * MS);
	is_ready(s);
}

/* ---- exhaustion, debt ---- */

static void test_exhaustion(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 2 * MS - 1);
	is_ready(s);
	run(s, 1);
	assert_int_equal(s->state, VBS_THROTTLED);
	waits_until(s, 10 * MS);
	at(10 * MS - 1);
	waits_until(s, 10 * MS);
	at(10 * MS);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 0);
	assert_int_equal(s->z, 10 * MS);
}

/* Charged late by 100 us each time: the sum stays at k * lambda + 100 us */
static void test_debt_does_not_add_up(void **state)
{
	struct vbs_server *s;
	u64 sum = 0;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	for (u64 k = 1; k <= 1000; k++) {
		u64 ns = vbs_budget_left(s) + 100 * US;

		run(s, ns);
		sum += ns;
		assert_int_equal(sum, k * 2 * MS + 100 * US);
		waits_until(s, k * 10 * MS);
		at(k * 10 * MS);
		instance(s, k * 10 * MS, (k + 1) * 10 * MS, 100 * US);
		assert_int_equal(s->z, k * 10 * MS + 200 * US);
	}
}

/* 2.5 budgets of debt: two instances are skipped in one step */
static void test_debt_skips(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 7 * MS);
	waits_until(s, 10 * MS);
	at(10 * MS);
	waits_until(s, 30 * MS);
	at(30 * MS);
	is_ready(s);
	instance(s, 30 * MS, 40 * MS, 1 * MS);
}

/* The cost of a release: once per instance that runs, carried or not */
static void test_release_cost(void **state)
{
	struct vbs_server *s = enter_where_releases_cost(USER);

	(void)state;
	instance(s, 0, 10 * MS, 10 * US);
	assert_int_equal(s->z, 20 * US);
	run(s, vbs_budget_left(s) + 5 * US);
	assert_int_equal(bed.now, 1995 * US);
	at(10 * MS);
	instance(s, 10 * MS, 20 * MS, 15 * US);
	run(s, 1985 * US);
	stop(s, USER);
	at(30 * MS);
	wake(s, USER);
	instance(s, 30 * MS, 40 * MS, 10 * US);
	switch_to(s, 1 * MS, 2 * MS);
	at(30 * MS + 20 * US);
	instance(s, 30 * MS + 20 * US, 32 * MS + 20 * US, 10 * US);
}

/* e saturates and z goes on: no overflow after an hour in one piece */
static void test_saturation(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(10 * US, 1000 * MS, 11);
	wake(s, USER);
	vbs_charge(s, 3600000 * MS);
	assert_int_equal(s->consumed, VBS_CONSUMED_MAX);
	/* y = 2^33 * 10^9 / 10^4, z = 3.6 * 10^12 * 2^20 / 11 rounded up */
	assert_int_equal(vbs_zero_lag(s), 858993459200000ULL);
	assert_int_equal(vbs_termination(s), 343170327272727273ULL);
	vbs_settle(&bed.cpu, s, bed.now);
	waits_until(s, 1000 * MS);
	at(1000 * MS);
	/* (e - lambda) / lambda instances are skipped */
	waits_until(s, 858993000 * MS);
	/* 8 s at a time, in the queue */
	assert_int_equal(s->wait.ent.when, 1000 * MS + VBS_WAIT_MAX);
}

/* ---- misses ---- */

/* Ends after d, but the next instance is not over: r = d, with the debt */
static void test_miss_short(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	late_at(11 * MS);
	run(s, 1 * MS);
	is_ready(s);
	instance(s, 0, 10 * MS, 1 * MS);	/* goes on with its old d */
	assert_int_equal(s->stats.misses, 1);
	run(s, 1500 * US);
	instance(s, 10 * MS, 20 * MS, 500 * US);
	assert_int_equal(s->stats.misses, 1);
	is_ready(s);
}

/* The next one would be over, too: r = t, nothing is caught up */
static void test_miss_long(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	late_at(19 * MS);
	run(s, 2 * MS);
	is_ready(s);
	instance(s, 21 * MS, 31 * MS, 0);
	assert_int_equal(s->stats.misses, 1);
}

/* z and y have paid: what ran beyond the budget is not carried then */
static void test_miss_long_overrun(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	late_at(19 * MS);
	run(s, 2500 * US);
	is_ready(s);
	instance(s, 21500 * US, 31500 * US, 0);
}

static void test_no_miss_on_time(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	late_at(8 * MS);
	run(s, 2 * MS);
	assert_int_equal(s->stats.misses, 0);
	instance(s, 10 * MS, 20 * MS, 0);
	is_ready(s);
}

/* ---- yield ---- */

static void test_yield(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(4 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 1 * MS);
	yield(s);
	waits_until(s, 10 * MS);
	stop(s, USER);
	at(5 * MS);		/* y = 2.5: it has received no more than its share, */
	wake(s, USER);		/* but no budget until d, whoever wakes */
	waits_until(s, 10 * MS);
	wake(s, USER);
	waits_until(s, 10 * MS);
	at(10 * MS);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 0);
}

static void test_yield_then_idle(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(4 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 1 * MS);
	yield(s);
	stop(s, USER);
	at(12 * MS);
	wake(s, USER);
	is_ready(s);
	instance(s, 12 * MS, 22 * MS, 0);
}

/* What was given up cannot be borrowed: a whole instance is entered, no more */
static void test_yield_then_borrow(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(4 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 1 * MS);
	yield(s);
	wake(s, KERNEL);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 0);
	assert_int_equal(vbs_budget_left(s), 4 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_activation_at_y),
		cmocka_unit_test(test_activation_before_y),
		cmocka_unit_test(test_activation_rounds_up),
		cmocka_unit_test(test_activation_exhausted),
		cmocka_unit_test(test_activation_in_debt),
		cmocka_unit_test(test_idle_after_deadline),
		cmocka_unit_test(test_second_member),
		cmocka_unit_test(test_exhaustion),
		cmocka_unit_test(test_debt_does_not_add_up),
		cmocka_unit_test(test_debt_skips),
		cmocka_unit_test(test_release_cost),
		cmocka_unit_test(test_saturation),
		cmocka_unit_test(test_miss_short),
		cmocka_unit_test(test_miss_long),
		cmocka_unit_test(test_miss_long_overrun),
		cmocka_unit_test(test_no_miss_on_time),
		cmocka_unit_test(test_yield),
		cmocka_unit_test(test_yield_then_idle),
		cmocka_unit_test(test_yield_then_borrow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
