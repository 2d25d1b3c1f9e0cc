// SPDX-License-Identifier: GPL-2.0
/* Admission, against a search of all CPUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include CORE_H
#include "rand.h"

static struct cpumask masks[VBS_BUCKETS];
static struct vbs_adm_cpu cpus[NR_CPUS];
static struct vbs_admission adm;

/* The books, kept a second time */
static s64 capacity[NR_CPUS], booked[NR_CPUS];
static bool online[NR_CPUS];

static void init(void)
{
	memset(masks, 0, sizeof(masks));
	memset(cpus, 0, sizeof(cpus));
	memset(capacity, 0, sizeof(capacity));
	memset(booked, 0, sizeof(booked));
	memset(online, 0, sizeof(online));
	adm = (struct vbs_admission){ .cpu = cpus, .mask = masks };
}

static void set_capacity(int cpu, u32 c)
{
	capacity[cpu] = c;
	vbs_adm_set_capacity(&adm, cpu, c);
}

static void set_online(int cpu, bool on)
{
	online[cpu] = on;
	vbs_adm_set_online(&adm, cpu, on);
}

static void book(int cpu, u32 bw)
{
	booked[cpu] += bw;
	vbs_adm_book(&adm, cpu, bw);
}

static void release(int cpu, u32 bw)
{
	booked[cpu] -= bw;
	vbs_adm_free(&adm, cpu, bw);
}

static s64 spare_of(int cpu)
{
	s64 spare = capacity[cpu] - booked[cpu];

	return spare > 0 ? spare : 0;
}

static void check_best(const struct cpumask *mask)
{
	int cpu, best = -1;
	u32 spare = 12345;

	for (cpu = 0; cpu < NR_CPUS; cpu++)
		if (online[cpu] && cpumask_test_cpu((unsigned int)cpu, mask) &&
		    (best < 0 || spare_of(cpu) > spare_of(best)))
			best = cpu;
	assert_int_equal(vbs_adm_best(&adm, mask, U32_MAX, &spare), best);
	assert_int_equal(spare, best < 0 ? 0 : spare_of(best));
}

/* Each CPU online is in the bucket of its spare bandwidth and in no other */
static void check_buckets(void)
{
	for (int b = 0; b < VBS_BUCKETS; b++) {
		assert_int_equal(adm.buckets >> b & 1, !cpumask_empty(&masks[b]));
		for (int cpu = 0; cpu < NR_CPUS; cpu++) {
			s64 in = spare_of(cpu) * VBS_BUCKETS / VBS_BW_UNIT;

			if (in >= VBS_BUCKETS)
				in = VBS_BUCKETS - 1;
			assert_int_equal(cpumask_test_cpu((unsigned int)cpu,
							  &masks[b]),
					 online[cpu] && in == b);
		}
	}
}

static void check_cpu(int cpu, u32 bw)
{
	assert_int_equal(cpus[cpu].booked, booked[cpu]);
	assert_int_equal(vbs_adm_spare(&adm, cpu), spare_of(cpu));
	assert_int_equal(vbs_adm_fits(&adm, cpu, bw),
			 online[cpu] && bw <= spare_of(cpu));
}

static void test_none(void **state)
{
	struct cpumask mask;

	(void)state;
	init();
	cpumask_clear(&mask);
	check_best(&mask);
	memset(&mask, 0xff, sizeof(mask));
	check_best(&mask);
	set_capacity(3, VBS_BW_UNIT);		/* offline: is not offered */
	check_best(&mask);
	assert_false(vbs_adm_fits(&adm, 3, 1));
	assert_false(vbs_adm_fits(&adm, 3, 0));
}

/* To the last unit: what is spare fits, one more does not */
static void test_exact(void **state)
{
	(void)state;
	init();
	set_online(0, true);
	set_capacity(0, 943718);
	assert_true(vbs_adm_fits(&adm, 0, 943718));
	assert_false(vbs_adm_fits(&adm, 0, 943719));
	book(0, 943717);
	assert_true(vbs_adm_fits(&adm, 0, 1));
	assert_false(vbs_adm_fits(&adm, 0, 2));
	book(0, 1);
	assert_true(vbs_adm_fits(&adm, 0, 0));
	assert_false(vbs_adm_fits(&adm, 0, 1));
	check_buckets();
}

/* Lowered below what is booked: nothing is spare, until enough is freed */
static void test_overbooked(void **state)
{
	(void)state;
	init();
	set_online(0, true);
	set_capacity(0, VBS_BW_UNIT);
	book(0, 900000);
	set_capacity(0, 500000);
	check_cpu(0, 1);
	check_buckets();
	release(0, 300000);
	check_cpu(0, 1);
	assert_int_equal(vbs_adm_spare(&adm, 0), 0);
	release(0, 100001);
	assert_int_equal(vbs_adm_spare(&adm, 0), 1);
	check_cpu(0, 1);
	set_capacity(0, 0);
	check_cpu(0, 0);
	check_buckets();
}

/*
 * What SCHED_DEADLINE counts of a share: 10 shares of 1/10 of a CPU of half the
 * speed are half of a fast CPU, and what is left of a domain can be booked to the
 * last unit on either, but not one more.
 */
static void test_capacity_scale(void **state)
{
	struct rnd r = { 11 };

	(void)state;
	assert_int_equal(vbs_bw_to_capacity(VBS_BW_UNIT, 1024), VBS_BW_UNIT);
	assert_int_equal(vbs_bw_to_capacity(VBS_BW_UNIT, 512), VBS_BW_UNIT / 2);
	assert_int_equal(vbs_bw_to_capacity(1, 1), 1);
	assert_int_equal(vbs_bw_of_capacity(VBS_BW_UNIT / 2, 512), VBS_BW_UNIT);
	assert_int_equal(vbs_bw_of_capacity(UINT32_MAX, 1), UINT32_MAX);
	for (int i = 0; i < 100000; i++) {
		unsigned long capacity = 1 + rnd_below(&r, 1024);
		u32 left = (u32)rnd_scaled(&r, 32);
		u32 most = vbs_bw_of_capacity(left, capacity);

		assert_true(vbs_bw_to_capacity(most, capacity) <= left);
		if (most < UINT32_MAX)
			assert_true(vbs_bw_to_capacity(most + 1, capacity) > left);
	}
}

/* Within a bucket it is the exact maximum that counts; the lowest of equals */
static void test_ties(void **state)
{
	struct cpumask mask;
	u32 spare;

	(void)state;
	init();
	memset(&mask, 0xff, sizeof(mask));
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		set_capacity(cpu, 500000);
		set_online(cpu, true);
	}
	assert_int_equal(vbs_adm_best(&adm, &mask, U32_MAX, &spare), 0);
	set_capacity(200, 500001);
	set_capacity(100, 500001);
	assert_int_equal(vbs_adm_best(&adm, &mask, U32_MAX, &spare), 100);
	assert_int_equal(spare, 500001);
	cpumask_clear_cpu(100, &mask);
	assert_int_equal(vbs_adm_best(&adm, &mask, U32_MAX, &spare), 200);
	check_buckets();
}

/* Who wants less than the best has gets a CPU that has it, at most a bucket below */
static void check_wanted(const struct cpumask *mask, u32 want)
{
	u32 most, spare;
	int best = vbs_adm_best(&adm, mask, U32_MAX, &most);
	int cpu = vbs_adm_best(&adm, mask, want, &spare);

	assert_int_equal(cpu < 0, best < 0);
	if (cpu < 0)
		return;
	assert_true(online[cpu] && cpumask_test_cpu((unsigned int)cpu, mask));
	assert_int_equal(spare, spare_of(cpu));
	if (want > most)
		assert_int_equal(cpu, best);
	else
		assert_true(spare >= want);
	if (most < VBS_BW_UNIT)
		assert_true(most - spare < VBS_BW_UNIT / VBS_BUCKETS);
}

/* The last of many that are nearly alike is found where no other has enough */
static void test_wanted(void **state)
{
	struct cpumask mask;
	u32 spare;

	(void)state;
	init();
	memset(&mask, 0xff, sizeof(mask));
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		set_capacity(cpu, 500000 + (cpu == NR_CPUS - 1));
		set_online(cpu, true);
	}
	assert_int_equal(vbs_adm_best(&adm, &mask, 500000, &spare), 0);
	assert_int_equal(vbs_adm_best(&adm, &mask, 500001, &spare), NR_CPUS - 1);
	assert_int_equal(vbs_adm_best(&adm, &mask, 500002, &spare), NR_CPUS - 1);
	assert_int_equal(spare, 500001);
}

/* A mask whose only CPU is in the lowest bucket, under fuller ones */
static void test_low_bucket(void **state)
{
	struct cpumask mask;

	(void)state;
	init();
	for (int cpu = 0; cpu < 64; cpu++) {
		set_capacity(cpu, (u32)cpu << VBS_BUCKET_SHIFT);
		set_online(cpu, true);
	}
	for (int cpu = 0; cpu < 64; cpu++) {
		cpumask_clear(&mask);
		cpumask_set_cpu((unsigned int)cpu, &mask);
		check_best(&mask);
	}
	check_buckets();
}

static void test_overflow(void **state)
{
	(void)state;
	init();
	set_online(0, true);
	set_capacity(0, U32_MAX);
	check_buckets();
	book(0, U32_MAX - 1);
	check_cpu(0, 1);
	shim_warn_expected = true;
	vbs_adm_book(&adm, 0, 2);
	assert_int_equal(shim_warnings, 1);
	assert_int_equal(cpus[0].booked, U32_MAX);
	vbs_adm_free(&adm, 0, U32_MAX);
	vbs_adm_free(&adm, 0, 1);
	assert_int_equal(shim_warnings, 2);
	assert_int_equal(cpus[0].booked, 0);
	shim_warn_expected = false;
	shim_warnings = 0;
}

static void random_step(struct rnd *r, int nr)
{
	int cpu = (int)rnd_below(r, (u64)nr);
	u32 bw = (u32)rnd_scaled(r, VBS_BW_SHIFT);

	switch (rnd_below(r, 8)) {
	case 0:
		set_capacity(cpu, (u32)rnd_below(r, VBS_BW_UNIT + 1));
		break;
	case 1:
		set_online(cpu, rnd_one_in(r, 2));
		break;
	case 2: case 3: case 4:
		if (vbs_adm_fits(&adm, cpu, bw) || rnd_one_in(r, 50))
			book(cpu, bw);
		break;
	default:
		if (booked[cpu])
			release(cpu, (u32)rnd_below(r, (u64)booked[cpu] + 1));
	}
	check_cpu(cpu, bw);
}

static void test_random(void **state)
{
	static const int sizes[] = { 1, 2, 8, 70, NR_CPUS };
	struct rnd r = { rnd_seed("admit") };
	struct cpumask mask;

	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(sizes); s++) {
		init();
		for (unsigned int i = 0; i < 20000; i++) {
			random_step(&r, sizes[s]);
			for (int w = 0; w < NR_CPUS / 64; w++)
				mask.bits[w] = rnd_next(&r) | rnd_next(&r);
			if (rnd_one_in(&r, 2))
				mask.bits[0] &= rnd_next(&r) & rnd_next(&r);
			check_best(&mask);
			check_wanted(&mask, (u32)rnd_scaled(&r, VBS_BW_SHIFT));
			if (i % 64 == 0)
				check_buckets();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_overbooked),
		cmocka_unit_test(test_capacity_scale),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_low_bucket),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_random),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("admit", tests, NULL, NULL);
}
