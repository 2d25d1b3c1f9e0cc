// SPDX-License-Identifier: GPL-2.0
/*
 * Stamps against a CLOCK_REALTIME that is steered at random within what adjtimex() does,
 * and set once: the counter at the stamp is never outside.
 */
#include "base/tests/unit.h"

#include "base/exact.h"
#include "timeline/stamp.h"
#include "timeline/tests/random.h"

#define NSEC		1000000000LL
#define STAMPS		1000000
#define PIECES		4

/* The clock in 2^-60 ns per tick; after each piece it has another rate */
struct clock {
	uint64_t random;
	uint64_t hz;
	uint64_t counter;
	__int128 shown;
	__int128 rate;
	int64_t bend;		/* ppb: it has this rate and no other */
};

static void steer(struct clock *c)
{
	__int128 nominal = ((__int128)NSEC << 60) / c->hz;
	int64_t ppb = random_between(&c->random, -1000000, 1000000);

	if (random_bits(&c->random) & 1)
		ppb = ppb < 0 ? -1000000 : 1000000;
	if (c->bend)
		ppb = c->bend;
	c->rate = nominal + nominal * ppb / 1000000000;
}

static void run(struct clock *c, uint64_t ticks)
{
	c->counter += ticks;
	c->shown += c->rate * ticks;
}

/* Some time, in which it is steered */
static void pass(struct clock *c, uint64_t most)
{
	int i;

	for (i = 0; i < PIECES; i++) {
		run(c, random_scaled(&c->random, most));
		steer(c);
	}
}

static int64_t shown(const struct clock *c)
{
	return (int64_t)(c->shown >> 60);
}

static struct stamp_pair pair(struct clock *c)
{
	struct stamp_pair p;

	p.before = c->counter;
	run(c, random_scaled(&c->random, c->hz / 1000));
	p.ns = shown(c);
	run(c, random_scaled(&c->random, c->hz / 1000));
	p.after = c->counter + 1;
	return p;
}

static struct clock begin(uint64_t seed)
{
	struct clock c = { .random = seed, .hz = 2400000000ULL };

	c.hz = random_bits(&c.random) & 1 ? 1000000000 : random_between(&c.random, 1e8, 5e9);
	c.counter = random_scaled(&c.random, 1ULL << 62) + (1ULL << 45);
	c.shown = ((__int128)random_scaled(&c.random, 1ULL << 61) + NSEC) << 60;
	steer(&c);
	return c;
}

/* One stamp, the clock set by @step ns before or after it; whether it was used */
static bool try_one(struct clock *c, int64_t step, bool early)
{
	uint64_t most = c->hz / 4 >> random_between(&c->random, 0, 30);
	struct stamp_pair a, b;
	struct stamp_range range;
	uint64_t at;
	int64_t ns;
	bool used;

	a = pair(c);
	pass(c, most);
	c->shown += early ? step * ((__int128)1 << 60) : 0;
	pass(c, most);
	at = c->counter;
	ns = shown(c);
	pass(c, most);
	c->shown += early ? 0 : step * ((__int128)1 << 60);
	pass(c, most);
	b = pair(c);
	range = (struct stamp_range){ a.before, b.after };
	used = stamp_convert(&a, &b, c->hz, ns, &range);
	if (at < range.low || at > range.high)
		fail_msg("%llu is not in [%llu, %llu]", (unsigned long long)at,
			 (unsigned long long)range.low, (unsigned long long)range.high);
	assert_true(used || (range.low == a.before && range.high == b.after));
	return used;
}

static void steered(void **state)
{
	struct clock c = begin(1);
	int i;

	(void)state;
	for (i = 0; i < STAMPS; i++) {
		if (i % 1000 == 0)
			c = begin(i + 1);
		assert_true(try_one(&c, 0, false));
	}
}

static void set_once(void **state)
{
	struct clock c = begin(2);
	int i, dropped = 0;
	int64_t step;

	(void)state;
	for (i = 0; i < STAMPS; i++) {
		if (i % 1000 == 0)
			c = begin(i + 1);
		step = random_scaled(&c.random, NSEC);
		dropped += !try_one(&c, random_bits(&c.random) & 1 ? step : -step, i & 1);
	}
	assert_in_range(dropped, STAMPS / 10, STAMPS);
}

/* As chronyd does where it slews: by up to 10 %, throughout */
static void bent(void **state)
{
	struct clock c;
	int i, dropped = 0;

	(void)state;
	for (i = 0; i < STAMPS / 10; i++) {
		c = begin(i + 1);
		c.bend = random_scaled(&c.random, 100000000);
		c.bend = i & 1 ? c.bend + 1 : -c.bend - 1;
		steer(&c);
		dropped += !try_one(&c, 0, false);
	}
	assert_in_range(dropped, STAMPS / 200, STAMPS / 10);
}

/* A second, either way, in the middle of an exchange */
static void set_by_a_second(void **state)
{
	struct clock c = begin(3);
	int i;

	(void)state;
	for (i = 0; i < 10000; i++)
		assert_false(try_one(&c, i & 2 ? 8 * NSEC : -8 * NSEC, i & 1));
}

static void it_is_narrow(void **state)
{
	struct stamp_pair a = { 1000000, 1000031, 5000000 }, b = { 1200000, 1200031, 5200000 };
	struct stamp_range range = { 0, ~0ULL };

	(void)state;
	assert_true(stamp_convert(&a, &b, NSEC, 5010000, &range));
	/* 30 ns of the pairs, 0.1 % of 200 us, 2 ns */
	assert_in_range(1010015 - range.low, 10, 250);
	assert_in_range(range.high - 1010015, 10, 250);
	range = (struct stamp_range){ 1010000, 1010002 };
	assert_true(stamp_convert(&a, &b, NSEC, 5010000, &range));
	assert_int_equal(range.low, 1010000);
	assert_int_equal(range.high, 1010002);
	range = (struct stamp_range){ 1, 2 };
	assert_false(stamp_convert(&a, &b, NSEC, 5010000, &range));
	assert_false(stamp_convert(&a, &b, NSEC, 4999990, &range));
	assert_false(stamp_convert(&a, &b, NSEC, 5200010, &range));
	assert_false(stamp_convert(&a, &b, NSEC, INT64_MIN, &range));
	assert_false(stamp_convert(&a, &b, NSEC, INT64_MAX, &range));
	assert_int_equal(range.high, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steered),
		cmocka_unit_test(set_once),
		cmocka_unit_test(bent),
		cmocka_unit_test(set_by_a_second),
		cmocka_unit_test(it_is_narrow),
	};

	return cmocka_run_group_tests_name("timeline stamp", tests, NULL, NULL);
}
