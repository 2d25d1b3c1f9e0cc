// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: an rbtree with a cached first entry, as SCHED_DEADLINE keeps its
 * tasks.  Built with the headers and tools/lib/rbtree.c of a kernel tree.
 */
#include <linux/rbtree.h>
#include "bench.h"

union entity {
	struct {
		struct rb_node node;
		unsigned long long when;
	};
	char pad[BENCH_STRIDE];
};

static union entity entity[BENCH_MAX];
static struct rb_root_cached root;

static bool before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, union entity, node)->when <
	       rb_entry(b, union entity, node)->when;
}

static void reset(void)
{
	root = RB_ROOT_CACHED;
}

static void add(unsigned int i, unsigned long long when, unsigned long long now)
{
	(void)now;
	entity[i].when = when;
	rb_add_cached(&entity[i].node, &root, before);
}

static void del(unsigned int i)
{
	rb_erase_cached(&entity[i].node, &root);
}

static unsigned int first(void)
{
	return (unsigned int)(rb_entry(rb_first_cached(&root), union entity,
				       node) - entity);
}

const struct bench_queue bench_rbtree = { "rbtree", reset, add, del, first };
