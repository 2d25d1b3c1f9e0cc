// SPDX-License-Identifier: GPL-2.0
/* The estimator's rules one by one, its limits, the kernel's units, traces as text. */
#include "base/tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/exact.h"
#include "timeline/params.h"
#include "timeline/trace.h"

#define GHZ	1000000000ULL
#define T0	1700000000000000000LL

static struct te_estimator start(uint32_t wander_ppb)
{
	struct te_config config = { .hz = GHZ, .memory_ns = 1000 * GHZ, .wander_ppb = wander_ppb };
	struct te_estimator e;

	assert_true(te_init(&e, &config));
	return e;
}

/* At @s seconds, read over @gap ticks around them, off by @off */
static struct te_sample at(uint64_t s, uint64_t gap, int64_t off)
{
	return (struct te_sample){ .before = s * GHZ - gap / 2, .after = s * GHZ + gap / 2,
				   .ref_ns = T0 + (int64_t)(s * GHZ) + off };
}

static struct te_clock take(struct te_estimator *e, struct te_sample s)
{
	struct te_clock clock;

	assert_int_equal(te_update(e, &s, &clock), TE_OK);
	return clock;
}

static int covers(const struct te_clock *c, uint64_t counter, int64_t truth)
{
	uint64_t low, high;
	int64_t t;

	te_read(c, counter, &t, &low, &high);
	return t - (int64_t)low <= truth && truth <= t + (int64_t)high;
}

/* The first sample: half a gap and the prior of 500 ppm */
static void first_sample(void **state)
{
	struct te_estimator e = start(1000);
	struct te_clock c = take(&e, at(1, 100, 0));

	(void)state;
	assert_int_equal(c.counter, GHZ + 50);
	assert_in_range(c.err_low + c.err_high, 100, 103);
	assert_in_range(c.period_error, 0x1p48 * 501e-6, 0x1p48 * 502e-6);
	assert_true(covers(&c, GHZ + 50, T0 + GHZ + 50));
	assert_true(covers(&c, 2 * GHZ, T0 + 2 * GHZ));
	assert_false(c.holding);
}

/*
 * What the kernel takes: the period of a reference at any rate, and the bound holds for
 * a truth within 500 ppm and the wander
 */
static void period_is_clamped(void **state)
{
	static const int64_t ppm[] = { -100000, -501, -500, 500, 501, 100000 };
	struct te_config config = { .memory_ns = 1000 * GHZ, .wander_ppb = 5000 };
	static const uint64_t hz[] = { GHZ, 2893202123, 100000 };
	struct timeline_set set;
	struct te_estimator e;
	struct te_clock c;
	unsigned int i, j, n;
	u128 second;

	(void)state;
	for (i = 0; i < 3; i++) {
		config.hz = hz[i];
		assert_true(te_init(&e, &config));
		for (j = 0; j < 6; j++) {
			te_reset(&e);
			for (n = 1; n < 10; n++)
				c = take(&e, (struct te_sample){
					.before = n * hz[i], .after = n * hz[i] + 10,
					.ref_ns = T0 + n * (int64_t)(GHZ + ppm[j] * 1000),
					.err_low = GHZ, .err_high = GHZ });
			memset(&set, 0, sizeof(set));
			assert_true(timeline_params(&c, &set));
			/* As the kernel has it: hz periods are 1 s +- 1/2000 s */
			second = (u128)set.counter_period_frac_sec * hz[i];
			second >>= set.counter_period_shift;
			assert_true(second >> 64 ? second - ((u128)1 << 64) <= UINT64_MAX / 2000 :
				    second >= UINT64_MAX - UINT64_MAX / 2000);
			assert_true(c.period + c.period_error >= e.prior_high - 3);
			assert_true(c.period - c.period_error <= e.prior_low + 3);
		}
	}
}

/* Two samples 10 s apart, 100 ns each: +-10 ppb, and the wander of 1 ppm around it */
static void period_of_a_pair(void **state)
{
	struct te_estimator e = start(1000);
	struct te_limits l;

	(void)state;
	take(&e, at(1, 100, 0));
	take(&e, at(11, 100, 0));
	assert_true(te_period_limits(&e, &e.pool, &l));
	assert_in_range(l.mean_low, 0x1p48 * (1 - 1011e-9), 0x1p48 * (1 - 1009e-9));
	assert_in_range(l.mean_high, 0x1p48 * (1 + 1009e-9), 0x1p48 * (1 + 1011e-9));
	assert_in_range(l.high, 0x1p48 * (1 + 2009e-9), 0x1p48 * (1 + 2012e-9));
}

/* A slow reading makes no bound wider than it was without it */
static void slow_reading_does_no_harm(void **state)
{
	struct te_estimator e = start(1000), f;
	struct te_clock c, d;
	uint64_t low, high;
	int64_t t;
	int i;

	(void)state;
	for (i = 1; i < 20; i++)
		c = take(&e, at(i, 100, 0));
	f = e;
	d = take(&f, at(20, 1000000, 400000));
	assert_false(d.holding);
	te_read(&c, d.counter, &t, &low, &high);
	assert_true(d.err_low + d.err_high <= low + high);
	assert_true(covers(&d, 20 * GHZ + 500000, T0 + 20 * GHZ + 500000));
	/* And the estimate hardly follows it */
	assert_in_range(d.time_ns, T0 + d.counter - 1000, T0 + d.counter + 1000);
}

/* Until it is known who is right, the bound covers both */
static void outlier_is_covered_and_forgotten(void **state)
{
	struct te_estimator e = start(1000);
	struct te_clock c;
	int i;

	(void)state;
	for (i = 1; i < 10; i++)
		c = take(&e, at(i, 100, 0));
	c = take(&e, at(10, 100, 300000));
	assert_true(c.holding);
	assert_true(covers(&c, c.counter, T0 + c.counter));
	assert_true(covers(&c, c.counter, T0 + c.counter + 300000));
	assert_true(c.err_high >= 300000 - 50 && c.err_low < 20000);
	c = take(&e, at(11, 100, 0));
	assert_false(c.holding);
	assert_true(c.err_high < 200);
	assert_int_equal(e.contradictions, 1);
	assert_int_equal(e.steps, 0);
}

static void step_is_taken_at_the_third(void **state)
{
	struct te_estimator e = start(1000);
	struct te_clock c;
	int i;

	(void)state;
	for (i = 1; i < 10; i++)
		take(&e, at(i, 100, 0));
	for (i = 10; i < 12; i++) {
		c = take(&e, at(i, 100, -5 * (int64_t)GHZ));
		assert_true(c.holding);
		assert_true(covers(&c, c.counter, T0 + c.counter - 5 * GHZ));
	}
	c = take(&e, at(12, 100, -5 * (int64_t)GHZ));
	assert_false(c.holding);
	assert_int_equal(e.steps, 1);
	assert_true(c.err_low + c.err_high < 250);
	assert_true(covers(&c, c.counter, T0 + c.counter - 5 * GHZ));
}

/* The reference is set, and one of the readings after it is wrong */
static void outlier_amid_a_step(void **state)
{
	const int64_t set = 7000000, wrong = -90000000;
	struct te_estimator e = start(1000);
	struct te_clock c;
	int i;

	(void)state;
	for (i = 1; i < 10; i++)
		take(&e, at(i, 100, 0));
	take(&e, at(10, 100, set));
	c = take(&e, at(11, 100, wrong));
	assert_true(covers(&c, c.counter, T0 + c.counter));
	assert_true(covers(&c, c.counter, T0 + c.counter + set));
	assert_true(covers(&c, c.counter, T0 + c.counter + wrong));
	c = take(&e, at(12, 100, set));
	assert_true(c.holding);
	assert_true(covers(&c, c.counter, T0 + c.counter + set));
	c = take(&e, at(13, 100, set));
	assert_false(c.holding);
	assert_int_equal(e.steps, 1);
	assert_true(c.err_low + c.err_high < 250);
	assert_true(covers(&c, c.counter, T0 + c.counter + set));
}

/* Two outliers that contradict each other too are no step */
static void outliers_must_agree(void **state)
{
	struct te_estimator e = start(1000);
	struct te_clock c;
	int i;

	(void)state;
	for (i = 1; i < 10; i++)
		take(&e, at(i, 100, 0));
	for (i = 10; i < 20; i++)
		c = take(&e, at(i, 100, i * i * 1000000 * (i % 2 ? 1 : -1)));
	assert_true(c.holding);
	assert_int_equal(e.steps, 0);
	c = take(&e, at(20, 100, 0));
	assert_false(c.holding);
	assert_true(c.err_high < 200);
}

/* Slopes that no one constant explains contradict each other by themselves */
static void slopes_must_agree(void **state)
{
	struct te_estimator e = start(1000);
	struct te_limits l;

	(void)state;
	e.pool.sample[0] = at(1, 100, 0);
	e.pool.sample[1] = at(2, 100, 0);
	e.pool.sample[2] = at(3, 100, 1500);
	e.pool.samples = 3;
	assert_true(te_period_limits(&e, &e.pool, &l));
	e.pool.sample[2] = at(3, 100, 2500);
	assert_false(te_period_limits(&e, &e.pool, &l));
}

/* The reference's own bound: the clock cannot know better, and may be anywhere in it */
static void reference_jumps(int64_t first, int64_t then)
{
	struct te_estimator e = start(1000);
	struct te_sample s;
	struct te_clock c;
	int i;

	for (i = 1; i < 100; i++) {
		s = at(i, 100, i < 50 ? first : then);
		s.err_low = 1000000;
		s.err_high = 1000000;
		c = take(&e, s);
		assert_false(c.holding);
		assert_true(covers(&c, c.counter, T0 + c.counter));
		/* Both halves hold at once: 200 us are left, and the drift of a second */
		if (i == 50)
			assert_true(c.err_low + c.err_high < 400000);
	}
}

static void bound_of_the_reference(void **state)
{
	(void)state;
	reference_jumps(900000, -900000);
	reference_jumps(-900000, 900000);
}

static void memory_is_bounded(void **state)
{
	struct te_estimator e = start(1000);
	uint64_t i;

	(void)state;
	for (i = 1; i < 5000; i++) {
		take(&e, at(i, 100, 0));
		assert_in_range(e.pool.samples, 1, TE_SAMPLES);
		assert_true(e.pool.sample[0].before + 1001 * GHZ > i * GHZ);
	}
	/* It is spread over the memory */
	assert_true(e.pool.sample[0].before < 4100 * GHZ);
	take(&e, at(7000, 100, 0));
	assert_int_equal(e.pool.samples, 1);
	assert_false(e.steps);
}

static void refuses_nonsense(void **state)
{
	struct te_estimator e = start(1000);
	struct te_sample s = at(2, 100, 0);
	struct te_config config = e.config;
	struct te_clock c;

	(void)state;
	take(&e, s);
	assert_int_equal(te_update(&e, &s, &c), TE_BACKWARDS);
	s = at(3, 100, 0);
	s.after = s.before - 1;
	assert_int_equal(te_update(&e, &s, &c), TE_BACKWARDS);
	s = at(3, 100, 0);
	s.err_high = TE_ERROR_MAX + 1;
	assert_int_equal(te_update(&e, &s, &c), TE_RANGE);
	s = at(3, 100, 0);
	s.ref_ns = INT64_MIN;
	assert_int_equal(te_update(&e, &s, &c), TE_RANGE);
	te_reset(&e);
	take(&e, at(1, 100, 0));
	config.hz = 1000;
	assert_false(te_init(&e, &config));
	config.hz = GHZ;
	config.memory_ns = TE_MEMORY_MAX + 1;
	assert_false(te_init(&e, &config));
	config.memory_ns = 1;
	config.wander_ppb = TE_WANDER_MAX + 1;
	assert_false(te_init(&e, &config));
}

static uint64_t xorshift(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Any numbers: nothing overflows (under UBSan), and both pools stay in shape */
static void survives_anything(void **state)
{
	uint64_t x = 88172645463325252ULL, counter = 0;
	struct te_estimator e = start(500000);
	struct te_sample s;
	struct te_clock c;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		counter += xorshift(&x) >> (20 + xorshift(&x) % 40);
		s.before = counter;
		counter += xorshift(&x) >> (24 + xorshift(&x) % 40);
		s.after = counter;
		s.ref_ns = (int64_t)xorshift(&x) >> xorshift(&x) % 60;
		s.err_low = xorshift(&x) >> (3 + xorshift(&x) % 60);
		s.err_high = xorshift(&x) >> (3 + xorshift(&x) % 60);
		if (te_update(&e, &s, &c) != TE_OK)
			continue;
		assert_in_range(e.pool.samples, 1, TE_SAMPLES);
		assert_in_range(e.suspects.samples, 0, TE_STEP_SAMPLES - 1);
		assert_in_range(c.period, e.prior_low / 2, e.prior_high * 2);
	}
}

static void kernel_units(void **state)
{
	struct te_clock c = { .counter = 5, .time_ns = T0 + 500000000, .period = 1ULL << 48,
			      .period_error = 1ULL << 28, .err_low = 7, .err_high = 9 };
	struct timeline_set set = { 0 };

	(void)state;
	assert_true(timeline_params(&c, &set));
	assert_int_equal(set.counter_period_shift, 24);
	assert_int_equal(set.counter_period_frac_sec,
			 (uint64_t)(((u128)1 << 88) / 1000000000));
	assert_int_equal(set.time_sec, 1700000000);
	assert_int_equal(set.time_frac_sec, 1ULL << 63);
	assert_int_equal(set.err_low_ns, 8);
	assert_int_equal(set.err_high_ns, 10);
	assert_true(set.counter_period_maxerror_rate_frac_sec >=
		    set.counter_period_frac_sec >> 20);
	c.period = 10000ULL << 48;	/* 100 kHz */
	assert_true(timeline_params(&c, &set));
	assert_true(set.counter_period_shift < 24 && set.counter_period_frac_sec >> 60);
	assert_true(timeline_diff_ns(set.counter_period_frac_sec, set.counter_period_shift, 0,
				     100000) >= 999999999);
	c.time_ns = -1;
	assert_false(timeline_params(&c, &set));
}

static const char *read_text(const char *text, struct trace_line *line, uint64_t *hz)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	char first[TRACE_TEXT] = "";
	const char *why;
	unsigned int number = 1;
	bool end = false;

	why = fgets(first, sizeof(first), f) ? trace_read_header(first, hz) : "empty";
	if (!why)
		why = trace_read_line(f, line, &number, &end);
	fclose(f);
	return end ? "end" : why;
}

static void traces_as_text(void **state)
{
	struct trace_line line = { { 1, 18446744073709551615ULL, -5, 6, 7 }, -8, true }, got;
	char text[512] = { 0 };
	FILE *f = fmemopen(text, sizeof(text), "w");
	uint64_t hz;

	(void)state;
	trace_write_header(f, 12345);
	fputs("# a comment\n\n", f);
	trace_write_line(f, &line);
	fclose(f);
	assert_null(read_text(text, &got, &hz));
	assert_int_equal(hz, 12345);
	assert_memory_equal(&got.sample, &line.sample, sizeof(got.sample));
	assert_true(got.has_truth && got.truth_ns == -8);
	assert_null(read_text("timeline-trace 1 9\n1 2 3 4 5\n", &got, &hz));
	assert_false(got.has_truth);
	assert_string_equal(read_text("timeline-trace 1 9\n", &got, &hz), "end");
	assert_non_null(strstr(read_text("timeline-trace 2 9\n", &got, &hz), "does not begin"));
	assert_non_null(strstr(read_text("timeline-trace 1 9\n1 2 3 4\n", &got, &hz), "missing"));
	assert_non_null(strstr(read_text("timeline-trace 1 9\n1 2 3 4 -5\n", &got, &hz), "missing"));
	assert_non_null(strstr(read_text("timeline-trace 1 9\n1 2 x 4 5\n", &got, &hz), "missing"));
	assert_non_null(strstr(read_text("timeline-trace 1 9\n1 2x 3 4 5\n", &got, &hz), "else"));
	assert_non_null(strstr(read_text("timeline-trace 1 9\n1 2 3 4 5 6 7\n", &got, &hz), "after"));
	assert_non_null(strstr(read_text("timeline-trace 1 9\n1 99999999999999999999 3 4 5\n",
					 &got, &hz), "too large"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_sample),
		cmocka_unit_test(period_is_clamped),
		cmocka_unit_test(period_of_a_pair),
		cmocka_unit_test(slow_reading_does_no_harm),
		cmocka_unit_test(outlier_is_covered_and_forgotten),
		cmocka_unit_test(step_is_taken_at_the_third),
		cmocka_unit_test(outlier_amid_a_step),
		cmocka_unit_test(outliers_must_agree),
		cmocka_unit_test(slopes_must_agree),
		cmocka_unit_test(bound_of_the_reference),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(refuses_nonsense),
		cmocka_unit_test(survives_anything),
		cmocka_unit_test(kernel_units),
		cmocka_unit_test(traces_as_text),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
