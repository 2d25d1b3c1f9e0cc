// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: queue of servers and bookings in worst-case constant time.
 *
 * A trie of occupancy bitmaps over time in units of 1.024 us.  A static top
 * level resolves 12 bits of the key, two levels of nodes 6 bits each.  A slot in
 * use leads to a node of the next level, or to the oldest entry of a ring of equal
 * keys, if there is no other key below: a path is as long as it takes to tell its
 * key from others that were there with it.  The first entry is cached.  Nothing is
 * allocated: a node that a path needs comes from the pool, and goes back with the
 * last entry below it.
 *
 * Nodes: a path uses at most one node on each lower level, shared ones count once,
 * so n queued entries use at most 2n nodes.  Each entity that can be queued has
 * donated VBS_NODES_PER_ENT = 2 and is queued in at most one of the queues on
 * the pool.  So whoever is to be queued finds two free nodes, and so does an
 * entity that leaves and takes its two away.
 *
 * Order: 24 bits of the tick (when >> VBS_KEY_SHIFT) select the slot, so slots
 * are ordered circularly, and the order starts at the first entry.  That is
 * the order of the ticks as long as all of them lie in
 *
 *	[first, first + 2^24)						(1)
 *
 * Proof that each addition at `now` keeps (1), where `now` never decreases:
 *
 * - the new tick is the first, or there is none: no queued tick is beyond
 *   (now + AHEAD) >> SHIFT, for each was clamped to that at an earlier now; the
 *   new one is clamped to (now - BEHIND) >> SHIFT from below; the distance is
 *   at most ((AHEAD + BEHIND) >> SHIFT) + 1 < 2^24, asserted below;
 * - the new tick is not before the first: it is clamped to first + 2^24 - 1.
 *   That changes something only if the first is later than BEHIND by now.
 *
 * A deletion can only shrink the range.  So an entry that stays queued while
 * time passes keeps its place, however late it gets: nothing overtakes it.
 * vbs_qent::key holds 32 bits of the tick, 8 more than the slots distinguish,
 * for the comparison with a late first: right up to 36 minutes of lateness.
 */
#include "core.h"

#define VBS_KEY_SLOTS	BIT(VBS_KEY_BITS)
#define VBS_KEY_MASK	(VBS_KEY_SLOTS - 1)
#define VBS_TOP_SHIFT	(2 * VBS_NODE_BITS)
#define VBS_TOP_WORDS	(VBS_TOP_SLOTS / 64)

static_assert(VBS_TOP_BITS + 2 * VBS_NODE_BITS == VBS_KEY_BITS);
static_assert(VBS_NODE_SLOTS == 64 && VBS_TOP_WORDS == 64);
static_assert(((VBS_KEY_AHEAD + VBS_KEY_BEHIND) >> VBS_KEY_SHIFT) + 1 <
	      VBS_KEY_SLOTS);
/* What waits or is due at most VBS_WAIT_MAX ahead is never clamped */
static_assert(VBS_WAIT_MAX < VBS_KEY_AHEAD);

static unsigned int vbs_key_top(u32 key)
{
	return (key & VBS_KEY_MASK) >> VBS_TOP_SHIFT;
}

static unsigned int vbs_key_mid(u32 key)
{
	return (key >> VBS_NODE_BITS) % VBS_NODE_SLOTS;
}

static unsigned int vbs_key_leaf(u32 key)
{
	return key % VBS_NODE_SLOTS;
}

/* The bits of @map from @bit on */
static u64 vbs_bits_from(u64 map, unsigned int bit)
{
	return map & (~0ULL << bit);
}

static void vbs_node_put(struct vbs_pool *pool, struct vbs_qnode *node)
{
	node->map = 0;
	node->next_free = pool->free;
	pool->free = node;
	pool->nr_free++;
}

static struct vbs_qnode *vbs_node_get(struct vbs_pool *pool)
{
	struct vbs_qnode *node = pool->free;

	pool->free = node->next_free;
	pool->nr_free--;
	return node;
}

/**
 * vbs_pool_give - donate a node to a pool
 * @pool: the pool
 * @node: the node, of any content
 *
 * Context: the lock of the pool's CPU is held.
 */
void vbs_pool_give(struct vbs_pool *pool, struct vbs_qnode *node)
{
	pool->nr++;
	vbs_node_put(pool, node);
}

/**
 * vbs_pool_take - take a node out of a pool
 * @pool: the pool
 *
 * Nodes are interchangeable: it need not be one that the caller has given.
 *
 * Context: the lock of the pool's CPU is held; the caller's entity is not
 * queued any more.
 * Return: the node; NULL only if more is taken than was given.
 */
struct vbs_qnode *vbs_pool_take(struct vbs_pool *pool)
{
	if (WARN_ON_ONCE(!pool->nr_free))
		return NULL;
	pool->nr--;
	return vbs_node_get(pool);
}

/**
 * vbs_queue_init - make a queue empty
 * @q: the queue
 * @pool: where its nodes come from; may serve several queues
 *
 * Context: any, nobody else knows the queue yet.
 */
void vbs_queue_init(struct vbs_queue *q, struct vbs_pool *pool)
{
	memset(q, 0, sizeof(*q));
	q->pool = pool;
}

/* ---- slots: the lowest bit is set where it is an entry, not a node ------- */

static bool vbs_slot_is_ent(const void *slot)
{
	return (unsigned long)slot & 1;
}

static void *vbs_slot_of(struct vbs_qent *ent)
{
	return (char *)ent + 1;
}

static struct vbs_qent *vbs_slot_ent(void *slot)
{
	return (struct vbs_qent *)((char *)slot - 1);
}

/* The first entry below a slot in use */
static struct vbs_qent *vbs_slot_first(void *slot)
{
	while (!vbs_slot_is_ent(slot)) {
		struct vbs_qnode *node = slot;

		slot = node->slot[__ffs64(node->map)];
	}
	return vbs_slot_ent(slot);
}

static unsigned int vbs_key_at(u32 key, unsigned int shift)
{
	return (key >> shift) % VBS_NODE_SLOTS;
}

/* The node below a slot in use, whose entry so far moves into it */
static struct vbs_qnode *vbs_slot_node(struct vbs_pool *pool, void **slot,
				       unsigned int shift)
{
	struct vbs_qnode *node = *slot;
	unsigned int i;

	if (!vbs_slot_is_ent(node))
		return node;
	i = vbs_key_at(vbs_slot_ent(*slot)->key, shift);
	node = vbs_node_get(pool);
	node->slot[i] = *slot;
	node->map = BIT_ULL(i);
	*slot = node;
	return node;
}

/* Is it a ring of @ent's key?  Then @ent goes to its end. */
static bool vbs_slot_ring(void *slot, struct vbs_qent *ent)
{
	struct vbs_qent *oldest;

	if (!vbs_slot_is_ent(slot))
		return false;
	oldest = vbs_slot_ent(slot);
	if ((oldest->key ^ ent->key) & VBS_KEY_MASK)
		return false;
	list_add_tail(&ent->link, &oldest->link);
	return true;
}

/*
 * Add below a slot of the top level in use.  Ends: a slot of the last level has a ring
 * of the only key that leads there.
 */
static void vbs_slot_add(struct vbs_pool *pool, void **slot, struct vbs_qent *ent)
{
	unsigned int i, shift = VBS_NODE_BITS;
	struct vbs_qnode *node;

	while (!vbs_slot_ring(*slot, ent)) {
		node = vbs_slot_node(pool, slot, shift);
		i = vbs_key_at(ent->key, shift);
		if (!(node->map & BIT_ULL(i))) {
			node->slot[i] = vbs_slot_of(ent);
			node->map |= BIT_ULL(i);
			return;
		}
		slot = &node->slot[i];
		shift -= VBS_NODE_BITS;
	}
}

/* The tick of @when, clamped as the proof above demands */
static u32 vbs_queue_tick(const struct vbs_queue *q, u64 when, u64 now)
{
	u32 tick;

	if (when > now)
		when = now + min(when - now, VBS_KEY_AHEAD);
	else
		when = now - min(now - when, VBS_KEY_BEHIND);
	tick = when >> VBS_KEY_SHIFT;
	if (q->first && (s32)(tick - q->first->key) >= (s32)VBS_KEY_SLOTS)
		tick = q->first->key + VBS_KEY_SLOTS - 1;
	return tick;
}

/**
 * vbs_queue_add - queue an entry behind all that are not later
 * @q: the queue
 * @ent: the entry, not queued, whose owner has given its nodes to the pool
 * @when: the instant that orders it, in ns; cut to 1.024 us
 * @now: the current instant; never decreases from call to call
 *
 * An instant outside [now - VBS_KEY_BEHIND, now + VBS_KEY_AHEAD] is queued at
 * the limit.  Constant time.
 *
 * Context: the lock of the queue's CPU is held.
 */
void vbs_queue_add(struct vbs_queue *q, struct vbs_qent *ent, u64 when, u64 now)
{
	unsigned int top;

	if (WARN_ON_ONCE(ent->queued || q->pool->nr_free < VBS_NODES_PER_ENT))
		return;
	ent->when = when;
	ent->key = vbs_queue_tick(q, when, now);
	INIT_LIST_HEAD(&ent->link);
	top = vbs_key_top(ent->key);
	if (q->map[top / 64] & BIT_ULL(top % 64)) {
		vbs_slot_add(q->pool, &q->top[top], ent);
	} else {
		q->top[top] = vbs_slot_of(ent);
		q->map[top / 64] |= BIT_ULL(top % 64);
		q->words |= BIT_ULL(top / 64);
	}
	if (!q->first || (s32)(ent->key - q->first->key) < 0)
		q->first = ent;
	ent->queued = true;
	q->nr++;
}

/**
 * vbs_queue_holds - is an entry where its key says?
 * @q: the queue
 * @ent: the entry
 *
 * Context: the lock of the queue's CPU is held.
 */
bool vbs_queue_holds(const struct vbs_queue *q, const struct vbs_qent *ent)
{
	unsigned int i, shift = VBS_NODE_BITS, top = vbs_key_top(ent->key);
	const struct vbs_qnode *node;
	void *slot = q->top[top];

	if (!(q->map[top / 64] & BIT_ULL(top % 64)))
		return false;
	for (; !vbs_slot_is_ent(slot); shift -= VBS_NODE_BITS) {
		node = slot;
		i = vbs_key_at(ent->key, shift);
		if (!(node->map & BIT_ULL(i)))
			return false;
		slot = node->slot[i];
	}
	return vbs_slot_ent(slot) == ent || !list_empty(&ent->link);
}

/* The first entry below a slot of level @shift whose key there is not before @key */
static struct vbs_qent *vbs_slot_from(void *slot, u32 key, unsigned int shift)
{
	u32 below = (1U << (shift + VBS_NODE_BITS)) - 1;
	struct vbs_qnode *node = slot;
	struct vbs_qent *ent;
	unsigned int i;
	u64 bits;

	if (vbs_slot_is_ent(slot)) {
		ent = vbs_slot_ent(slot);
		return (ent->key & below) >= (key & below) ? ent : NULL;
	}
	i = vbs_key_at(key, shift);
	bits = vbs_bits_from(node->map, i);
	/* Of the last level what is in the slot has that key. */
	if (shift && (node->map & BIT_ULL(i))) {
		ent = vbs_slot_from(node->slot[i], key, shift - VBS_NODE_BITS);
		if (ent)
			return ent;
		bits &= ~BIT_ULL(i);
	}
	return bits ? vbs_slot_first(node->slot[__ffs64(bits)]) : NULL;
}

/* The first slot in use from @top on, circularly; the queue is not empty */
static unsigned int vbs_top_from(const struct vbs_queue *q, unsigned int top)
{
	unsigned int word = top / 64;
	u64 bits = vbs_bits_from(q->map[word], top % 64);

	if (!bits) {
		word = (word + 1) % VBS_TOP_WORDS;
		word = (word + __ffs64(ror64(q->words, word))) % VBS_TOP_WORDS;
		bits = q->map[word];
	}
	return word * 64 + __ffs64(bits);
}

/*
 * The first entry in the circular order that starts at @key.  The slot of the
 * top level that holds @key is visited first for what is not before @key, and
 * last, when all others are empty, for what has gone round.
 */
static struct vbs_qent *vbs_queue_from(const struct vbs_queue *q, u32 key)
{
	unsigned int top = vbs_key_top(key);
	struct vbs_qent *ent;

	if (!q->words)
		return NULL;
	if (q->map[top / 64] & BIT_ULL(top % 64)) {
		ent = vbs_slot_from(q->top[top], key, VBS_NODE_BITS);
		if (ent)
			return ent;
	}
	top = vbs_top_from(q, (top + 1) % VBS_TOP_SLOTS);
	return vbs_slot_first(q->top[top]);
}

/* Nothing is left below a slot of the top level. */
static void vbs_top_clear(struct vbs_queue *q, unsigned int top)
{
	q->map[top / 64] &= ~BIT_ULL(top % 64);
	if (!q->map[top / 64])
		q->words &= ~BIT_ULL(top / 64);
}

/* Take the only entry of @key out, which is below @mid, and give back empty nodes. */
static void vbs_mid_clear(struct vbs_queue *q, struct vbs_qnode *mid, u32 key)
{
	struct vbs_qnode *leaf = mid->slot[vbs_key_mid(key)];

	if (!vbs_slot_is_ent(leaf)) {
		leaf->map &= ~BIT_ULL(vbs_key_leaf(key));
		if (leaf->map)
			return;
		vbs_node_put(q->pool, leaf);
	}
	mid->map &= ~BIT_ULL(vbs_key_mid(key));
	if (mid->map)
		return;
	vbs_node_put(q->pool, mid);
	vbs_top_clear(q, vbs_key_top(key));
}

/* Take one of several of a key out of their ring. */
static void vbs_ring_del(struct vbs_queue *q, struct vbs_qent *ent)
{
	void **slot = &q->top[vbs_key_top(ent->key)];
	unsigned int shift;

	for (shift = VBS_NODE_BITS; !vbs_slot_is_ent(*slot); shift -= VBS_NODE_BITS) {
		struct vbs_qnode *node = *slot;

		slot = &node->slot[vbs_key_at(ent->key, shift)];
	}
	if (vbs_slot_ent(*slot) == ent)
		*slot = vbs_slot_of(list_next_entry(ent, link));
	list_del_init(&ent->link);
}

/**
 * vbs_queue_del - take an entry out
 * @q: the queue that it is in
 * @ent: the entry
 *
 * Constant time, also when the cached first has to be found anew.
 *
 * Context: the lock of the queue's CPU is held.
 */
void vbs_queue_del(struct vbs_queue *q, struct vbs_qent *ent)
{
	unsigned int top = vbs_key_top(ent->key);

	if (WARN_ON_ONCE(!ent->queued))
		return;
	if (!list_empty(&ent->link))
		vbs_ring_del(q, ent);
	else if (vbs_slot_is_ent(q->top[top]))
		vbs_top_clear(q, top);
	else
		vbs_mid_clear(q, q->top[top], ent->key);
	ent->queued = false;
	q->nr--;
	if (q->first == ent)
		q->first = vbs_queue_from(q, ent->key);
}
