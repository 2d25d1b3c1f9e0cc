// SPDX-License-Identifier: GPL-2.0
/* Lines above runs, and runs that no line stands for, all of them planted. */
#include <string.h>

#include "base/tests/unit.h"

#include "vbs/rate.h"

#define WHOLE	(1 << 20)
#define RUNS	3
#define MAX	1024

static struct rate_sample sample[MAX];
static struct rate_samples all;
static uint32_t seed;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* CPU time by size, state and share */
typedef uint64_t (*cost_fn)(uint64_t size, enum rate_state state, uint32_t share);

static void add(uint64_t size, enum rate_state state, uint32_t share, uint64_t cpu)
{
	assert_true(all.samples < MAX);
	sample[all.samples++] = (struct rate_sample){
		.size = size, .cpu = cpu, .took = cpu * 2, .share = share, .state = state,
	};
}

static void plant_sizes(cost_fn cost, uint64_t least, int sizes)
{
	enum rate_state state;
	int i, run;

	all = (struct rate_samples){ .sample = sample, .tolerance = WHOLE * 15 / 100 };
	seed = 1;
	for (i = 0; i < sizes; i++) {
		for (state = 0; state < RATE_STATES; state++) {
			for (run = 0; run < RUNS * 2; run++) {
				uint64_t size = least << 2 * i;
				uint32_t share = run % 2 ? WHOLE / 5 : WHOLE / 2;

				add(size, state, share, cost(size, state, share));
			}
		}
	}
}

static struct rate_fit fit(void)
{
	struct rate_fit f;

	rate_fit(&all, &f);
	return f;
}

static struct rate_fit planted(cost_fn cost)
{
	plant_sizes(cost, 1 << 16, 5);
	return fit();
}

static uint64_t straight(uint64_t size, enum rate_state state, uint32_t share)
{
	(void)state;
	(void)share;
	return 400 * US + size * 5 / 2;
}

static void straight_line_is_found(void **state)
{
	struct rate_fit f = planted(straight);

	(void)state;
	assert_int_equal(f.verdict, RATE_LINEAR);
	assert_int_equal(f.line.start, 400 * US);
	assert_int_equal(f.line.per_unit, 2500000);
	assert_int_equal(f.above, 0);
	assert_int_equal(f.states, 15);
	assert_int_equal(f.least, 1 << 16);
	assert_int_equal(f.most, 1 << 24);
}

static uint64_t minutes(uint64_t size, enum rate_state state, uint32_t share)
{
	(void)state;
	(void)share;
	return 2000 * MS + size * 60000 * MS;
}

/* A minute for each operation, and few of them: a step of the slope is nothing beside that */
static void long_operations_are_found(void **state)
{
	struct rate_fit f;

	(void)state;
	plant_sizes(minutes, 1, 3);
	f = fit();
	assert_int_equal(f.verdict, RATE_LINEAR);
	assert_int_equal(f.line.start, 2000 * MS);
	assert_int_equal(f.line.per_unit, 60000 * MS * 1000000);
}

/* Up to 12 % more, never less */
static uint64_t noisy(uint64_t size, enum rate_state state, uint32_t share)
{
	uint64_t cpu = straight(size, state, share);

	return cpu + cpu * chance(120) / 1000;
}

static void assert_above_all(const struct rate_fit *f)
{
	int i;

	for (i = 0; i < all.samples; i++)
		assert_true(rate_cost(f, sample[i].size) >= sample[i].cpu);
}

static void noise_stays_below_the_line(void **state)
{
	struct rate_fit f = planted(noisy);

	(void)state;
	assert_int_equal(f.verdict, RATE_LINEAR);
	assert_above_all(&f);
	assert_true(f.above > WHOLE / 50 && f.above <= WHOLE * 15 / 100);
}

static uint64_t square(uint64_t size, enum rate_state state, uint32_t share)
{
	(void)state;
	(void)share;
	return size + size * (size >> 20);
}

/* Less and less for each, as of a heap that grows until it need not */
static uint64_t heap(uint64_t size, enum rate_state state, uint32_t share)
{
	uint64_t fresh = size < 1 << 20 ? size : 1 << 20;

	(void)state;
	(void)share;
	return size + 8 * fresh;
}

static uint64_t step(uint64_t size, enum rate_state state, uint32_t share)
{
	return straight(size, state, share) * (size > 1 << 20 ? 2 : 1);
}

static void assert_curved(cost_fn cost)
{
	struct rate_fit f = planted(cost);

	assert_above_all(&f);
	assert_int_equal(f.verdict, RATE_CURVED);
	assert_true(f.above > WHOLE * 15 / 100 && f.above_size);
}

static void curves_are_refused(void **state)
{
	(void)state;
	assert_curved(square);
	assert_curved(heap);
	assert_curved(step);
}

/* A line through the origin is no reason to take a curve for it */
static uint64_t mild(uint64_t size, enum rate_state state, uint32_t share)
{
	(void)state;
	(void)share;
	return size + size * (size >> 16) / 4096;
}

static void tolerance_decides(void **state)
{
	struct rate_fit f = planted(mild);

	(void)state;
	assert_true(f.above > 0);
	all.tolerance = f.above;
	assert_int_equal(fit().verdict, RATE_LINEAR);
	all.tolerance = f.above - 1;
	assert_int_equal(fit().verdict, RATE_CURVED);
}

static uint64_t slow_cold(uint64_t size, enum rate_state state, uint32_t share)
{
	return straight(size, state, share) * (state == RATE_COLD ? 120 : 100) / 100;
}

static void states_that_differ_are_refused(void **state)
{
	struct rate_fit f = planted(slow_cold);

	(void)state;
	assert_int_equal(f.verdict, RATE_BY_STATE);
	assert_int_equal(f.by_state.high, RATE_COLD);
	assert_true(f.by_state.low != RATE_COLD);
	assert_int_equal(f.by_state.by * 100 / WHOLE, 20);
	all.tolerance = WHOLE / 4;
	assert_int_equal(fit().verdict, RATE_LINEAR);
}

static uint64_t slow_share(uint64_t size, enum rate_state state, uint32_t share)
{
	return straight(size, state, share) * (share == WHOLE / 5 ? 130 : 100) / 100;
}

static void shares_that_differ_are_refused(void **state)
{
	struct rate_fit f = planted(slow_share);

	(void)state;
	assert_int_equal(f.verdict, RATE_BY_SHARE);
	assert_int_equal(f.by_share.high, WHOLE / 5);
	assert_int_equal(f.by_share.low, WHOLE / 2);
}

/* One run of 120 that took twice as long: what happens can happen again */
static void one_slow_run_is_refused(void **state)
{
	struct rate_fit f;

	(void)state;
	planted(straight);
	sample[60].cpu *= 2;
	f = fit();
	assert_above_all(&f);
	assert_int_not_equal(f.verdict, RATE_LINEAR);
}

static void few_sizes_are_refused(void **state)
{
	(void)state;
	plant_sizes(straight, 1 << 16, 2);
	assert_int_equal(fit().verdict, RATE_TOO_FEW);
	plant_sizes(straight, 1 << 16, 3);
	assert_int_equal(fit().verdict, RATE_LINEAR);
	all.samples = 0;
	add(100, RATE_IDLE, WHOLE, 100);
	add(200, RATE_IDLE, WHOLE, 200);
	add(300, RATE_IDLE, WHOLE, 300);
	assert_int_equal(fit().verdict, RATE_TOO_FEW);
	add(400, RATE_IDLE, WHOLE, 400);
	assert_int_equal(fit().verdict, RATE_LINEAR);
	all.samples = 0;
	assert_int_equal(fit().verdict, RATE_TOO_FEW);
}

static void who_waits_is_refused(void **state)
{
	int i;

	(void)state;
	planted(straight);
	for (i = 0; i < all.samples; i++)
		sample[i].waited = sample[i].took / 5;
	assert_int_equal(fit().verdict, RATE_WAITS);
	for (i = 0; i < all.samples; i++)
		sample[i].waited = sample[i].took / 10;
	assert_int_equal(fit().verdict, RATE_LINEAR);
}

/* What runs on everybody's account counts in the idle state alone: hogs cause it, too */
static void uncharged_work_is_refused(void **state)
{
	int i;

	(void)state;
	planted(straight);
	for (i = 0; i < all.samples; i++)
		sample[i].other = sample[i].state == RATE_IDLE ? sample[i].cpu / 10 : 0;
	assert_int_equal(fit().verdict, RATE_UNCHARGED);
	all.uncharged = true;
	assert_int_equal(fit().verdict, RATE_LINEAR);
	all.uncharged = false;
	for (i = 0; i < all.samples; i++)
		sample[i].other = sample[i].state == RATE_IDLE ? sample[i].cpu / 25 : sample[i].cpu;
	assert_int_equal(fit().verdict, RATE_LINEAR);
}

/* What the machine does anyway, and what counting in ticks makes of nothing, is not for the command */
static void background_is_no_evidence(void **state)
{
	uint64_t took = 0;
	int i, idle = 0;

	(void)state;
	planted(straight);
	for (i = 0; i < all.samples; i++) {
		if (sample[i].state != RATE_IDLE)
			continue;
		took += sample[i].took;
		idle = i;
	}
	sample[idle].other = took / 5;
	assert_int_equal(fit().verdict, RATE_UNCHARGED);
	all.background = 200000000;
	assert_int_equal(fit().verdict, RATE_LINEAR);
	assert_int_equal(fit().uncharged, 0);
	all.background = 0;
	all.rounding = took / 5;
	assert_int_equal(fit().verdict, RATE_LINEAR);
	all.rounding = 0;
}

static void costs_of_pieces(void **state)
{
	struct rate_fit f = planted(straight);

	(void)state;
	assert_true(rate_cost(&f, 0) == 0);
	assert_true(rate_cost(&f, 1) == rate_cost(&f, f.least));
	assert_true(rate_cost(&f, 1 << 20) == straight(1 << 20, 0, 0));
	assert_true(rate_cost(&f, 2 * f.most) == 2 * rate_cost(&f, f.most));
	assert_true(rate_cost(&f, 2 * f.most + 1) == 2 * rate_cost(&f, f.most) + rate_cost(&f, f.least));
}

/* The most that is done is done, and one more is not */
static void units_are_the_inverse_of_costs(void **state)
{
	struct rate_fit f = planted(noisy);
	int i;

	(void)state;
	assert_true(rate_units(&f, rate_cost(&f, f.least) - 1) == 0);
	for (i = 0; i < 20000; i++) {
		u128 cpu = (u128)chance(1 << 24) * (1 + chance(200));
		u128 units = rate_units(&f, cpu);

		assert_true(rate_cost(&f, units) <= cpu);
		assert_true(rate_cost(&f, units + 1) > cpu || rate_cost(&f, units + 1) == rate_cost(&f, units));
	}
}

/* How far a line with that slope is above the mean of a size, at least: in %, beside all runs */
static double height_of(double per_unit)
{
	double sum[5] = { 0 }, n[5] = { 0 }, start = 0, most = 0, by;
	int i, j;

	for (i = 0; i < all.samples; i++) {
		j = (__builtin_ctzll(sample[i].size) - 16) / 2;
		sum[j] += sample[i].cpu;
		n[j]++;
		if (sample[i].cpu - per_unit * sample[i].size > start)
			start = sample[i].cpu - per_unit * sample[i].size;
	}
	for (j = 0; j < 5; j++) {
		by = (start + per_unit * (1 << (16 + 2 * j))) / (sum[j] / n[j]) * 100 - 100;
		most = by > most ? by : most;
	}
	return most;
}

static void no_line_above_all_is_closer(void **state)
{
	struct rate_fit f = planted(noisy);
	double mine = f.above * 100.0 / WHOLE, slope = f.line.per_unit / 1e6;
	int i;

	(void)state;
	assert_true(mine > height_of(slope) - 0.01 && mine < height_of(slope) + 0.01);
	for (i = -1000; i <= 1000; i++)
		assert_true(height_of(slope * (1 + i / 4000.0)) > mine - 0.01);
}

static void states_have_names(void **state)
{
	enum rate_state s;

	(void)state;
	assert_null(rate_state_parse("memory", &s));
	assert_int_equal(s, RATE_MEMORY);
	assert_non_null(rate_state_parse("warm", &s));
	assert_string_equal(rate_verdict_name(RATE_CURVED), "curved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(straight_line_is_found),
		cmocka_unit_test(long_operations_are_found),
		cmocka_unit_test(noise_stays_below_the_line),
		cmocka_unit_test(curves_are_refused),
		cmocka_unit_test(tolerance_decides),
		cmocka_unit_test(states_that_differ_are_refused),
		cmocka_unit_test(shares_that_differ_are_refused),
		cmocka_unit_test(one_slow_run_is_refused),
		cmocka_unit_test(few_sizes_are_refused),
		cmocka_unit_test(who_waits_is_refused),
		cmocka_unit_test(uncharged_work_is_refused),
		cmocka_unit_test(background_is_no_evidence),
		cmocka_unit_test(costs_of_pieces),
		cmocka_unit_test(units_are_the_inverse_of_costs),
		cmocka_unit_test(no_line_above_all_is_closer),
		cmocka_unit_test(states_have_names),
	};

	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
