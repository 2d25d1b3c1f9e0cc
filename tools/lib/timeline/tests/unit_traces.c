// SPDX-License-Identifier: GPL-2.0
/*
 * The promise of the feed-forward clock on generated traces: the truth is inside
 * the bound in every reading, right after an update and just before the next.
 */
#include "base/tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "timeline/tests/score.h"

#define SEEDS		2
#define RANDOM_TRACES	40

static const struct trace_spec *find(const char *name)
{
	int i;

	for (i = 0; i < trace_specs_n; i++) {
		if (!strcmp(trace_specs[i].name, name))
			return &trace_specs[i];
	}
	fail_msg("there is no trace %s", name);
	return NULL;
}

static void always_inside(void **state)
{
	struct scores scores;
	uint64_t seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		assert_true(score_trace(*state, seed, &scores));
		assert_true(scores.feed_forward.readings > 1000);
		assert_int_equal(scores.feed_forward.outside, 0);
		if (!((const struct trace_spec *)*state)->set_every)
			assert_int_equal(scores.jumps, 0);
		score_free(&scores);
	}
}

/* Within a few ns and 15 %: the two err where the trace is dominated by its reference */
static void as_near_as_feedback(void **state)
{
	struct scores scores;

	assert_true(score_trace(*state, 1, &scores));
	assert_true(scores.feed_forward.median_error <= scores.pi.median_error * 1.15 + 5);
	score_free(&scores);
}

/* Short gaps and a stated wander of 1 ppm: what a second adds, twice that at worst */
static void bound_is_narrow(void **state)
{
	struct scores scores;

	(void)state;
	assert_true(score_trace(find("temperature"), 1, &scores));
	assert_true(scores.feed_forward.median_width < 5000);
	score_free(&scores);
	assert_true(score_trace(find("steady"), 1, &scores));
	assert_true(scores.feed_forward.median_width < 600);
	score_free(&scores);
}

/* A wander that exceeds what was stated does not hold, and it shows */
static void broken_wander_is_noticed(void **state)
{
	struct trace_spec spec = *find("drift-steps");
	struct scores scores;

	(void)state;
	spec.wander = 0.2;
	assert_true(score_trace(&spec, 1, &scores));
	assert_true(scores.estimator.contradictions > 20);
	assert_true(scores.estimator.steps > 10);
	score_free(&scores);
}

static void counts_what_it_saw(void **state)
{
	struct scores scores;

	(void)state;
	assert_true(score_trace(find("temperature"), 1, &scores));
	assert_int_equal(scores.estimator.contradictions, 0);
	score_free(&scores);
	assert_true(score_trace(find("set"), 1, &scores));
	assert_int_equal(scores.estimator.steps, 7);
	assert_int_equal(scores.estimator.contradictions, 7 * TE_STEP_SAMPLES);
	score_free(&scores);
	assert_true(score_trace(find("outliers"), 1, &scores));
	assert_int_equal(scores.estimator.steps, 0);
	assert_in_range(scores.estimator.contradictions, 40, 160);
	score_free(&scores);
}

static double some(uint64_t *x, double low, double high)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return low + (high - low) * (*x >> 11) * 0x1p-53;
}

/*
 * Any trace that keeps (A1) and (A2).  A wrong reading that the samples before
 * it leave room for cannot be told, so outliers are large.
 */
static struct trace_spec random_spec(uint64_t *x)
{
	struct trace_spec spec = { .name = "random", .what = "", .duration = 1500 };

	spec.interval = some(x, 0.1, 8);
	spec.duration = 700 * spec.interval;
	spec.skew = some(x, -450, 450);
	spec.wave = some(x, 0, 3);
	spec.wave_period = some(x, 20, 5000);
	spec.step = some(x, 0, 3);
	spec.step_every = some(x, 5, 500);
	spec.wander = spec.wave + spec.step + 0.002;
	spec.delay = some(x, 5, 5000);
	spec.jitter = some(x, 1, 5000);
	spec.burst_every = some(x, 100, 500);
	spec.burst = some(x, 0, 90);
	spec.burst_delay = some(x, 0, 3e6);
	spec.pause_every = some(x, 150, 400);
	spec.pause = some(x, 0, 100);
	spec.bound = some(x, 0, 1) < 0.5 ? 0 : some(x, 10, 1e5);
	spec.wobble = spec.bound * 0.99;
	spec.wobble_every = some(x, 1, 300);
	spec.outlier_share = some(x, -0.02, 0.02);
	spec.outlier = 1e9;
	return spec;
}

static void random_traces(void **state)
{
	uint64_t x = 20261121;
	struct scores scores;
	struct trace_spec spec;
	int i;

	(void)state;
	for (i = 0; i < RANDOM_TRACES; i++) {
		spec = random_spec(&x);
		assert_true(score_trace(&spec, i, &scores));
		if (scores.feed_forward.outside)
			fail_msg("trace %d: %d readings outside", i, scores.feed_forward.outside);
		score_free(&scores);
	}
}

int main(void)
{
	struct CMUnitTest tests[64];
	char names[64][64];
	int i, n = 0;

	for (i = 0; i < trace_specs_n; i++) {
		snprintf(names[n], sizeof(names[n]), "always_inside_%s", trace_specs[i].name);
		tests[n] = (struct CMUnitTest)cmocka_unit_test_prestate(always_inside,
								(void *)&trace_specs[i]);
		tests[n].name = names[n];
		n++;
		snprintf(names[n], sizeof(names[n]), "as_near_as_feedback_%s", trace_specs[i].name);
		tests[n] = (struct CMUnitTest)cmocka_unit_test_prestate(as_near_as_feedback,
								(void *)&trace_specs[i]);
		tests[n].name = names[n];
		n++;
	}
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(bound_is_narrow);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(broken_wander_is_noticed);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(random_traces);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(counts_what_it_saw);
	return _cmocka_run_group_tests("timeline traces", tests, n, NULL, NULL);
}
