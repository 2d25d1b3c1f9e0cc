// SPDX-License-Identifier: GPL-2.0
/*
 * The promise of the network client on simulated networks: the truth is inside the bound
 * in every reading, and the estimate is as good as it is said to be.
 */
#include "base/tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "timeline/tests/net_sim.h"
#include "timeline/tests/random.h"

#define HOURS		6
#define RANDOM_NETWORKS	30

static const struct sim_spec *find(const char *name)
{
	int i;

	for (i = 0; i < sim_specs_n; i++) {
		if (!strcmp(sim_specs[i].name, name))
			return &sim_specs[i];
	}
	fail_msg("there is no network %s", name);
	return NULL;
}

static void always_inside(void **state)
{
	const struct sim_spec *spec = *state;
	struct sim_score score;
	int i;

	assert_true(sim_run(spec, 1, true, &score, NULL));
	assert_true(score.readings > 500);
	assert_int_equal(score.outside, 0);
	assert_int_equal(score.disagreed, 0);
	for (i = 0; i < spec->servers; i++) {
		assert_int_equal(score.pool.server[i].estimator.contradictions, 0);
		assert_int_equal(ts_is_false(&score.pool.server[i]),
				 i < spec->liars && spec->lie > 2e7);
	}
}

/* us: what the estimate was, with room for other seeds */
static void as_good_as_said(void **state)
{
	static const struct {
		const char *name;
		double median, p99, width;
	} limits[] = {
		{ "lan", 1.6, 7.5, 420 }, { "xen", 1.1, 4.8, 310 }, { "wave", 3.2, 15, 420 },
		{ "even", 1.25, 22, 370 }, { "wan", 70, 270, 25000 }, { "shift", 4, 20, 2500 },
		{ "congest", 2.1, 18, 950 }, { "loss", 1.8, 8.5, 560 }, { "delay", 2, 10, 600 },
		{ "lan-1", 0.8, 2.6, 290 }, { "jumps", 12, 500, 1250 },
	};
	struct sim_score score;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		assert_true(sim_run(find(limits[i].name), 2, true, &score, NULL));
		if (score.median > limits[i].median * 1e3 || score.p99 > limits[i].p99 * 1e3 ||
		    score.width_p99 > limits[i].width * 1e3)
			fail_msg("%s: median %.0f, 99 %% %.0f, width %.0f ns", limits[i].name,
				 score.median, score.p99, score.width_p99);
	}
}

/* At a constant rate, noise that is no more likely to be large where exchanges were slow */
static void even_noise_is_averaged(void **state)
{
	struct sim_spec spec = *find("even");
	struct sim_score score;

	(void)state;
	spec.step_every = 0;
	assert_true(sim_run(&spec, 2, true, &score, NULL));
	if (score.median > 1e3 || score.p99 > 4e3)
		fail_msg("median %.0f, 99 %% %.0f ns", score.median, score.p99);
}

/* Of a few exchanges of a network, how much the truth was off, in deviations as they are told */
static double surprise(const struct sim_spec *spec, uint64_t seed)
{
	const struct te_config config = { .hz = SIM_HZ, .memory_ns = TE_MEMORY_MAX, .network = true,
					  .wander_ppb = spec->wander * 1000 };
	static struct ts_pool pool;
	struct te_clock clock = { 0 };
	double error = 0, width;
	struct ntp_exchange x;
	struct sim sim;
	int i;

	sim_start(&sim, spec, seed);
	assert_true(ts_init(&pool, &config, 1, 0, SIM_PIVOT));
	for (i = 0; i < 12; i++) {
		assert_true(sim_exchange(&sim, 0, &x));
		assert_int_equal(ts_take(&pool, 0, &x), NTP_TAKEN);
		assert_int_equal(ts_clock(&pool, x.after, &clock), TS_OK);
		sim_wait(&sim, 1);
		assert_true(sim_inside(&sim, &clock, &error, &width));
		sim_wait(&sim, 2e9);
	}
	return error / clock.esterror;
}

/* A beginner does not take the fastest of few for the fastest that there is */
static void beginners_are_modest(void **state)
{
	const struct sim_spec *spec = find("wan");
	double v, squares = 0;
	int i, n = 300;

	(void)state;
	for (i = 1; i <= n; i++) {
		v = surprise(spec, i);
		squares += v * v;
	}
	if (squares > 3 * n)
		fail_msg("%.1f deviations off, not 1", sqrt(squares / n));
}

/* A wander that was stated too small does not hold, and it shows */
static void broken_wander_is_noticed(void **state)
{
	struct sim_spec spec = *find("jumps");
	struct sim_score score;

	(void)state;
	spec.wander = 1;
	assert_true(sim_run(&spec, 1, true, &score, NULL));
	assert_in_range(score.pool.server[0].estimator.contradictions, 20, 100000);
}

static double some(uint64_t *x, double low, double high)
{
	return low + (high - low) * random_unit(x);
}

/* Any network in which no more servers lie than may */
static struct sim_spec random_spec(uint64_t *x)
{
	struct sim_spec spec = { .name = "random", .hours = HOURS };

	spec.servers = random_between(x, 1, 7);
	spec.faulty = random_between(x, 0, (spec.servers - 1) / 2);
	spec.liars = random_between(x, 0, spec.faulty);
	spec.poll = some(x, 1, 128);
	spec.hours = 600 * spec.poll / 3600;
	spec.skew = some(x, -450, 450);
	spec.wave = some(x, 0, 2);
	spec.wave_period = some(x, 50, 20000);
	spec.step = some(x, 0, 2);
	spec.step_every = some(x, 30, 5000);
	spec.wander = spec.wave + spec.step + 0.01;
	/* Where a way takes no time all rests on the server's word */
	spec.out = some(x, -5e7, 5e7) > 0 ? some(x, 0, 5e7) : 0;
	spec.back = some(x, -5e7, 5e7) > 0 ? some(x, 0, 5e7) : 0;
	spec.jitter = some(x, -2e6, 2e6) > 0 ? some(x, 0, 2e6) : 100;
	spec.shift = some(x, 0, 1e7);
	spec.shift_at = some(x, 0, 10000);
	spec.congest = some(x, 0, 2e7);
	spec.congest_every = some(x, 100, 3000);
	spec.congest_for = some(x, 0, 100);
	spec.loss = some(x, 0, 0.2);
	spec.delay_share = some(x, 0, 0.3);
	spec.delay = some(x, 0, 1e8);
	spec.stated = some(x, 0, 1e6);
	spec.off = spec.stated;
	spec.lie = random_scaled(x, 1000000000);
	return spec;
}

static void random_networks(void **state)
{
	uint64_t x = 20261129;
	struct sim_score score;
	struct sim_spec spec;
	int i;

	(void)state;
	for (i = 0; i < RANDOM_NETWORKS; i++) {
		spec = random_spec(&x);
		assert_true(sim_run(&spec, i, true, &score, NULL));
		if (score.outside || score.disagreed)
			fail_msg("network %d: %d readings outside, %d disagreements", i,
				 score.outside, score.disagreed);
	}
}

int main(void)
{
	struct CMUnitTest tests[32];
	char names[32][64];
	int i, n = 0;

	for (i = 0; i < sim_specs_n; i++) {
		snprintf(names[n], sizeof(names[n]), "always_inside_%s", sim_specs[i].name);
		tests[n] = (struct CMUnitTest)cmocka_unit_test_prestate(always_inside,
								(void *)&sim_specs[i]);
		tests[n].name = names[n];
		n++;
	}
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(as_good_as_said);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(even_noise_is_averaged);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(beginners_are_modest);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(broken_wander_is_noticed);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(random_networks);
	return _cmocka_run_group_tests("timeline network", tests, n, NULL, NULL);
}
