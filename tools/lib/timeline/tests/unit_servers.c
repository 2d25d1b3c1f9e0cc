// SPDX-License-Identifier: GPL-2.0
/*
 * Several servers: the combination against every possible point, liars that are as sly
 * as they can be, and what is said when too many are wrong or silent.
 */
#include "base/tests/unit.h"

#include <string.h>

#include "timeline/tests/net_sim.h"
#include "timeline/tests/random.h"

#define MOST	7
#define POINTS	24

static int covered(const struct te_span *span, int n, int point)
{
	int i, m = 0;

	for (i = 0; i < n; i++)
		m += span[i].low <= point && point <= span[i].high;
	return m;
}

/* Every point is tried */
static bool brute(const struct te_span *span, int n, int need, struct te_span *out)
{
	bool found = false;
	int x;

	for (x = -1; x <= POINTS + 5; x++) {
		if (covered(span, n, x) < need)
			continue;
		if (!found)
			out->low = x;
		out->high = x;
		found = true;
	}
	return found;
}

static void as_every_point_says(void **state)
{
	struct te_span span[MOST], got, want;
	int i, j, n, need, none = 0;
	uint64_t x = 5;

	(void)state;
	for (i = 0; i < 500000; i++) {
		n = random_between(&x, 1, MOST);
		for (j = 0; j < n; j++) {
			span[j].low = random_between(&x, 0, POINTS);
			span[j].high = random_between(&x, span[j].low,
						      i & 1 ? POINTS : span[j].low + 4);
		}
		need = random_between(&x, 1, n);
		want = (struct te_span){ 0, 0 };
		if (!brute(span, n, need, &want)) {
			none++;
			assert_false(ts_combine(span, n, need, &got));
			continue;
		}
		assert_true(ts_combine(span, n, need, &got));
		assert_true(got.low == want.low && got.high == want.high);
	}
	assert_in_range(none, 10000, 400000);
}

static void truth_survives_liars(void **state)
{
	struct te_span span[MOST], got;
	int i, j, n, faulty;
	uint64_t x = 6;

	(void)state;
	for (i = 0; i < 200000; i++) {
		n = random_between(&x, 1, MOST);
		faulty = random_between(&x, 0, n - 1);
		for (j = 0; j < n; j++) {
			span[j].low = -random_between(&x, 0, 10);
			span[j].high = random_between(&x, 0, 10);
			if (j >= faulty)
				continue;
			span[j].low = random_between(&x, -20, 20);
			span[j].high = random_between(&x, span[j].low, 20);
		}
		assert_true(ts_combine(span, n, n - faulty, &got));
		assert_true(got.low <= 0 && got.high >= 0);
	}
}

/* A pool of servers on a short way, each heard once in a round; @off: of each */
struct bed {
	struct ts_pool pool;
	struct sim sim;
	struct te_clock clock;
	enum ts_result result;
};

static const struct sim_spec calm = {
	.wander = 1, .skew = 10, .out = 1e5, .back = 1e5, .jitter = 1e3, .stated = 1e4,
	.servers = 3, .lie = 1e7,
};

static void begin(struct bed *b, const struct sim_spec *spec, int faulty)
{
	struct te_config config = { .hz = SIM_HZ, .memory_ns = TE_MEMORY_MAX, .wander_ppb = 1000,
				    .network = true };

	assert_true(ts_init(&b->pool, &config, spec->servers, faulty, SIM_PIVOT));
	sim_start(&b->sim, spec, 1);
}

static void hear(struct bed *b, int server)
{
	struct ntp_exchange x;

	assert_true(sim_exchange(&b->sim, server, &x));
	assert_int_equal(ts_take(&b->pool, server, &x), NTP_TAKEN);
	b->result = ts_clock(&b->pool, x.after, &b->clock);
}

static void rounds(struct bed *b, int n, int from)
{
	int i, j;

	for (i = 0; i < n; i++) {
		for (j = from; j < b->pool.servers; j++)
			hear(b, j);
		sim_wait(&b->sim, 16e9);
	}
}

static bool inside(const struct bed *b)
{
	double error, width;

	return sim_inside(&b->sim, &b->clock, &error, &width);
}

static void one_of_three_may_be_silent(void **state)
{
	struct bed b;

	(void)state;
	begin(&b, &calm, 1);
	assert_int_equal(ts_clock(&b.pool, b.sim.counter, &b.clock), TS_NOTHING);
	hear(&b, 1);
	/* It may be the one that is wrong */
	assert_int_equal(b.result, TS_UNBOUNDED);
	hear(&b, 2);
	assert_int_equal(b.result, TS_OK);
	rounds(&b, 20, 1);
	assert_int_equal(b.result, TS_OK);
	assert_true(inside(&b));
	ts_reset(&b.pool);
	assert_int_equal(ts_clock(&b.pool, b.sim.counter, &b.clock), TS_NOTHING);
}

static void a_liar_is_shown(void **state)
{
	struct sim_spec spec = calm;
	struct bed b;

	(void)state;
	spec.liars = 1;
	begin(&b, &spec, 1);
	rounds(&b, 2, 0);
	assert_false(ts_is_false(&b.pool.server[0]));
	rounds(&b, 2, 0);
	assert_int_equal(b.result, TS_OK);
	assert_true(inside(&b));
	assert_true(ts_is_false(&b.pool.server[0]));
	assert_false(ts_is_false(&b.pool.server[1]));
	assert_false(b.clock.holding);
}

/* One that contradicts itself is no more than one that is wrong */
static void a_turncoat_is_borne(void **state)
{
	struct sim_spec spec = calm;
	struct bed b;

	(void)state;
	begin(&b, &spec, 1);
	rounds(&b, 10, 0);
	spec.liars = 1;
	rounds(&b, 1, 0);
	assert_true(b.pool.server[0].clock.holding);
	assert_false(b.clock.holding);
	spec.liars = 2;
	rounds(&b, 1, 0);
	assert_true(b.clock.holding);
	assert_true(inside(&b));
}

/* The time itself steps, for all servers: as it is not known yet whether it did, both are covered */
static void a_step_is_covered_at_once(struct bed *b, int servers)
{
	struct sim_spec spec = calm;
	int i;

	spec.servers = servers;
	begin(b, &spec, (servers - 1) / 2);
	rounds(b, 30, 0);
	assert_int_equal(b->result, TS_OK);
	assert_false(b->clock.holding);
	b->sim.truth -= (__int128)1000000000 << TE_PERIOD_BITS;
	/* Until more than may be wrong contradict themselves they may be the wrong ones */
	for (i = 0; i < servers; i++) {
		hear(b, i);
		sim_wait(&b->sim, 1000);
		assert_int_equal(b->clock.holding, i >= b->pool.faulty);
		assert_int_equal(inside(b), i >= b->pool.faulty);
	}
	for (i = 0; i < 3 * servers; i++) {
		hear(b, i % servers);
		sim_wait(&b->sim, 16e9 / servers);
		assert_true(inside(b));
	}
	assert_int_equal(b->result, TS_OK);
	assert_false(b->clock.holding);
}

static void a_step_of_all_is_covered(void **state)
{
	struct bed b;
	int servers;

	(void)state;
	for (servers = 1; servers <= 7; servers += 2)
		a_step_is_covered_at_once(&b, servers);
}

static void too_many_liars_are_told(void **state)
{
	struct sim_spec spec = calm;
	struct bed b;

	(void)state;
	spec.liars = 1;
	begin(&b, &spec, 0);
	rounds(&b, 3, 0);
	/* What any of them says is covered, so the truth is, too */
	assert_int_equal(b.result, TS_DISAGREE);
	assert_true(inside(&b));
	assert_true(b.clock.err_low + b.clock.err_high > 1e7);
}

static void one_server_is_as_its_estimator(void **state)
{
	struct sim_spec spec = calm;
	struct te_clock *c;
	struct bed b;

	(void)state;
	spec.servers = 1;
	begin(&b, &spec, 0);
	rounds(&b, 50, 0);
	c = &b.pool.server[0].clock;
	assert_int_equal(b.clock.counter, c->counter);
	assert_int_equal(b.clock.period, c->period);
	assert_int_equal(b.clock.period_error, c->period_error);
	assert_in_range(b.clock.err_low, c->err_low, c->err_low + 3);
	assert_in_range(b.clock.err_high, c->err_high, c->err_high + 3);
}

/* Two answers that are taken in another order than they came */
static void order_does_not_matter(void **state)
{
	struct ntp_exchange x, y;
	struct bed b;

	(void)state;
	begin(&b, &calm, 1);
	rounds(&b, 5, 0);
	assert_true(sim_exchange(&b.sim, 0, &x));
	assert_true(sim_exchange(&b.sim, 1, &y));
	assert_int_equal(ts_take(&b.pool, 1, &y), NTP_TAKEN);
	assert_int_equal(ts_take(&b.pool, 0, &x), NTP_TAKEN);
	assert_int_equal(ts_clock(&b.pool, x.after, &b.clock), TS_OK);
	assert_int_equal(b.clock.counter, y.after);
	sim_wait(&b.sim, 1);
	assert_true(inside(&b));
	assert_true(b.clock.err_low + b.clock.err_high < 1000000);
}

#define NEW_YEAR	1798761600LL
#define SECOND		((__int128)1000000000 << TE_PERIOD_BITS)

/* @s before the end of a month, each second counted by the truth */
static void begin_before_leap(struct bed *b, const struct sim_spec *spec, int faulty, double s)
{
	begin(b, spec, faulty);
	b->sim.truth = NEW_YEAR * SECOND - (__int128)(s * 1e9) * (SECOND / 1000000000);
}

/* As of now, without a new answer */
static void look_now(struct bed *b)
{
	b->result = ts_clock(&b->pool, b->sim.counter, &b->clock);
	sim_wait(&b->sim, 1000);
}

static void hear_of(struct bed *b, int server, enum ntp_leap leap)
{
	struct ntp_exchange x;

	assert_true(sim_exchange(&b->sim, server, &x));
	x.leap = leap;
	assert_int_equal(ts_take(&b->pool, server, &x), NTP_TAKEN);
	b->result = ts_clock(&b->pool, x.after, &b->clock);
	sim_wait(&b->sim, 1000);
}

static void hear_all_of(struct bed *b, int rounds, enum ntp_leap leap)
{
	int i, j;

	for (i = 0; i < rounds; i++) {
		for (j = 0; j < b->pool.servers; j++)
			hear_of(b, j, leap);
		sim_wait(&b->sim, 16e9);
	}
}

static double width(const struct bed *b)
{
	return (double)b->clock.err_low + (double)b->clock.err_high;
}

/* @leap seconds more; what each server says after it is heard one by one */
static void over_a_leap_second(int servers, int faulty, int leap)
{
	enum ntp_leap announced = leap > 0 ? NTP_LEAP_61 : NTP_LEAP_59;
	struct sim_spec spec = calm;
	double before;
	struct bed b;
	int i;

	spec.servers = servers;
	begin_before_leap(&b, &spec, faulty, 400);
	hear_all_of(&b, 20, announced);
	assert_int_equal(b.result, TS_OK);
	assert_int_equal(ts_leap(&b.pool), announced);
	before = width(&b);
	assert_in_range(ts_leap_wait(&b.pool, b.sim.counter), 19e9, 21e9);
	sim_wait(&b.sim, ts_leap_wait(&b.pool, b.sim.counter) - 1e6);
	look_now(&b);
	assert_false(b.clock.holding);
	sim_wait(&b.sim, 2e6);
	look_now(&b);
	assert_true(b.clock.holding && inside(&b));
	assert_true(width(&b) > 1e9);
	/* An answer before it decides nothing */
	hear_of(&b, 0, announced);
	assert_true(b.clock.holding && inside(&b));
	assert_in_range(ts_leap_wait(&b.pool, b.sim.counter), 60.5e9, 61.5e9);
	sim_wait(&b.sim, 60e9);
	b.sim.truth -= leap * SECOND;
	assert_true(inside(&b));
	assert_int_equal(ts_leap(&b.pool), announced);
	sim_wait(&b.sim, 2e9);
	for (i = 0; i < servers; i++) {
		assert_int_equal(b.clock.holding, i <= faulty);
		hear_of(&b, i, NTP_LEAP_NONE);
		assert_true(inside(&b));
		assert_int_equal(ts_leap(&b.pool), NTP_LEAP_NONE);
	}
	/* As good as before, as it is known how fast the counter is */
	assert_true(width(&b) < before * 1.5);
	assert_true(ts_leap_wait(&b.pool, b.sim.counter) == UINT64_MAX);
	assert_int_equal(b.pool.leap.at, 0);
	hear_all_of(&b, 20, NTP_LEAP_NONE);
	assert_true(inside(&b) && !b.clock.holding && b.result == TS_OK);
	for (i = 0; i < servers; i++)
		assert_int_equal(b.pool.server[i].estimator.contradictions, 0);
}

static void leap_seconds_are_covered(void **state)
{
	(void)state;
	over_a_leap_second(1, 0, 1);
	over_a_leap_second(1, 0, -1);
	over_a_leap_second(3, 1, 1);
	over_a_leap_second(3, 0, -1);
	over_a_leap_second(5, 2, 1);
}

/* It goes on being covered: the others may be the ones that are wrong; an hour later they are forgotten */
static void who_is_silent_after_it_is_undecided(void **state)
{
	struct bed b;
	int i;

	(void)state;
	begin_before_leap(&b, &calm, 1, 400);
	hear_all_of(&b, 20, NTP_LEAP_61);
	sim_wait(&b.sim, 50e9);
	look_now(&b);
	sim_wait(&b.sim, 40e9);
	b.sim.truth -= SECOND;
	hear_of(&b, 0, NTP_LEAP_NONE);
	assert_true(b.clock.holding && inside(&b) && width(&b) > 1e9);
	/* The one that was heard may be wrong: the time is that of the others */
	assert_true(b.clock.err_low > 900000000);
	hear_of(&b, 1, NTP_LEAP_NONE);
	assert_true(!b.clock.holding && inside(&b) && width(&b) < 1e6);
	assert_true(b.pool.server[2].has_clock);
	for (i = 0; i < 240; i++) {
		hear_of(&b, 0, NTP_LEAP_NONE);
		hear_of(&b, 1, NTP_LEAP_NONE);
		assert_true(!b.clock.holding && inside(&b));
		sim_wait(&b.sim, 16e9);
	}
	assert_false(b.pool.server[2].has_clock);
	assert_int_equal(b.pool.leap.at, 0);
}

static void one_may_be_wrong_about_it(void **state)
{
	struct bed b;

	(void)state;
	begin_before_leap(&b, &calm, 1, 400);
	rounds(&b, 20, 0);
	hear_of(&b, 0, NTP_LEAP_61);
	assert_false(ts_leap_is_ahead(&b.pool));
	assert_true(ts_leap_wait(&b.pool, b.sim.counter) == UINT64_MAX);
	hear_of(&b, 1, NTP_LEAP_61);
	assert_true(ts_leap_is_ahead(&b.pool));
	/* They take it back */
	hear_of(&b, 1, NTP_LEAP_NONE);
	assert_false(ts_leap_is_ahead(&b.pool));
	sim_wait(&b.sim, 100e9);
	look_now(&b);
	assert_true(!b.clock.holding && inside(&b));
}

/* Also where nobody has looked in the minute before it, as where exchanges are replayed */
static void it_is_seen_when_it_is_over(void **state)
{
	struct bed b;
	int i;

	(void)state;
	begin_before_leap(&b, &calm, 1, 400);
	hear_all_of(&b, 20, NTP_LEAP_61);
	sim_wait(&b.sim, 100e9);
	b.sim.truth -= SECOND;
	for (i = 0; i < 3; i++) {
		hear_of(&b, i, NTP_LEAP_NONE);
		assert_int_equal(b.clock.holding, i == 0);
		assert_true(inside(&b));
	}
	assert_true(width(&b) < 1e6);
}

/* What comes amid it is no sample, whichever second the server is in */
static void nothing_is_taken_amid_it(void **state)
{
	struct ntp_exchange x;
	struct bed b;

	(void)state;
	begin_before_leap(&b, &calm, 1, 400);
	hear_all_of(&b, 20, NTP_LEAP_61);
	sim_wait(&b.sim, 80e9 - 0.5e9);
	look_now(&b);
	assert_true(sim_exchange(&b.sim, 0, &x));
	assert_int_equal(ts_take(&b.pool, 0, &x), NTP_LEAPING);
	b.sim.truth -= SECOND;
	assert_true(sim_exchange(&b.sim, 0, &x));
	assert_int_equal(ts_take(&b.pool, 0, &x), NTP_LEAPING);
	assert_int_equal(b.pool.server[0].refused[NTP_LEAPING], 2);
	/* The counter was disrupted: what it was by that is not known any more */
	ts_reset(&b.pool);
	hear_all_of(&b, 20, NTP_LEAP_NONE);
	assert_true(inside(&b) && !b.clock.holding && b.result == TS_OK);
}

/* It leaves open whether there was one: what was before tells nothing any more */
static void a_vague_answer_after_it(void **state)
{
	struct bed b;
	struct ntp_exchange x;

	(void)state;
	begin_before_leap(&b, &calm, 0, 400);
	b.pool.servers = 1;
	hear_all_of(&b, 20, NTP_LEAP_61);
	sim_wait(&b.sim, 100e9);
	b.sim.truth -= SECOND;
	assert_true(sim_exchange(&b.sim, 0, &x));
	x.root_dispersion = ntp_short(1200000000);
	assert_int_equal(ts_take(&b.pool, 0, &x), NTP_TAKEN);
	b.result = ts_clock(&b.pool, x.after, &b.clock);
	sim_wait(&b.sim, 1000);
	assert_true(inside(&b) && width(&b) > 2e9);
	hear_all_of(&b, 5, NTP_LEAP_NONE);
	assert_true(inside(&b) && !b.clock.holding && width(&b) < 1e7);
}

/* For who cannot see to it */
static void it_is_covered_for_ever(void **state)
{
	struct bed b;

	(void)state;
	begin_before_leap(&b, &calm, 1, 400);
	hear_all_of(&b, 5, NTP_LEAP_61);
	look_now(&b);
	assert_true(width(&b) < 1e7);
	ts_leap_cover(&b.pool, &b.clock);
	assert_true(b.clock.holding);
	sim_wait(&b.sim, 1000e9);
	b.sim.truth -= SECOND;
	assert_true(inside(&b));
}

/* As VMClock promises: each bound within the one before */
static void bounds_are_nested(void **state)
{
	uint64_t low, high;
	struct te_clock old;
	struct bed b;
	int64_t time;
	int i;

	(void)state;
	begin(&b, &calm, 1);
	rounds(&b, 2, 0);
	for (i = 0; i < 300; i++) {
		old = b.clock;
		hear(&b, i % 3);
		te_read(&old, b.clock.counter, &time, &low, &high);
		assert_true(b.clock.time_ns - (int64_t)b.clock.err_low >= time - (int64_t)low);
		assert_true(b.clock.time_ns + (int64_t)b.clock.err_high <= time + (int64_t)high);
		sim_wait(&b.sim, 5e9);
	}
}

static void nonsense_is_refused(void **state)
{
	struct te_config config = { .hz = SIM_HZ, .memory_ns = TE_MEMORY_MAX };
	struct ntp_exchange x = { .before = 2, .after = 1 };
	struct ts_pool p;

	(void)state;
	assert_false(ts_init(&p, &config, 0, 0, SIM_PIVOT));
	assert_false(ts_init(&p, &config, TS_SERVERS + 1, 0, SIM_PIVOT));
	assert_false(ts_init(&p, &config, 3, 3, SIM_PIVOT));
	assert_true(ts_init(&p, &config, 1, 0, SIM_PIVOT));
	assert_int_equal(ts_take(&p, 0, &x), NTP_BROKEN);
	ts_refuse(&p, 0, NTP_FORGED);
	assert_int_equal(p.server[0].refused[NTP_BROKEN], 1);
	assert_int_equal(p.server[0].refused[NTP_FORGED], 1);
	assert_int_equal(p.server[0].refused[NTP_TAKEN], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_every_point_says),
		cmocka_unit_test(truth_survives_liars),
		cmocka_unit_test(one_of_three_may_be_silent),
		cmocka_unit_test(a_liar_is_shown),
		cmocka_unit_test(a_turncoat_is_borne),
		cmocka_unit_test(a_step_of_all_is_covered),
		cmocka_unit_test(too_many_liars_are_told),
		cmocka_unit_test(one_server_is_as_its_estimator),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(bounds_are_nested),
		cmocka_unit_test(leap_seconds_are_covered),
		cmocka_unit_test(who_is_silent_after_it_is_undecided),
		cmocka_unit_test(one_may_be_wrong_about_it),
		cmocka_unit_test(it_is_seen_when_it_is_over),
		cmocka_unit_test(nothing_is_taken_amid_it),
		cmocka_unit_test(a_vague_answer_after_it),
		cmocka_unit_test(it_is_covered_for_ever),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests_name("timeline servers", tests, NULL, NULL);
}
