// SPDX-License-Identifier: GPL-2.0
/* Capacity, blackout, tardiness and switches. */
#include "base/tests/unit.h"

#include <linux/sched/vbs.h>

#include "analyze/sets.h"

static struct machine defaults(void)
{
	struct machine m;

	machine_defaults(&m);
	return m;
}

static void default_capacity_is_ninety_percent(void **state)
{
	struct machine m = defaults();

	(void)state;
	assert_int_equal(capacity_host(&m), 943719);
	m.rt_runtime = -1;
	assert_int_equal(capacity_host(&m), 943719);
	m.fair_runtime = 0;
	assert_int_equal(capacity_host(&m), 996147);
	m.rt_runtime = 0;
	assert_int_equal(capacity_host(&m), 0);
	machine_defaults(&m);
	m.rt_runtime = 10000;	/* less than the fair server has */
	assert_int_equal(capacity_host(&m), 0);
}

/* With all of the CPU for real-time tasks the queue's unit is what limits */
static void queue_unit_limits(void **state)
{
	struct machine m = defaults();

	(void)state;
	m.rt_runtime = m.rt_period;
	m.fair_runtime = 0;
	assert_int_equal(capacity_host(&m), ((100000ULL - 1024) << 20) / 101024);
}

static void capacity_in_a_vcpu(void **state)
{
	struct resource vcpu = { 5 * MS, 10 * MS };
	struct machine m = defaults();

	(void)state;
	assert_int_equal(capacity_guest(&m, &vcpu), 0);
	m.limits.period_min = 10 * MS;
	assert_int_equal(capacity_guest(&m, &vcpu), 0);
	m.limits.period_min = 20 * MS;
	assert_int_equal(capacity_guest(&m, &vcpu),
			 (5 * (10000000ULL - 1024) << 20) / 10 / 20001024);
	vcpu.runtime = vcpu.period;
	assert_int_equal(capacity_guest(&m, &vcpu), capacity_host(&m));
}

static struct server_set two(void)
{
	return (struct server_set){ .servers = 2, .server = {
		{ { 3 * MS, 10 * MS }, 314573 }, { { 1 * MS, 2 * MS }, 524288 } } };
}

static void caps_add_up(void **state)
{
	struct server_set set = two();

	(void)state;
	assert_int_equal(set_booked(&set), 314573 + 524288);
	assert_int_equal(cap_with_overhead(&set.server[0], 5 * US),
			 ((3005ULL << 20) + 9999) / 10000);
	assert_int_equal(cap_with_overhead(&set.server[0], 0), 314573);
}

static const struct vbs_limits limits = {
	.runtime_max = 100 * MS, .period_max = 1000 * MS,
};

static uint64_t blackout_of(const struct server_set *set, enum assumption assume)
{
	struct rest rest = { .set = set, .limits = &limits, .assume = assume };
	u128 ns;

	assert_true(set_blackout(&rest, &ns));
	return ns;
}

static uint64_t tardiness_of(const struct server_set *set, enum assumption assume)
{
	struct rest rest = { .set = set, .limits = &limits, .assume = assume };
	u128 ns;

	assert_true(set_tardiness(&rest, &ns));
	return ns;
}

/* (3*0.7 + 1*0.5)/0.2; one server alone: its budget */
static void blackout_in_user_mode(void **state)
{
	struct server_set set = two();

	(void)state;
	assert_int_equal(blackout_of(&set, USER_MODE), 13 * MS);
	set.servers = 1;
	assert_int_equal(blackout_of(&set, USER_MODE), 3 * MS);
}

/* (3*(4 - 0.9) + 1*(4 - 1.5))/0.2; alone: 3*(4 - 0.9)/0.7 */
static void blackout_in_kernel_mode(void **state)
{
	struct server_set set = two();

	(void)state;
	assert_int_equal(blackout_of(&set, KERNEL_MODE), 59 * MS);
	set.servers = 1;
	assert_int_equal(blackout_of(&set, KERNEL_MODE), 13285715);
}

/*
 * Half a CPU: 100 ms and 3 more of each 200 ms; a cap of 1 %: 10 ms of a second.
 * No less than what the server has, whatever the limits are.
 */
static void blackout_when_switching(void **state)
{
	struct server_set set = { .servers = 1, .server = { { { 1 * MS, 2 * MS }, VBS_BW_UNIT / 2 } } };

	(void)state;
	assert_int_equal(blackout_of(&set, SWITCHING), 500 * MS);
	set.server[0] = (struct server_spec){ { 1 * MS, 100 * MS }, VBS_BW_UNIT / 128 };
	assert_in_range(blackout_of(&set, SWITCHING), 4 * 7812500ULL, 4 * 7812500ULL + 62000);
	set.server[0] = (struct server_spec){ { 200 * MS, 400 * MS }, VBS_BW_UNIT / 2 };
	assert_int_equal(blackout_of(&set, SWITCHING), 1000 * MS);
}

/* (2*3*0.7 + 2*1*0.5)/0.2, and 3*(3 + 1)/0.2 */
static void deadline_tardiness(void **state)
{
	struct server_set set = two();

	(void)state;
	assert_int_equal(tardiness_of(&set, USER_MODE), 26 * MS);
	assert_int_equal(tardiness_of(&set, KERNEL_MODE), 86 * MS);
}

/* A vCPU of (8,10) is away for 2*2*0.8 and 20 %: (3*0.7 + 3.2)/(1 - 0.3 - 0.2) */
static void rest_of_a_vcpu(void **state)
{
	struct server_set set = two();
	struct rest rest = { .set = &set, .limits = &limits, .vcpu = { 8 * MS, 10 * MS } };
	u128 ns;

	(void)state;
	assert_false(set_blackout(&rest, &ns));
	set.servers = 1;
	assert_true(set_blackout(&rest, &ns));
	assert_int_equal((uint64_t)ns, 10600 * US);
}

/* Periods that have nothing in common: U has no 128-bit form, but there is a bound */
static void odd_periods_have_a_bound(void **state)
{
	static const int us[] = { 9973, 9967, 9949, 9941, 9931, 9929, 9923, 9907 };
	struct server_set set = { .servers = 0 };
	double sum = 0, all = 0, u;
	int i, n;

	(void)state;
	for (n = 1; n <= 8; n++) {
		set.server[set.servers++] = (struct server_spec){ { 1 * MS, us[n - 1] * US }, 105000 };
		sum = all = 0;
		for (i = 0; i < n; i++) {
			u = 1000.0 / us[i];
			sum += 1e6 * (1 - u);
			all += u;
		}
		assert_true(blackout_of(&set, USER_MODE) >= (uint64_t)(sum / (1 - all)));
		assert_true(blackout_of(&set, USER_MODE) <= (sum + n) / (1 - all) + 2);
		assert_true(tardiness_of(&set, KERNEL_MODE) > blackout_of(&set, USER_MODE));
	}
}

static void no_bound(void **state)
{
	struct server_set set = two();
	struct rest rest = { .set = &set, .limits = &limits };
	u128 ns;

	(void)state;
	set.server[0].res.runtime = 5 * MS;
	assert_false(set_blackout(&rest, &ns));
	assert_false(set_tardiness(&rest, &ns));
}

static void demand_of_a_window(void **state)
{
	struct resource r = { 3 * MS, 10 * MS };

	(void)state;
	assert_int_equal((uint64_t)demand_bound(&r, 100 * MS, false), 34200 * US);
	assert_int_equal((uint64_t)demand_bound(&r, 100 * MS, true), 43200 * US);
	assert_int_equal((uint64_t)demand_bound(&r, 1 * MS, false), 1 * MS);
}

/* 50 of (50,100) at cap 1/2, then (1,2): z - t = 50 ms, and 1 ms more */
static void switch_latency(void **state)
{
	struct change c = {
		.from = { 50 * MS, 100 * MS }, .to = { 1 * MS, 2 * MS }, .cap = VBS_BW_UNIT / 2,
	};

	(void)state;
	assert_int_equal((uint64_t)switch_bound(&c, false), 51 * MS);
	assert_int_equal((uint64_t)switch_bound(&c, true), 201 * MS);
	c.aligned = true;
	assert_int_equal((uint64_t)switch_bound(&c, false), 53 * MS);
	c.aligned = false;
	c.cap = VBS_BW_UNIT;
	assert_int_equal((uint64_t)switch_bound(&c, false), 1 * MS);
}

/*
 * A release costs @cost, which stands for consumed when an instance begins, and @section is
 * what a member has to do in the kernel when its budget ends.  Whenever the switch comes, from
 * @ran on in the instance that began at 0, z is what is consumed over the cap; the next one has
 * that cost, too, and as much may be done in the kernel at the end of it.
 */
static uint64_t worst_switch(const struct change *c, uint64_t cost, uint64_t section, uint64_t inverse)
{
	uint64_t ran, worst = 0, wait, z;

	for (ran = 0; ran <= c->from.runtime - cost + section; ran++) {
		z = (cost + ran) * inverse;
		wait = z > ran ? z - ran : 0;
		worst = wait > worst ? wait : worst;
	}
	return worst + c->to.period - (c->to.runtime - cost);
}

static void switches_pay_for_releases(void **state)
{
	struct change c = { .from = { 0, 40 }, .to = { 3, 9 } };
	uint64_t inverse, cost;

	(void)state;
	for (inverse = 1; inverse <= 4; inverse *= 2)
	for (c.from.runtime = 3; c.from.runtime * inverse <= c.from.period; c.from.runtime++)
	for (c.overhead = 0; c.overhead <= 2; c.overhead++)
	for (cost = 0; cost <= c.overhead; cost++) {
		uint64_t worst = worst_switch(&c, cost, c.overhead - cost, inverse);

		c.cap = VBS_BW_UNIT / inverse;
		assert_true(worst <= (uint64_t)switch_bound(&c, false));
		/* All of it: three budgets more, of which each begins with a cost */
		worst = worst_switch(&c, cost, 3 * c.from.runtime, inverse);
		assert_true(worst <= (uint64_t)switch_bound(&c, true));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_capacity_is_ninety_percent),
		cmocka_unit_test(queue_unit_limits),
		cmocka_unit_test(capacity_in_a_vcpu),
		cmocka_unit_test(caps_add_up),
		cmocka_unit_test(blackout_in_user_mode),
		cmocka_unit_test(blackout_in_kernel_mode),
		cmocka_unit_test(blackout_when_switching),
		cmocka_unit_test(deadline_tardiness),
		cmocka_unit_test(rest_of_a_vcpu),
		cmocka_unit_test(odd_periods_have_a_bound),
		cmocka_unit_test(no_bound),
		cmocka_unit_test(demand_of_a_window),
		cmocka_unit_test(switch_latency),
		cmocka_unit_test(switches_pay_for_releases),
	};

	return cmocka_run_group_tests_name("sets", tests, NULL, NULL);
}
