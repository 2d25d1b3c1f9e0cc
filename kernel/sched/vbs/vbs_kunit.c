// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the SCHED_VBS core inside the kernel: the queue, admission and
 * the arithmetic of servers at its limits, with the kernel's own lists, bit
 * operations, CPU masks and divisions.  The state machine is tested in user
 * space, tests/unit in the repository of the patchset, against a model.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "core/core.h"

#define NR_ENTS		64

struct vbs_bench {
	struct vbs_pool pool;
	struct vbs_queue q;
	struct vbs_qent ent[NR_ENTS];
	u64 tick[NR_ENTS];
	u64 seq[NR_ENTS];
	u64 next_seq;
	struct vbs_qnode node[NR_ENTS * VBS_NODES_PER_ENT];
};

static struct vbs_bench *vbs_bench_get(struct kunit *test)
{
	struct vbs_bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	vbs_queue_init(&b->q, &b->pool);
	for (i = 0; i < ARRAY_SIZE(b->node); i++)
		vbs_pool_give(&b->pool, &b->node[i]);
	return b;
}

/* ---- queue ------------------------------------------------------------- */

static void vbs_bench_add(struct vbs_bench *b, int i, u64 when, u64 now)
{
	vbs_queue_add(&b->q, &b->ent[i], when, now);
	b->tick[i] = when >> VBS_KEY_SHIFT;
	b->seq[i] = b->next_seq++;
}

static bool vbs_bench_before(const struct vbs_bench *b, int i, int k)
{
	return b->tick[i] < b->tick[k] ||
	       (b->tick[i] == b->tick[k] && b->seq[i] < b->seq[k]);
}

/* The first entry, found by looking at each */
static struct vbs_qent *vbs_bench_first(struct vbs_bench *b)
{
	int i, best = -1;

	for (i = 0; i < NR_ENTS; i++) {
		if (b->ent[i].queued && (best < 0 || vbs_bench_before(b, i, best)))
			best = i;
	}
	return best < 0 ? NULL : &b->ent[best];
}

static void vbs_test_queue_order(struct kunit *test)
{
	struct vbs_bench *b = vbs_bench_get(test);
	u32 rnd = 42;
	u64 now = 0;
	int i, step;

	for (step = 0; step < 20000; step++) {
		rnd = next_pseudo_random32(rnd);
		i = (rnd >> 16) % NR_ENTS;
		now += rnd;		/* 2 s: the horizon passes 2000 times */
		/* What is overdue has been served */
		while (b->q.first && b->q.first->when < now)
			vbs_queue_del(&b->q, b->q.first);
		if (b->ent[i].queued)
			vbs_queue_del(&b->q, &b->ent[i]);
		rnd = next_pseudo_random32(rnd);
		if (rnd % 4)
			vbs_bench_add(b, i, now + ((u64)rnd >> rnd % 32), now);
		KUNIT_ASSERT_PTR_EQ(test, b->q.first, vbs_bench_first(b));
	}
	while (b->q.first) {
		KUNIT_ASSERT_PTR_EQ(test, b->q.first, vbs_bench_first(b));
		vbs_queue_del(&b->q, b->q.first);
	}
	KUNIT_EXPECT_EQ(test, b->pool.nr_free, b->pool.nr);
}

static void vbs_test_queue_fifo(struct kunit *test)
{
	struct vbs_bench *b = vbs_bench_get(test);
	int i;

	for (i = 0; i < NR_ENTS; i++)
		vbs_queue_add(&b->q, &b->ent[i], 1024000 + 1023 - i, 0);
	for (i = 0; i < NR_ENTS; i++) {
		KUNIT_EXPECT_PTR_EQ(test, b->q.first, &b->ent[i]);
		vbs_queue_del(&b->q, &b->ent[i]);
	}
	KUNIT_EXPECT_NULL(test, b->q.first);
}

/*
 * Keys that share no node, and have had one near: their paths take two nodes each, which
 * are all but those of the one that went from place to place, and no more
 */
static void vbs_test_queue_nodes(struct kunit *test)
{
	struct vbs_bench *b = vbs_bench_get(test);
	const int last = NR_ENTS - 1;
	int i;

	for (i = 0; i < last; i++) {
		vbs_queue_add(&b->q, &b->ent[i], (u64)i << 27, 0);
		vbs_queue_add(&b->q, &b->ent[last], ((u64)i << 27) + 1024, 0);
		vbs_queue_del(&b->q, &b->ent[last]);
	}
	KUNIT_EXPECT_EQ(test, b->pool.nr_free, 2);
	vbs_queue_add(&b->q, &b->ent[last], (u64)last << 27, 0);
	for (i = 0; i < NR_ENTS; i++) {
		vbs_queue_del(&b->q, &b->ent[i]);
		KUNIT_EXPECT_NOT_NULL(test, vbs_pool_take(&b->pool));
		KUNIT_EXPECT_NOT_NULL(test, vbs_pool_take(&b->pool));
	}
	KUNIT_EXPECT_EQ(test, b->pool.nr, 0);
}

/* Instants beyond the horizon, the ends of u64 and a first that is late */
static void vbs_test_queue_limits(struct kunit *test)
{
	struct vbs_bench *b = vbs_bench_get(test);
	u64 now = 1000ULL * NSEC_PER_SEC;

	vbs_queue_add(&b->q, &b->ent[0], U64_MAX, now);
	vbs_queue_add(&b->q, &b->ent[1], now, now);
	vbs_queue_add(&b->q, &b->ent[2], 0, now);
	KUNIT_EXPECT_PTR_EQ(test, b->q.first, &b->ent[2]);
	vbs_queue_del(&b->q, &b->ent[2]);
	KUNIT_EXPECT_PTR_EQ(test, b->q.first, &b->ent[1]);
	now += 1000ULL * NSEC_PER_SEC;
	vbs_queue_add(&b->q, &b->ent[2], now, now);
	KUNIT_EXPECT_PTR_EQ(test, b->q.first, &b->ent[1]);
	vbs_queue_del(&b->q, &b->ent[1]);
	KUNIT_EXPECT_PTR_EQ(test, b->q.first, &b->ent[0]);
	vbs_queue_del(&b->q, &b->ent[0]);
	KUNIT_EXPECT_PTR_EQ(test, b->q.first, &b->ent[2]);
}

/* ---- admission --------------------------------------------------------- */

static struct vbs_admission *vbs_books_get(struct kunit *test)
{
	struct vbs_admission *adm = kunit_kzalloc(test, sizeof(*adm), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, adm);
	adm->cpu = kunit_kcalloc(test, nr_cpu_ids, sizeof(*adm->cpu), GFP_KERNEL);
	adm->mask = kunit_kcalloc(test, VBS_BUCKETS, sizeof(*adm->mask), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, adm->cpu);
	KUNIT_ASSERT_NOT_NULL(test, adm->mask);
	return adm;
}

static void vbs_test_admission(struct kunit *test)
{
	struct vbs_admission *adm = vbs_books_get(test);
	u32 spare = 1;

	KUNIT_EXPECT_EQ(test, vbs_adm_best(adm, cpu_possible_mask, U32_MAX, &spare), -1);
	KUNIT_EXPECT_EQ(test, spare, 0);
	vbs_adm_set_capacity(adm, 0, 943718);
	KUNIT_EXPECT_FALSE(test, vbs_adm_fits(adm, 0, 1));
	vbs_adm_set_online(adm, 0, true);
	KUNIT_EXPECT_TRUE(test, vbs_adm_fits(adm, 0, 943718));
	KUNIT_EXPECT_FALSE(test, vbs_adm_fits(adm, 0, 943719));
	vbs_adm_book(adm, 0, 943718);
	KUNIT_EXPECT_EQ(test, vbs_adm_best(adm, cpu_possible_mask, U32_MAX, &spare), 0);
	KUNIT_EXPECT_EQ(test, spare, 0);
	vbs_adm_set_capacity(adm, 0, 1000);	/* by force */
	KUNIT_EXPECT_EQ(test, vbs_adm_spare(adm, 0), 0);
	vbs_adm_free(adm, 0, 943718);
	KUNIT_EXPECT_EQ(test, vbs_adm_spare(adm, 0), 1000);
	vbs_adm_set_capacity(adm, 0, VBS_BW_UNIT);
	KUNIT_EXPECT_TRUE(test, vbs_adm_fits(adm, 0, VBS_BW_UNIT));
	vbs_adm_set_online(adm, 0, false);
	KUNIT_EXPECT_EQ(test, adm->buckets, 0);
}

/* As many CPUs as there are; the most spare wins, of equals the lowest */
static void vbs_test_admission_best(struct kunit *test)
{
	struct vbs_admission *adm = vbs_books_get(test);
	int cpu, last = -1;
	u32 spare;

	for_each_possible_cpu(cpu) {
		vbs_adm_set_capacity(adm, cpu, 500000);
		vbs_adm_set_online(adm, cpu, true);
		last = cpu;
	}
	KUNIT_EXPECT_EQ(test, vbs_adm_best(adm, cpu_possible_mask, U32_MAX, &spare),
			cpumask_first(cpu_possible_mask));
	vbs_adm_set_capacity(adm, last, 500001);
	KUNIT_EXPECT_EQ(test, vbs_adm_best(adm, cpu_possible_mask, U32_MAX, &spare), last);
	KUNIT_EXPECT_EQ(test, spare, 500001);
	vbs_adm_book(adm, last, 500001);
	vbs_adm_best(adm, cpu_possible_mask, U32_MAX, &spare);
	KUNIT_EXPECT_EQ(test, spare, last ? 500000 : 0);
	KUNIT_EXPECT_EQ(test, vbs_adm_best(adm, cpumask_of(last), U32_MAX, &spare), last);
	KUNIT_EXPECT_EQ(test, spare, 0);
}

/* ---- arithmetic -------------------------------------------------------- */

static u64 vbs_least_cap(u64 runtime, u64 period, bool align)
{
	struct vbs_params p = {
		.runtime = runtime, .period = period, .align = align,
	};

	return vbs_bandwidth(&p);
}

static enum vbs_reject_reason vbs_fit(u64 runtime, u64 period, u32 cap, bool align)
{
	struct vbs_params p = {
		.runtime = runtime, .period = period, .cap = cap, .align = align,
	};

	return vbs_params_in_cap(&p);
}

static void vbs_test_params(struct kunit *test)
{
	const u64 top = VBS_PERIOD_LIMIT;

	KUNIT_EXPECT_EQ(test, vbs_least_cap(top, top, false), VBS_BW_UNIT);
	KUNIT_EXPECT_EQ(test, vbs_least_cap(100000, 100000, false), VBS_BW_UNIT);
	KUNIT_EXPECT_EQ(test, vbs_least_cap(10000, top, false), 11);
	KUNIT_EXPECT_EQ(test, vbs_least_cap(1000000, 3000000, false), 349526);
	KUNIT_EXPECT_GT(test, vbs_least_cap(top, top, true), VBS_BW_UNIT);
	KUNIT_EXPECT_EQ(test, vbs_fit(top, top, VBS_BW_UNIT, false), VBS_REJECT_NONE);
	KUNIT_EXPECT_EQ(test, vbs_fit(top, top, VBS_BW_UNIT - 1, false),
			VBS_REJECT_ABOVE_CAP);
	KUNIT_EXPECT_EQ(test, vbs_fit(10000, top, 11, false), VBS_REJECT_NONE);
	KUNIT_EXPECT_EQ(test, vbs_fit(10000, top, 10, false), VBS_REJECT_ABOVE_CAP);
	KUNIT_EXPECT_EQ(test, vbs_fit(511000, 1024000, VBS_BW_UNIT / 2, true),
			VBS_REJECT_NONE);
	KUNIT_EXPECT_EQ(test, vbs_fit(511001, 1024000, VBS_BW_UNIT / 2, true),
			VBS_REJECT_ALIGN_SLACK);
}

static struct vbs_server *vbs_server_get(struct kunit *test, u64 runtime,
					 u64 period, u32 cap)
{
	struct vbs_server *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct vbs_params p = {
		.runtime = runtime, .period = period, .cap = cap,
	};

	KUNIT_ASSERT_NOT_NULL(test, s);
	vbs_server_init(s, &p, 0);
	return s;
}

/* z is exact to the fraction, in pieces or at once, under an odd cap */
static void vbs_test_termination(struct kunit *test)
{
	struct vbs_server *s = vbs_server_get(test, 300000, 1000000, 350003);
	u32 rem;
	u64 z;
	int i;

	for (i = 0; i < 100000; i++)
		vbs_charge(s, 3);
	z = div_u64_rem(300000ULL << VBS_BW_SHIFT, 350003, &rem);
	KUNIT_EXPECT_EQ(test, s->z, z);
	KUNIT_EXPECT_EQ(test, s->z_rem, rem);
	KUNIT_EXPECT_EQ(test, vbs_termination(s), z + 1);
	KUNIT_EXPECT_EQ(test, vbs_budget_left(s), 0);
}

/* An hour in one piece, with the smallest cap and the longest period */
static void vbs_test_saturation(struct kunit *test)
{
	struct vbs_server *s = vbs_server_get(test, 10000, VBS_PERIOD_LIMIT, 11);

	vbs_charge(s, 3600ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, s->consumed, VBS_CONSUMED_MAX);
	KUNIT_EXPECT_EQ(test, vbs_zero_lag(s), 858993459200000ULL);
	KUNIT_EXPECT_EQ(test, vbs_termination(s), 343170327272727273ULL);
	vbs_charge(s, 3600ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, s->consumed, VBS_CONSUMED_MAX);
	KUNIT_EXPECT_EQ(test, s->stats.consumed, 7200ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, vbs_budget_left(s), 0);
}

/* Nobody there: nothing runs, nothing is due */
static void vbs_test_empty(struct kunit *test)
{
	struct vbs_server *s = vbs_server_get(test, 10000, 100000, VBS_BW_UNIT);
	struct vbs_cpu *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	u64 when;

	KUNIT_ASSERT_NOT_NULL(test, c);
	vbs_cpu_init(c);
	KUNIT_EXPECT_NULL(test, vbs_first_ready(c));
	KUNIT_EXPECT_FALSE(test, vbs_next_release(c, &when));
	KUNIT_EXPECT_EQ(test, vbs_release_due(c, U64_MAX, 64), 0);
	KUNIT_EXPECT_EQ(test, vbs_nr_eligible(s), 0);
	KUNIT_EXPECT_EQ(test, vbs_termination(s), 0);
	KUNIT_EXPECT_EQ(test, vbs_zero_lag(s), 0);
	KUNIT_EXPECT_EQ(test, vbs_budget_left(s), 10000);
}

static u64 vbs_lost(s64 late, u64 vouched, u64 allowed, bool open)
{
	struct vbs_gap gap = { late, vouched, allowed, open };

	return vbs_gap_lost(&gap);
}

/* From where interrupts were on; as far as vouched for; beyond 5 s; nothing else */
static void vbs_test_gap(struct kunit *test)
{
	const s64 ms = 1000000, sure = 5000 * ms;

	KUNIT_EXPECT_EQ(test, vbs_lost(-5 * ms, ms, 0, true), 0);
	KUNIT_EXPECT_EQ(test, vbs_lost(ms - 1, ms, 0, true), 0);
	KUNIT_EXPECT_EQ(test, vbs_lost(ms, 0, 0, true), ms);
	KUNIT_EXPECT_EQ(test, vbs_lost(ms, 0, 0, false), 0);
	KUNIT_EXPECT_EQ(test, vbs_lost(sure, 0, 0, false), 0);
	KUNIT_EXPECT_EQ(test, vbs_lost(sure + 1, 0, 0, false), sure + 1);
	KUNIT_EXPECT_EQ(test, vbs_lost(7 * ms, 3 * ms, 0, false), 3 * ms);
	KUNIT_EXPECT_EQ(test, vbs_lost(7 * ms, 9 * ms, 0, false), 7 * ms);
	KUNIT_EXPECT_EQ(test, vbs_lost(7 * ms, 3 * ms, 0, true), 7 * ms);
	/* In a vCPU of (5, 10 ms) only what exceeds 10 ms */
	KUNIT_EXPECT_EQ(test, vbs_lost(10 * ms, 0, 10 * ms, true), 0);
	KUNIT_EXPECT_EQ(test, vbs_lost(12 * ms, 12 * ms, 10 * ms, false), 2 * ms);
	KUNIT_EXPECT_EQ(test, vbs_lost(12 * ms, 3 * ms, 10 * ms, false), 0);
	KUNIT_EXPECT_EQ(test, vbs_lost(S64_MAX, 0, 10 * ms, false), S64_MAX - 10 * ms);
}

static struct kunit_case vbs_cases[] = {
	KUNIT_CASE(vbs_test_queue_order),
	KUNIT_CASE(vbs_test_queue_fifo),
	KUNIT_CASE(vbs_test_queue_nodes),
	KUNIT_CASE(vbs_test_queue_limits),
	KUNIT_CASE(vbs_test_admission),
	KUNIT_CASE(vbs_test_admission_best),
	KUNIT_CASE(vbs_test_params),
	KUNIT_CASE(vbs_test_termination),
	KUNIT_CASE(vbs_test_saturation),
	KUNIT_CASE(vbs_test_empty),
	KUNIT_CASE(vbs_test_gap),
	{}
};

static struct kunit_suite vbs_suite = {
	.name = "sched_vbs",
	.test_cases = vbs_cases,
};

kunit_test_suite(vbs_suite);
