// SPDX-License-Identifier: GPL-2.0
/* Response-time bounds against simulation, and the search for a resource. */
#include <stdio.h>

#include "base/tests/unit.h"

#include "analyze/propose.h"
#include "tests/model.h"

static void random_load(struct load *load, uint32_t *seed)
{
	int i;

	load->tasks = 1 + model_random(seed, 4);
	load->alone = false;
	for (i = 0; i < load->tasks; i++) {
		load->task[i].period = 4 + model_random(seed, 60);
		load->task[i].cost = 1 + model_random(seed, 5);
		load->task[i].deadline = load->task[i].period;
	}
}

static struct supply random_supply(uint32_t *seed)
{
	uint64_t period = 2 + model_random(seed, 12);

	return (struct supply){
		.budget = 1 + model_random(seed, period),
		.period = period,
		.aligned = !model_random(seed, 4),
	};
}

static void assert_within(const struct load *load, const struct bound *bound,
			  const int *worst, uint32_t seed)
{
	int i;

	for (i = 0; i < load->tasks; i++) {
		if (bound[i].theory == BY_NONE || (u128)worst[i] <= bound[i].response)
			continue;
		fail_msg("seed %u task %d: response %d above the bound %d by %s", seed, i,
			 worst[i], (int)bound[i].response, theory_name(bound[i].theory));
	}
}

static void check_simulations(const struct load *load, const struct supply *s,
			      uint64_t slice, const struct bound *bound, uint32_t seed)
{
	struct scenario sc = {
		.load = load, .supply = s, .slice = slice, .seed = seed, .length = 3000,
	};
	int worst[LOAD_MAX];

	for (sc.adversary = EAGER; sc.adversary < ADVERSARIES; sc.adversary++) {
		sc.jitter = !sc.jitter;
		model_run(&sc, worst);
		assert_within(load, bound, worst, seed);
	}
}

static void no_response_above_its_bound(void **state)
{
	int seen[BY_BUSY + 1] = { 0 };
	uint32_t seed, rnd;

	(void)state;
	for (seed = 1; seed <= 3000; seed++) {
		struct bound bound[LOAD_MAX];
		struct ratio share;
		struct supply s;
		struct load load;
		uint64_t slice;

		rnd = seed * 2654435761U;
		random_load(&load, &rnd);
		s = random_supply(&rnd);
		slice = model_random(&rnd, 5);
		load.alone = load.tasks == 1 && seed % 2;
		assert_true(load_share(&load, &share));
		load_bounds(&load, &s, slice, share, bound);
		seen[bound[0].theory]++;
		check_simulations(&load, &s, slice, bound, rnd);
	}
	assert_true(seen[BY_ALONE] > 50 && seen[BY_FULL] > 50 && seen[BY_FIFO] > 50 && seen[BY_SLICES] > 50 &&
		    seen[BY_BUSY] > 50 && seen[BY_NONE] > 50);
}

static void assert_reached(const struct load *load, const struct supply *s,
			   const struct bound *bound)
{
	int worst[LOAD_MAX], i, most = 0;

	model_critical(load, s, 0, 20000, worst);
	for (i = 0; i < load->tasks; i++)
		most = worst[i] > most ? worst[i] : most;
	assert_int_equal(most, (int)bound[0].response);
}

/* The bounds alone and by FIFO are what happens at the critical instant */
static void bounds_are_reached(void **state)
{
	uint32_t seed, rnd, reached = 0;

	(void)state;
	for (seed = 1; seed <= 2000; seed++) {
		struct bound bound[LOAD_MAX];
		struct ratio share;
		struct supply s;
		struct load load;

		rnd = seed * 40503;
		random_load(&load, &rnd);
		s = random_supply(&rnd);
		assert_true(load_share(&load, &share));
		load_bounds(&load, &s, 0, share, bound);
		if (bound[0].theory != BY_ALONE && bound[0].theory != BY_FIFO)
			continue;
		assert_reached(&load, &s, bound);
		reached++;
	}
	assert_true(reached > 300);
}

/* Who blocks between its jobs meets its bound where each budget comes as late as it may */
static void full_bounds_are_reached(void **state)
{
	uint32_t seed, rnd, reached = 0;
	int worst[LOAD_MAX];

	(void)state;
	for (seed = 1; seed <= 2000; seed++) {
		struct bound bound[LOAD_MAX];
		struct ratio share;
		struct load load;
		struct supply s;
		struct scenario sc = { .load = &load, .supply = &s, .adversary = LAZY, .length = 3000 };

		rnd = seed * 69069;
		random_load(&load, &rnd);
		s = random_supply(&rnd);
		s.aligned = false;
		load.tasks = 1;
		load.alone = true;
		assert_true(load_share(&load, &share));
		load_bounds(&load, &s, 0, share, bound);
		if (bound[0].theory != BY_FULL)
			continue;
		model_run(&sc, worst);
		assert_int_equal(worst[0], (int)bound[0].response);
		reached++;
	}
	assert_true(reached > 1000);
}

static struct bound bound_of(const struct load *load, const struct supply *s,
			     uint64_t slice, int task)
{
	struct bound bound[LOAD_MAX];
	struct ratio share;

	assert_true(load_share(load, &share));
	load_bounds(load, s, slice, share, bound);
	return bound[task];
}

static void one_task_by_hand(void **state)
{
	struct load load = { .tasks = 1, .task = { { 1 * MS, 20 * MS, 20 * MS } } };
	struct supply s = { 3 * MS, 10 * MS, false };
	struct bound b = bound_of(&load, &s, MS, 0);

	(void)state;
	assert_int_equal(b.theory, BY_ALONE);
	assert_int_equal((uint64_t)b.response, 15 * MS);
	assert_true(bound_meets(&b, &load.task[0]));
}

/* The second job of a window needs a third instance: 20+13+1 after its start */
static void the_first_job_is_not_always_the_worst(void **state)
{
	struct load load = { .tasks = 1, .task = { { 2, 9, 25 } } };
	struct supply s = { 3, 13, false };
	struct bound b = bound_of(&load, &s, 0, 0);
	int worst;

	(void)state;
	assert_int_equal((int)b.response, 25);
	assert_true(bound_meets(&b, &load.task[0]));
	load.task[0].deadline = 24;
	assert_false(bound_meets(&b, &load.task[0]));
	model_critical(&load, &s, 0, 20000, &worst);
	assert_int_equal(worst, 25);
}

/* Load and server of the same bandwidth: no window closes, yet there is a bound */
static void full_use_has_a_bound(void **state)
{
	struct load load = { .tasks = 1, .task = { { 3 * MS, 10 * MS, 30 * MS } } };
	struct supply s = { 3 * MS, 10 * MS, false };
	struct bound b = bound_of(&load, &s, MS, 0);

	(void)state;
	assert_int_equal(b.theory, BY_ALONE);
	assert_int_equal((uint64_t)b.response, 17 * MS);
}

static void one_ns_too_much_has_none(void **state)
{
	struct load load = { .tasks = 1, .task = { { 3 * MS + 1, 10 * MS, 30 * MS } } };
	struct supply s = { 3 * MS, 10 * MS, false };

	(void)state;
	assert_int_equal(bound_of(&load, &s, MS, 0).theory, BY_NONE);
}

/* Two tasks in FIFO order: both wait for both */
static void two_tasks_by_hand(void **state)
{
	struct load load = { .tasks = 2, .task = {
		{ 1 * MS, 40 * MS, 40 * MS }, { 1 * MS, 50 * MS, 10 * MS } } };
	struct supply s = { 3 * MS, 10 * MS, false };
	struct bound a = bound_of(&load, &s, MS, 0), b = bound_of(&load, &s, MS, 1);

	(void)state;
	assert_int_equal(a.theory, BY_FIFO);
	assert_int_equal((uint64_t)a.response, 16 * MS);
	assert_int_equal((uint64_t)b.response, 16 * MS);
	assert_true(bound_meets(&a, &load.task[0]));
	assert_false(bound_meets(&b, &load.task[1]));
}

/* A short job does not wait for the whole of a long one, but for a slice */
static void slices_help_short_jobs(void **state)
{
	struct load load = { .tasks = 2, .task = {
		{ 1 * MS, 50 * MS, 50 * MS }, { 10 * MS, 100 * MS, 100 * MS } } };
	struct supply s = { 8 * MS, 10 * MS, false };
	struct bound b = bound_of(&load, &s, MS, 0);

	(void)state;
	assert_int_equal(b.theory, BY_SLICES);
	assert_int_equal((uint64_t)b.response, 4 * MS + 2 * MS);
}

static void incommensurable_periods_do_not_hang(void **state)
{
	struct load load = { .tasks = 2, .task = {
		{ 300000001, 1000000007, 1000000007 }, { 299999998, 999999937, 999999937 } } };
	struct supply s = { 600000001, 1000000000, false };
	struct bound b = bound_of(&load, &s, 0, 0);

	(void)state;
	assert_true(b.theory != BY_FIFO || b.response <= 999999937);
}

static struct wish wish_for(const struct load *load, uint64_t overhead)
{
	struct wish w = { .load = load, .overhead = overhead, .slice = MS };

	assert_true(load_share(load, &w.share));
	return w;
}

static bool meets(const struct wish *w, const struct resource *res)
{
	struct bound bound[LOAD_MAX];
	struct supply s;
	int i;

	if (!supply_init(&s, res, w->overhead, w->aligned))
		return false;
	load_bounds(w->load, &s, w->slice, w->share, bound);
	for (i = 0; i < w->load->tasks; i++)
		if (!bound_meets(&bound[i], &w->load->task[i]))
			return false;
	return true;
}

/* At none of the periods that are searched will a smaller bandwidth do */
static void proposal_is_the_least(void **state)
{
	struct load load = { .tasks = 2, .task = {
		{ 1 * MS, 10 * MS, 10 * MS }, { 500 * US, 40 * MS, 40 * MS } } };
	struct wish w = wish_for(&load, 5 * US);
	struct resource best, other;
	struct machine m;

	(void)state;
	machine_defaults(&m);
	assert_true(propose(&w, &m, &best));
	assert_true(meets(&w, &best));
	for (other.period = 100 * US; other.period < 10 * MS; other.period += 100 * US) {
		other.runtime = (best.runtime * other.period - 1) / best.period / US * US;
		assert_false(meets(&w, &other));
	}
}

static void proposal_for_a_period(void **state)
{
	struct load load = { .tasks = 1, .task = { { 1 * MS, 10 * MS, 10 * MS } } };
	struct wish w = wish_for(&load, 0);
	struct resource best;
	struct machine m;

	(void)state;
	machine_defaults(&m);
	w.period = 2 * MS;
	assert_true(propose(&w, &m, &best));
	assert_int_equal(best.period, 2 * MS);
	assert_true(meets(&w, &best));
	best.runtime -= 1000;
	assert_false(meets(&w, &best));
}

/* The kernel refuses less than twice the overhead */
static void proposal_is_not_below_twice_the_overhead(void **state)
{
	struct load load = { .tasks = 1, .task = { { 1 * US, 10 * MS, 10 * MS } } };
	struct wish w = wish_for(&load, 50 * US);
	struct resource best;
	struct machine m;

	(void)state;
	machine_defaults(&m);
	assert_true(propose(&w, &m, &best));
	assert_int_equal(best.runtime, 100 * US);
}

static void no_proposal_for_too_much(void **state)
{
	struct load load = { .tasks = 1, .task = { { 10 * MS, 10 * MS, 10 * MS } } };
	struct wish w = wish_for(&load, 5 * US);
	struct resource best;
	struct machine m;

	(void)state;
	machine_defaults(&m);
	assert_false(propose(&w, &m, &best));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_response_above_its_bound),
		cmocka_unit_test(bounds_are_reached),
		cmocka_unit_test(full_bounds_are_reached),
		cmocka_unit_test(one_task_by_hand),
		cmocka_unit_test(the_first_job_is_not_always_the_worst),
		cmocka_unit_test(full_use_has_a_bound),
		cmocka_unit_test(one_ns_too_much_has_none),
		cmocka_unit_test(two_tasks_by_hand),
		cmocka_unit_test(slices_help_short_jobs),
		cmocka_unit_test(incommensurable_periods_do_not_hang),
		cmocka_unit_test(proposal_is_the_least),
		cmocka_unit_test(proposal_for_a_period),
		cmocka_unit_test(proposal_is_not_below_twice_the_overhead),
		cmocka_unit_test(no_proposal_for_too_much),
	};

	return cmocka_run_group_tests_name("bounds", tests, NULL, NULL);
}
