// SPDX-License-Identifier: GPL-2.0
/*
 * Timelines by the counter of a guest: what a guest reads beside what the host reads at
 * each counter value that it can have read at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include PROJECT_H
#include TRANSLATE_H
#include "rand.h"

static struct rnd rnd;

typedef unsigned __int128 u128;
typedef __int128 s128;

#define NS	1000000000ULL
#define FLAGS	(TIMELINE_VF_PERIOD_MAXERROR_VALID | TIMELINE_VF_TIME_MAXERROR_VALID)

static uint64_t below(uint64_t n)
{
	return rnd_below(&rnd, n);
}

static int between(int low, int high)
{
	return low + (int)below(high - low + 1);
}

/* The TSC of a guest as the hardware makes it */
static uint64_t by_hardware(uint64_t host, const struct timeline_scale *s)
{
	return (uint64_t)(((u128)host * s->ratio) >> s->frac_bits) + s->offset;
}

/* The first counter value of the host at which a guest reads g or more */
static uint64_t first_host(uint64_t g, const struct timeline_scale *s)
{
	u128 n = (u128)(g - s->offset) << s->frac_bits;

	return n / s->ratio + (n % s->ratio != 0);
}

static uint64_t period_of(uint64_t hz, unsigned int shift, int ppm)
{
	u128 nominal = ((u128)1 << (64 + shift)) / hz;

	return nominal + (s128)nominal * ppm / 1000000;
}

static struct timeline_set random_set(uint64_t hz, uint64_t now)
{
	unsigned int shift = below(TIMELINE_SHIFT_MAX + 1);

	return (struct timeline_set) {
		.counter_id = TIMELINE_COUNTER_X86_TSC,
		.counter_period_shift = shift,
		.clock_status = TIMELINE_STATUS_SYNCHRONIZED,
		.vmclock_flags = FLAGS,
		.counter_value = now - below(hz),
		.counter_period_frac_sec = period_of(hz, shift, between(-499, 499)),
		.counter_period_maxerror_rate_frac_sec =
			period_of(hz, shift, 0) / 1000000 * below(100),
		.time_sec = 1700000000 + now / hz,
		.time_frac_sec = rnd_next(&rnd),
		.err_low_ns = below(100000),
		.err_high_ns = below(100000),
	};
}

static struct timeline_scale random_scale(uint64_t now)
{
	struct timeline_scale s = { .frac_bits = below(2) ? 48 : 32 };
	uint64_t one = 1ULL << s.frac_bits;

	switch (below(4)) {
	case 0:
		s.ratio = one;
		break;
	case 1:		/* nearly the same */
		s.ratio = one + between(-1000, 1000);
		break;
	default:	/* from a 16th to 16 times */
		s.ratio = one / 16 + below(one * 16 - one / 16);
	}
	s.offset = below(2) ? rnd_next(&rnd) >> 8 : -(uint64_t)(((u128)now * s.ratio) >> s.frac_bits);
	return s;
}

static s128 nanoseconds(const struct timeline_time *tt)
{
	return (s128)tt->sec * NS + tt->nsec;
}

static s128 exact(const struct timeline_entry *e, uint64_t counter)
{
	struct timeline_span t = timeline_project(e, counter);

	return (s128)(((u128)t.sec << 64) | t.frac);
}

/* ns, rounded up, of a tick */
static uint64_t tick(const struct timeline_entry *e)
{
	return timeline_entry_resolution(e);
}

/* What the guest is told contains what the host is, and not much more */
static void agrees(const struct timeline_entry *host, const struct timeline_entry *guest,
		   const struct timeline_scale *s, uint64_t c)
{
	uint64_t g = by_hardware(c, s), more;
	struct timeline_time h, v;

	timeline_read(host, c, &h);
	timeline_read(guest, g, &v);
	assert_true(nanoseconds(&v) - v.err_low_ns <= nanoseconds(&h) - h.err_low_ns);
	assert_true(nanoseconds(&v) + v.err_high_ns >= nanoseconds(&h) + h.err_high_ns);
	more = v.err_low_ns + v.err_high_ns - h.err_low_ns - h.err_high_ns;
	assert_true(more <= 2 * (tick(host) + tick(guest)) + 20);
	assert_int_equal(v.status, h.status);
}

/* Around an instant, and at the first and the last of the host's that read the same */
static void agree_around(const struct timeline_entry *host, const struct timeline_entry *guest,
			 const struct timeline_scale *s, uint64_t c)
{
	uint64_t g = by_hardware(c, s), at;

	for (int i = -1; i <= 2; i++) {
		at = first_host(g + i, s);
		if (at < host->counter_value)
			continue;
		agrees(host, guest, s, at);
		if (at > host->counter_value)
			agrees(host, guest, s, at - 1);
	}
	agrees(host, guest, s, c);
}

/* What follows an update is never before what preceded it, wherever in a tick it came */
static void goes_on(const struct timeline_entry *before, const struct timeline_entry *after)
{
	uint64_t g = after->counter_value;

	assert_true(exact(after, g) >= exact(before, g));
	assert_true(exact(after, g - 1) >= exact(before, g - 1));
}

static bool translated(const struct timeline_entry *host, const struct timeline_scale *s,
		       struct timeline_entry *guest)
{
	*guest = *host;
	return timeline_translate(guest, s);
}

static void one_life(uint64_t hz)
{
	struct timeline_entry host = { .slew_ppb = TIMELINE_SLEW_PPB_MAX }, next, guest, old;
	uint64_t now = (rnd_next(&rnd) >> 12) + 10 * hz;
	struct timeline_scale s = random_scale(now);
	struct timeline_set set = random_set(hz, now);

	assert_int_equal(timeline_next(&host, NULL, &set, now), 0);
	assert_true(translated(&host, &s, &guest));
	for (int i = 0; i < 20; i++) {
		agree_around(&host, &guest, &s, now);
		agree_around(&host, &guest, &s, now + below(100 * hz));
		agree_around(&host, &guest, &s, host.slew_end);
		now += below(3) ? below(10 * hz) : below(10);
		set = random_set(hz, now);
		/* A few ms off at most, so that it is slewed */
		set.time_sec = host.time_sec;
		set.time_frac_sec = host.time_frac_sec + (rnd_next(&rnd) >> 10);
		set.counter_value = host.counter_value;
		next = host;
		if (timeline_next(&next, &host, &set, now))
			continue;
		host = next;
		old = guest;
		assert_true(translated(&host, &s, &guest));
		timeline_go_on(&guest, &old);
		goes_on(&old, &guest);
	}
}

static void test_agrees(void **state)
{
	static const uint64_t hz[] = { 999999000, 2999999000, 24000000, 4999000000 };

	(void)state;
	for (int i = 0; i < 8000; i++)
		one_life(hz[i % 4]);
}

/* Without scaling nothing but the origins changes */
static void test_same_rate(void **state)
{
	struct timeline_scale s = { .offset = 12345, .ratio = 1ULL << 48, .frac_bits = 48 };
	struct timeline_entry e = { .counter_value = 1000, .slew_end = 2000, .slew_rate = 5,
				    .err_rate = 7, .err_low_ns = 1 }, want = e;

	(void)state;
	want.counter_value += s.offset;
	want.slew_end += s.offset;
	assert_true(timeline_translate(&e, &s));
	assert_memory_equal(&e, &want, sizeof(e));
}

/* Ticks of a guest that cannot be told */
static void test_refuses(void **state)
{
	struct timeline_scale s = { .ratio = 1, .frac_bits = 48 };
	struct timeline_entry e = { .counter_period_frac_sec = period_of(NS, 4, 0),
				    .counter_period_shift = 4 };

	(void)state;
	assert_false(timeline_translate(&e, &s));
}

/* A bound that claims nothing goes on to do so */
static void test_unbounded(void **state)
{
	struct timeline_scale s = { .ratio = 3ULL << 31, .frac_bits = 32 };
	struct timeline_entry e = { .counter_period_frac_sec = period_of(NS, 4, 0),
				    .counter_period_shift = 4, .time_sec = 5,
				    .err_low_ns = TIMELINE_UNBOUNDED,
				    .err_high_ns = TIMELINE_UNBOUNDED };

	(void)state;
	assert_true(timeline_translate(&e, &s));
	assert_true(e.err_low_ns == TIMELINE_UNBOUNDED && e.err_high_ns == TIMELINE_UNBOUNDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_rate),
		cmocka_unit_test(test_agrees),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_unbounded),
	};

	rnd.state = rnd_seed("translate");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("translate", tests, NULL, NULL);
}
