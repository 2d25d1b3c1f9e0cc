// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: queue of servers and bookings in worst-case constant time.
 *
 * A trie of occupancy bitmaps over time in units of 1.024 us.  A static top
 * level resolves 12 bits of the key, two levels of nodes 6 bits each; a slot
 * of the last level points to the oldest entry of a ring of equal keys.  The
 * first entry is cached.  Nothing is allocated: a node that a path needs comes
 * from the pool, and goes back with the last entry below it.
 *
 * Nodes: a path uses one node on each lower level, shared ones count once, so
 * n queued entries use at most 2n nodes.  Each entity that can be queued has
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

static struct vbs_qnode *vbs_top_slot(struct vbs_queue *q, unsigned int top)
{
	u64 bit = BIT_ULL(top % 64);

	if (!(q->map[top / 64] & bit)) {
		q->top[top] = vbs_node_get(q->pool);
		q->map[top / 64] |= bit;
		q->words |= BIT_ULL(top / 64);
	}
	return q->top[top];
}

static struct vbs_qnode *vbs_mid_slot(struct vbs_queue *q,
				      struct vbs_qnode *mid, unsigned int slot)
{
	if (!(mid->map & BIT_ULL(slot))) {
		mid->slot[slot] = vbs_node_get(q->pool);
		mid->map |= BIT_ULL(slot);
	}
	return mid->slot[slot];
}

/* Append @ent to the ring of its key */
static void vbs_leaf_add(struct vbs_qnode *leaf, struct vbs_qent *ent)
{
	unsigned int slot = vbs_key_leaf(ent->key);

	INIT_LIST_HEAD(&ent->link);
	if (leaf->map & BIT_ULL(slot)) {
		struct vbs_qent *oldest = leaf->slot[slot];

		list_add_tail(&ent->link, &oldest->link);
	} else {
		leaf->slot[slot] = ent;
		leaf->map |= BIT_ULL(slot);
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
	struct vbs_qnode *node;

	if (WARN_ON_ONCE(ent->queued || q->pool->nr_free < VBS_NODES_PER_ENT))
		return;
	ent->when = when;
	ent->key = vbs_queue_tick(q, when, now);
	node = vbs_top_slot(q, vbs_key_top(ent->key));
	node = vbs_mid_slot(q, node, vbs_key_mid(ent->key));
	vbs_leaf_add(node, ent);
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
	unsigned int slot, top = vbs_key_top(ent->key);
	const struct vbs_qnode *node;

	if (!(q->map[top / 64] & BIT_ULL(top % 64)))
		return false;
	node = q->top[top];
	slot = vbs_key_mid(ent->key);
	if (!(node->map & BIT_ULL(slot)))
		return false;
	node = node->slot[slot];
	slot = vbs_key_leaf(ent->key);
	return (node->map & BIT_ULL(slot)) &&
		(node->slot[slot] == ent || !list_empty(&ent->link));
}

/* The first entry below @mid whose key there is not before @key, or NULL */
static struct vbs_qent *vbs_mid_from(struct vbs_qnode *mid, u32 key)
{
	unsigned int slot = vbs_key_mid(key);
	struct vbs_qnode *leaf;
	u64 bits;

	if (mid->map & BIT_ULL(slot)) {
		leaf = mid->slot[slot];
		bits = vbs_bits_from(leaf->map, vbs_key_leaf(key));
		if (bits)
			return leaf->slot[__ffs64(bits)];
	}
	bits = vbs_bits_from(mid->map, slot) & ~BIT_ULL(slot);
	if (!bits)
		return NULL;
	leaf = mid->slot[__ffs64(bits)];
	return leaf->slot[__ffs64(leaf->map)];
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
		ent = vbs_mid_from(q->top[top], key);
		if (ent)
			return ent;
	}
	top = vbs_top_from(q, (top + 1) % VBS_TOP_SLOTS);
	return vbs_mid_from(q->top[top], 0);
}

/* Take a leaf that is empty out of its node, which goes too if empty then */
static void vbs_mid_clear(struct vbs_queue *q, u32 key)
{
	unsigned int top = vbs_key_top(key);
	struct vbs_qnode *mid = q->top[top];

	mid->map &= ~BIT_ULL(vbs_key_mid(key));
	if (mid->map)
		return;
	vbs_node_put(q->pool, mid);
	q->map[top / 64] &= ~BIT_ULL(top % 64);
	if (!q->map[top / 64])
		q->words &= ~BIT_ULL(top / 64);
}

/* Take the only entry of @key out of its leaf, and give back empty nodes */
static void vbs_leaf_clear(struct vbs_queue *q, struct vbs_qnode *leaf, u32 key)
{
	leaf->map &= ~BIT_ULL(vbs_key_leaf(key));
	if (leaf->map)
		return;
	vbs_node_put(q->pool, leaf);
	vbs_mid_clear(q, key);
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
	struct vbs_qnode *mid = q->top[vbs_key_top(ent->key)];
	struct vbs_qnode *leaf;

	if (WARN_ON_ONCE(!ent->queued))
		return;
	leaf = mid->slot[vbs_key_mid(ent->key)];
	if (list_empty(&ent->link))
		vbs_leaf_clear(q, leaf, ent->key);
	else if (leaf->slot[vbs_key_leaf(ent->key)] == ent)
		leaf->slot[vbs_key_leaf(ent->key)] = list_next_entry(ent, link);
	list_del_init(&ent->link);
	ent->queued = false;
	q->nr--;
	if (q->first == ent)
		q->first = vbs_queue_from(q, ent->key);
}
