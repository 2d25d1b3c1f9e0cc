// SPDX-License-Identifier: GPL-2.0
/*
 * The constant-time queue, against a list that is searched from end to end,
 * and its trie against the invariants, walked in full after each operation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include CORE_H
#include "rand.h"

#define MAX_ENTS	512
#define KEY_SLOTS	(1ULL << VBS_KEY_BITS)

/* ---- the reference: exact ticks, in order of arrival ---- */

struct ref {
	u64 tick[MAX_ENTS];
	struct vbs_qent *ent[MAX_ENTS];
	unsigned int nr;
};

static int ref_first(const struct ref *ref)
{
	int best = -1;

	for (unsigned int i = 0; i < ref->nr; i++)
		if (best < 0 || ref->tick[i] < ref->tick[best])
			best = (int)i;
	return best;
}

static void ref_add(struct ref *ref, struct vbs_qent *ent, u64 when, u64 now)
{
	int first = ref_first(ref);
	u64 tick;

	if (when > now + VBS_KEY_AHEAD)
		when = now + VBS_KEY_AHEAD;
	if (now > VBS_KEY_BEHIND && when < now - VBS_KEY_BEHIND)
		when = now - VBS_KEY_BEHIND;
	tick = when / 1024;
	if (first >= 0 && tick >= ref->tick[first] + KEY_SLOTS)
		tick = ref->tick[first] + KEY_SLOTS - 1;
	ref->tick[ref->nr] = tick;
	ref->ent[ref->nr++] = ent;
}

static void ref_del(struct ref *ref, const struct vbs_qent *ent)
{
	unsigned int i = 0;

	while (ref->ent[i] != ent)
		i++;
	for (ref->nr--; i < ref->nr; i++) {
		ref->ent[i] = ref->ent[i + 1];
		ref->tick[i] = ref->tick[i + 1];
	}
}

/* ---- one queue with its reference ---- */

struct bed {
	struct vbs_pool pool;
	struct vbs_queue q;
	struct ref ref;
	unsigned int nr_nodes;
	struct vbs_qnode node[2 * MAX_ENTS];
	struct vbs_qent ent[MAX_ENTS];
};

static struct bed bed;

static void bed_init(unsigned int nr_ents)
{
	/* What is not set by the queue itself must not matter */
	memset(&bed, 0xa5, sizeof(bed));
	memset(&bed.pool, 0, sizeof(bed.pool));
	bed.ref.nr = 0;
	bed.nr_nodes = nr_ents * VBS_NODES_PER_ENT;
	vbs_queue_init(&bed.q, &bed.pool);
	for (unsigned int i = 0; i < nr_ents; i++)
		bed.ent[i].queued = false;
	for (unsigned int i = 0; i < bed.nr_nodes; i++)
		vbs_pool_give(&bed.pool, &bed.node[i]);
}

static void walk_ring(void *slot, unsigned int mask, unsigned int prefix, unsigned int *ents)
{
	struct vbs_qent *oldest = (void *)((uintptr_t)slot & ~1UL), *ent = oldest;

	do {
		assert_true(ent->queued);
		assert_int_equal(ent->key & mask, prefix);
		assert_int_equal(ent->key % KEY_SLOTS, oldest->key % KEY_SLOTS);
		(*ents)++;
		ent = list_next_entry(ent, link);
	} while (ent != oldest);
}

/* What is below a slot, whose keys are @prefix in the bits of @mask, is counted. */
static void walk_slot(void *slot, unsigned int mask, unsigned int prefix, unsigned int *ents,
		      unsigned int *nodes)
{
	const struct vbs_qnode *node = slot;
	unsigned int below = mask & ~(mask << 6) & (KEY_SLOTS - 1), unit;

	if ((uintptr_t)slot & 1) {
		walk_ring(slot, mask, prefix, ents);
		return;
	}
	unit = (below & -below) >> 6;
	assert_true(unit);
	assert_true(node->map);
	(*nodes)++;
	for (unsigned int s = 0; s < 64; s++)
		if (node->map >> s & 1)
			walk_slot(node->slot[s], mask | unit * 63, prefix + s * unit, ents, nodes);
}

/* The whole trie: bitmaps, prefixes, the number of entries and of nodes */
static void walk(const struct vbs_queue *q)
{
	unsigned int ents = 0, nodes = 0;

	for (unsigned int w = 0; w < 64; w++)
		assert_int_equal(q->words >> w & 1, q->map[w] != 0);
	for (unsigned int t = 0; t < VBS_TOP_SLOTS; t++)
		if (q->map[t / 64] >> t % 64 & 1)
			walk_slot(q->top[t], KEY_SLOTS - 4096, t * 4096, &ents, &nodes);
	assert_int_equal(ents, q->nr);
	assert_int_equal(q->pool->nr_free, q->pool->nr - nodes);
	assert_int_equal(!q->nr, !q->first);
}

static void check_first(void)
{
	int first = ref_first(&bed.ref);

	assert_int_equal(bed.q.nr, bed.ref.nr);
	assert_ptr_equal(vbs_queue_first(&bed.q),
			 first < 0 ? NULL : bed.ref.ent[first]);
}

static void add(unsigned int i, u64 when, u64 now)
{
	vbs_queue_add(&bed.q, &bed.ent[i], when, now);
	ref_add(&bed.ref, &bed.ent[i], when, now);
	assert_true(bed.ent[i].queued);
	assert_int_equal(bed.ent[i].when, when);
	check_first();
}

static void del(unsigned int i)
{
	vbs_queue_del(&bed.q, &bed.ent[i]);
	ref_del(&bed.ref, &bed.ent[i]);
	assert_false(bed.ent[i].queued);
	check_first();
}

static void drain(void)
{
	while (bed.q.first) {
		del((unsigned int)(bed.q.first - bed.ent));
		walk(&bed.q);
	}
	assert_int_equal(bed.pool.nr_free, bed.nr_nodes);
}

/* ---- tests ---- */

static void test_empty(void **state)
{
	(void)state;
	bed_init(0);
	assert_null(vbs_queue_first(&bed.q));
	assert_int_equal(bed.q.nr, 0);
	walk(&bed.q);
}

static void test_fifo(void **state)
{
	const u64 now = 123 * 1024;

	(void)state;
	bed_init(8);
	/* One unit: the order of arrival, not of nanoseconds */
	for (unsigned int i = 0; i < 8; i++)
		add(i, now + 1023 - i * 100, now);
	assert_ptr_equal(bed.q.first, &bed.ent[0]);
	del(3);		/* in the middle, */
	del(0);		/* the first, */
	del(7);		/* the last */
	assert_ptr_equal(bed.q.first, &bed.ent[1]);
	add(0, now, now);	/* comes back: to the tail */
	assert_ptr_equal(bed.q.first, &bed.ent[1]);
	for (unsigned int i = 0; i < 4; i++) {
		static const unsigned int order[] = { 1, 2, 4, 5 };

		assert_ptr_equal(bed.q.first, &bed.ent[order[i]]);
		del(order[i]);
	}
	drain();
}

/* From any key the next one is found at any distance, round the end too */
static void test_distances(void **state)
{
	static const u64 starts[] = {
		0, 1, 63, 64, 4095, 4096, 64 * 4096 - 1, 64 * 4096,
		KEY_SLOTS / 2, KEY_SLOTS - 4096, KEY_SLOTS - 1,
		5 * KEY_SLOTS + 0x123456, 77 * KEY_SLOTS + 0xfffffe,
	};

	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(starts); s++) {
		for (int bit = 0; bit < VBS_KEY_BITS; bit++) {
			for (int off = -1; off <= 1; off++) {
				u64 dist = (1ULL << bit) + (u64)off;
				u64 at = (starts[s] + KEY_SLOTS) << 10;
				u64 mid = at + VBS_KEY_BEHIND;

				if (!dist || dist >= KEY_SLOTS - 1024)
					continue;
				bed_init(2);
				add(0, at + (dist << 10), mid);
				add(1, at, mid);
				walk(&bed.q);
				assert_ptr_equal(bed.q.first, &bed.ent[1]);
				drain();
				add(1, at, mid);
				add(0, at + (dist << 10), mid);
				drain();
			}
		}
	}
}

/* The widest spread that add lets in: the whole horizon but 1 ms */
static void test_clamp(void **state)
{
	const u64 now = 1000 * NSEC_PER_SEC;
	const u32 behind = (u32)((now - VBS_KEY_BEHIND) >> 10);
	const u32 ahead = (u32)((now + VBS_KEY_AHEAD) >> 10);

	(void)state;
	bed_init(6);
	add(0, U64_MAX, now);
	add(1, now + VBS_KEY_AHEAD + 1024, now);
	add(2, 0, now);
	add(3, now - VBS_KEY_BEHIND - 1024, now);
	add(4, now, now);
	add(5, now + VBS_KEY_AHEAD - 1024, now);
	assert_int_equal(bed.ent[0].key, ahead);
	assert_int_equal(bed.ent[1].key, ahead);
	assert_int_equal(bed.ent[2].key, behind);
	assert_int_equal(bed.ent[3].key, behind);
	assert_int_equal(bed.ent[5].key, ahead - 1);
	assert_ptr_equal(bed.q.first, &bed.ent[2]);
	drain();
}

/* The clock starts at 0: nothing wraps below it */
static void test_start_of_time(void **state)
{
	(void)state;
	bed_init(4);
	add(0, 5000, 0);
	add(1, 0, 0);
	add(2, 0, 7000);
	add(3, VBS_KEY_AHEAD, 7000);
	assert_ptr_equal(bed.q.first, &bed.ent[1]);
	drain();
}

/*
 * An entry that is never served while time goes on, for 30 minutes: it stays
 * the first, and what comes stays in order behind it as far as keys can tell.
 */
static void test_late_first(void **state)
{
	u64 now = 50 * NSEC_PER_SEC;

	(void)state;
	bed_init(4);
	add(0, now, now);
	for (int i = 0; i < 1800; i++) {
		now += NSEC_PER_SEC;
		add(1, now + NSEC_PER_SEC, now);
		add(2, now, now);
		add(3, now - NSEC_PER_SEC, now);
		walk(&bed.q);
		assert_ptr_equal(bed.q.first, &bed.ent[0]);
		del(1 + (unsigned int)i % 3);
		del(1 + (unsigned int)(i + 1) % 3);
		del(1 + (unsigned int)(i + 2) % 3);
	}
	del(0);
	/* None is left: order is exact again at once */
	add(1, now + NSEC_PER_SEC, now);
	add(2, now, now);
	assert_ptr_equal(bed.q.first, &bed.ent[2]);
	drain();
}

/* The i-th of the keys that share no node */
static u64 apart(unsigned int i)
{
	return (u64)i * (4096 << 10);
}

/* Two nodes per entry are enough, and all are used: by paths that had company. */
static void test_nodes_suffice(void **state)
{
	const unsigned int n = MAX_ENTS - 1;
	u64 now = 99 * NSEC_PER_SEC;

	(void)state;
	bed_init(MAX_ENTS);
	for (unsigned int i = 0; i < n; i++) {
		add(i, now + apart(i), now);
		add(n, now + apart(i) + (1 << 10), now);
		del(n);
	}
	assert_int_equal(bed.pool.nr_free, 2);
	walk(&bed.q);
	/* Whoever leaves finds two, and the others still get by */
	for (unsigned int i = 0; i < n; i++) {
		del(i);
		assert_non_null(vbs_pool_take(&bed.pool));
		assert_non_null(vbs_pool_take(&bed.pool));
		add(n, now + apart(i + 1) + (1 << 10), now);
		walk(&bed.q);
		del(n);
	}
	assert_int_equal(bed.pool.nr, 2);
}

static void adversary_step(struct rnd *r, unsigned int n, u64 now)
{
	unsigned int i = (unsigned int)rnd_below(r, n);
	u64 when = now;

	if (bed.ent[i].queued) {
		del(rnd_one_in(r, 2) ? i :
		    (unsigned int)(bed.q.first - bed.ent));
		return;
	}
	switch (rnd_below(r, 4)) {
	case 0:		/* anywhere, beyond the limits too */
		when += rnd_below(r, 3 * VBS_KEY_AHEAD) - VBS_KEY_AHEAD * 3 / 2;
		break;
	case 1:		/* around now, any order of magnitude */
		when += rnd_scaled(r, 33);
		break;
	case 2:
		when -= rnd_scaled(r, 33);
		break;
	default:	/* near an entry that is there: shares, then leaves nodes */
		if (bed.q.first)
			when = bed.q.first->when + rnd_below(r, 3) * 1024 * 63;
	}
	add(i, when, now);
}

/* The horizon is passed hundreds of times, in steps of any size */
static void random_run(u64 seed, unsigned int n, unsigned int steps,
		       unsigned int bits)
{
	struct rnd r = { seed };
	u64 now = 20 * NSEC_PER_SEC;

	bed_init(n);
	for (unsigned int i = 0; i < steps; i++) {
		now += rnd_scaled(&r, bits);
		adversary_step(&r, n, now);
		if (i % 16 == 0)
			walk(&bed.q);
	}
	drain();
}

static void test_random(void **state)
{
	const u64 seed = rnd_seed("queue");

	(void)state;
	random_run(seed, 1, 2000, 35);
	random_run(seed + 1, 2, 20000, 35);
	random_run(seed + 2, 5, 20000, 30);
	random_run(seed + 3, 40, 40000, 30);
	random_run(seed + 4, 300, 40000, 27);
	random_run(seed + 5, MAX_ENTS, 40000, 20);
}

/* Two queues on one pool, as on each CPU: entries go from one to the other */
static void test_two_queues(void **state)
{
	static struct vbs_queue other;
	static struct ref ref[2];
	struct rnd r = { rnd_seed("two queues") };
	u64 now = NSEC_PER_SEC;

	(void)state;
	bed_init(64);
	vbs_queue_init(&other, &bed.pool);
	memset(ref, 0, sizeof(ref));
	for (unsigned int i = 0; i < 100000; i++) {
		unsigned int n = (unsigned int)rnd_below(&r, 64), to = i % 2;
		struct vbs_qent *ent = &bed.ent[n];
		static unsigned int in[64];

		now += rnd_scaled(&r, 27);
		if (ent->queued) {
			vbs_queue_del(in[n] ? &other : &bed.q, ent);
			ref_del(&ref[in[n]], ent);
		}
		if (!rnd_one_in(&r, 4)) {
			u64 when = now + rnd_scaled(&r, 33);

			vbs_queue_add(to ? &other : &bed.q, ent, when, now);
			ref_add(&ref[to], ent, when, now);
			in[n] = to;
		}
		for (to = 0; to < 2; to++) {
			int first = ref_first(&ref[to]);

			assert_ptr_equal((to ? &other : &bed.q)->first,
					 first < 0 ? NULL : ref[to].ent[first]);
		}
		assert_true(bed.pool.nr_free + 2 * (ref[0].nr + ref[1].nr) >=
			    bed.pool.nr);
	}
}

/* Misuse is reported and changes nothing */
static void test_misuse(void **state)
{
	(void)state;
	bed_init(1);
	shim_warn_expected = true;
	vbs_queue_del(&bed.q, &bed.ent[0]);
	assert_int_equal(shim_warnings, 1);
	add(0, 1000, 0);
	vbs_queue_add(&bed.q, &bed.ent[0], 2000, 0);
	assert_int_equal(shim_warnings, 2);
	assert_non_null(vbs_pool_take(&bed.pool));
	assert_non_null(vbs_pool_take(&bed.pool));
	assert_null(vbs_pool_take(&bed.pool));
	assert_int_equal(shim_warnings, 3);
	bed.ent[1].queued = false;
	vbs_queue_add(&bed.q, &bed.ent[1], 2000, 0);
	assert_int_equal(shim_warnings, 4);
	assert_false(bed.ent[1].queued);
	vbs_pool_give(&bed.pool, &bed.node[0]);
	vbs_pool_give(&bed.pool, &bed.node[1]);
	shim_warn_expected = false;
	shim_warnings = 0;
	walk(&bed.q);
	drain();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_distances),
		cmocka_unit_test(test_clamp),
		cmocka_unit_test(test_start_of_time),
		cmocka_unit_test(test_late_first),
		cmocka_unit_test(test_nodes_suffice),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_two_queues),
		cmocka_unit_test(test_misuse),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
