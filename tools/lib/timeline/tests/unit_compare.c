// SPDX-License-Identifier: GPL-2.0
/* Comparisons against clocks whose offset is known: it is where they say it is. */
#include <stdlib.h>
#include <string.h>

#include "base/tests/unit.h"

#include "timeline/compare.h"

#define SEC	1000000000LL

typedef __int128 i128;

#define EPOCH	((i128)5000 << 64)

/*
 * The timeline shows target(c) + rate * (end - c) while c < end, as the kernel has it: in
 * 2^-64 s, exactly
 */
struct line {
	uint64_t at, period;		/* in 2^-(64 + 24) s */
	int64_t slew;
	uint64_t end;
};

static i128 shown_by(const struct line *l, uint64_t c)
{
	i128 t = ((i128)(int64_t)(c - l->at) * (int64_t)l->period) >> 24;

	if ((int64_t)(l->end - c) > 0)
		t += ((i128)(int64_t)(l->end - c) * l->slew) >> 24;
	return t + EPOCH;
}

static int64_t to_ns(i128 t)
{
	return (int64_t)((t >> 32) * SEC >> 32);
}

static uint64_t random64(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ random();
}

/* Of 1 GHz, off by up to 500 ppm */
static uint64_t some_period(void)
{
	uint64_t nominal = (uint64_t)(((unsigned __int128)1 << 88) / SEC);

	return nominal - nominal / 2000 + random64() % (nominal / 1000);
}

static void reading(const struct line *l, uint64_t c, struct timeline_time *tt)
{
	int64_t ns = to_ns(shown_by(l, c));

	*tt = (struct timeline_time){ .sec = ns / SEC, .nsec = ns % SEC, .counter = c };
}

static void say(const struct line *l, uint64_t updates, struct timeline_get *get)
{
	memset(get, 0, sizeof(*get));
	get->set.counter_value = l->at;
	get->set.counter_period_frac_sec = l->period;
	get->set.counter_period_shift = 24;
	get->slew_end = l->end;
	get->slew_rate = l->slew;
	get->updates = updates;
}

/* The other clock is read in 'gap', and the timeline 'late' after it */
struct moment {
	uint64_t base, gap, late;
};

static struct moment some_moment(uint64_t from)
{
	return (struct moment){ from + random64() % SEC, random64() % 5000, random64() % 3000000 };
}

/* The other clock shows what the timeline showed at 'when', but for 'off' ns */
static void one_is_found(const struct line *old, const struct line *now, struct moment at)
{
	uint64_t gap = at.gap, late = at.late, when;
	struct shown b = { .before = at.base };
	int64_t off = (int64_t)(random64() % (4 * SEC)) - 2 * SEC, wrong;
	struct timeline_get first, last;
	struct timeline_time tt;
	struct apart apart;

	b.after = b.before + gap;
	when = b.before + (gap ? random64() % (gap + 1) : 0);
	b.ns = to_ns(shown_by(old, when)) - off;
	reading(now, b.after + late, &tt);
	say(old, 1, &first);
	say(now, old == now ? 1 : 2, &last);
	compare(&tt, &first, &last, &b, &apart);
	wrong = apart.ns - off;
	if (wrong < 0)
		wrong = -wrong;
	assert_true((uint64_t)wrong <= apart.read);
	/* And it is known well: by half the gap if nothing changes */
	if (old == now && (int64_t)(now->end - b.before) <= 0)
		assert_true(apart.read <= gap * 501 / 1000 + 6);
	assert_true(apart.read <= gap + (late + gap) * 2 / 1000 + 1600);
}

static void a_steady_one(void **state)
{
	struct line l = { .at = 1000000000 };
	int i;

	(void)state;
	srandom(1);
	for (i = 0; i < 100000; i++) {
		l.period = some_period();
		l.end = l.at;
		one_is_found(&l, &l, some_moment(l.at + 100000));
	}
}

static void one_that_slews(void **state)
{
	struct line l = { .at = 1000000000 };
	int i;

	(void)state;
	srandom(2);
	for (i = 0; i < 100000; i++) {
		l.period = some_period();
		l.slew = (int64_t)(l.period / 2000) * (random() % 2 ? 1 : -1);
		l.end = l.at + random64() % SEC;
		one_is_found(&l, &l, some_moment(l.at + 100000));
	}
}

/* Set between the two readings: continuous there, with other rates */
static void one_that_is_set(void **state)
{
	struct line old = { .at = 1000000000 }, now;
	struct moment at;
	uint64_t join;
	int i;

	(void)state;
	srandom(3);
	for (i = 0; i < 100000; i++) {
		old.period = some_period();
		old.slew = (int64_t)(old.period / 2000) * (random() % 2 ? 1 : -1);
		old.end = old.at + random64() % (2 * SEC);
		at = some_moment(old.at + 100000);
		join = at.base + at.gap + random64() % (at.late + 1);
		now = old;
		now.period = some_period();
		now.slew = 0;
		now.end = 0;
		now.at = join - (uint64_t)((shown_by(&old, join) - EPOCH) * (1 << 24) /
					   (int64_t)now.period);
		one_is_found(&old, &now, at);
	}
}

static bool agree(int64_t ns, uint64_t read, uint64_t a_low, uint64_t a_high, uint64_t b_low,
		  uint64_t b_high)
{
	struct apart apart = { .ns = ns, .read = read };

	return compare_agree(&apart, a_low, a_high, b_low, b_high);
}

static void bounds_agree_or_not(void **state)
{
	const uint64_t none = TIMELINE_UNBOUNDED;

	(void)state;
	/* a is ahead: what it may be too late by, and what b may be too early by */
	assert_true(agree(100, 0, 60, 0, 0, 40));
	assert_false(agree(101, 0, 60, 0, 0, 40));
	assert_false(agree(101, 0, 60, 1000, 1000, 40));
	assert_true(agree(101, 1, 60, 0, 0, 40));
	assert_true(agree(-100, 0, 0, 60, 40, 0));
	assert_false(agree(-101, 0, 1000, 60, 40, 1000));
	assert_true(agree(0, 0, 0, 0, 0, 0));
	assert_true(agree(1LL << 62, 0, none, 0, 0, 0));
	assert_true(agree(-(1LL << 62), 0, 0, 0, none, 0));
	assert_true(agree(1LL << 62, 0, none - 1, 0, 0, none - 1));
	assert_true(agree(1LL << 62, none, 5, 0, 0, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_one),
		cmocka_unit_test(one_that_slews),
		cmocka_unit_test(one_that_is_set),
		cmocka_unit_test(bounds_agree_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
