// SPDX-License-Identifier: GPL-2.0
/* Jobs from wake-ups and switches, and the demand from jobs. */
#include "base/tests/unit.h"

#include "analyze/jobs.h"

static void one_job(struct thread_jobs *t, uint64_t at, uint64_t cost)
{
	jobs_wake(t, at);
	jobs_run(t, at + 10 * US);
	jobs_stop(t, at + 10 * US + cost, true);
}

static void a_periodic_thread(void **state)
{
	struct thread_jobs t = { 0 };
	struct demand d;
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		one_job(&t, (i + 1) * 10 * MS, (i == 50 ? 3 : 2) * MS);
	assert_true(jobs_demand(&t, &d));
	assert_int_equal(d.jobs, 100);
	assert_int_equal(d.period, 10 * MS);
	assert_int_equal(d.least_gap, 10 * MS);
	assert_int_equal(d.cost_median, 2 * MS);
	assert_int_equal(d.cost_most, 3 * MS);
	assert_int_equal(d.window_most, 3 * MS);
	jobs_free(&t);
}

/* Two jobs close to each other need what both need */
static void bursts(void **state)
{
	struct thread_jobs t = { 0 };
	struct demand d;
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		one_job(&t, (i + 1) * 10 * MS, 1 * MS);
		if (i == 30)
			one_job(&t, (i + 1) * 10 * MS + 2 * MS, 1 * MS);
	}
	assert_true(jobs_demand(&t, &d));
	assert_int_equal(d.period, 10 * MS);
	assert_int_equal(d.least_gap, 2 * MS);
	assert_int_equal(d.most_gap, 10 * MS);
	assert_int_equal(d.cost_most, 1 * MS);
	assert_int_equal(d.window_most, 2 * MS);
	jobs_free(&t);
}

/* Preempted, and woken while awake, it is the same job; before its first wake-up it has none */
static void a_job_in_parts(void **state)
{
	struct thread_jobs t = { 0 };

	(void)state;
	jobs_run(&t, 1 * MS);
	jobs_stop(&t, 2 * MS, true);
	assert_int_equal(t.jobs, 0);
	jobs_wake(&t, 10 * MS);
	jobs_run(&t, 11 * MS);
	jobs_stop(&t, 12 * MS, false);
	jobs_wake(&t, 13 * MS);
	jobs_run(&t, 20 * MS);
	jobs_wake(&t, 21 * MS);
	jobs_stop(&t, 23 * MS, true);
	assert_int_equal(t.jobs, 1);
	assert_int_equal(t.job[0].cost, 4 * MS);
	assert_int_equal(t.ran, 5 * MS);
	jobs_free(&t);
}

static void no_rhythm(void **state)
{
	struct thread_jobs t = { 0 };
	struct demand d;
	int i;

	(void)state;
	for (i = 0; i < 7; i++)
		one_job(&t, (i + 1) * MS, 10 * US);
	assert_false(jobs_demand(&t, &d));
	assert_int_equal(d.jobs, 7);
	jobs_wake(&t, 9 * MS);		/* the eighth goes on */
	assert_false(jobs_demand(&t, &d));
	jobs_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_periodic_thread),
		cmocka_unit_test(bursts),
		cmocka_unit_test(a_job_in_parts),
		cmocka_unit_test(no_rhythm),
	};

	return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
