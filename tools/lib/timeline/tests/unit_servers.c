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
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests_name("timeline servers", tests, NULL, NULL);
}
