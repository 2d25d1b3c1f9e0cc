// SPDX-License-Identifier: GPL-2.0
/*
 * Making, finding and destroying timelines.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include "internal.h"

/* How long an id rests before another timeline can get it */
#define TIMELINE_GRACE		(HZ / 10)

/*
 * One CREATE at a time: no two timelines of one name. A name is free again when its node
 * is gone: the next one's node would not be made beside it, and nobody would hear of that.
 */
static DEFINE_MUTEX(names_mutex);

/*
 * The generation of the timeline with an id if it has this name, else 0. Who looks
 * for a name takes no other timeline's lock, but for one that is just getting its own.
 */
static u32 generation_if_named(struct timeline *tl, const char *name)
{
	unsigned long flags;
	u32 generation = 0;

	/* Looked at again with the lock, if it may be the one */
	if (data_race(strncmp(tl->name, name, TIMELINE_NAME_LEN)))
		return 0;
	raw_spin_lock_irqsave(&tl->lock, flags);
	if (tl->live && !strncmp(tl->name, name, TIMELINE_NAME_LEN))
		generation = tl->generation;
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	return generation;
}

static struct timeline *find_name(const char *name, struct timeline *first, unsigned int n,
				  u32 *generation)
{
	struct timeline *tl;

	for (tl = first; tl < first + n; tl++) {
		*generation = generation_if_named(tl, name);
		if (*generation)
			return tl;
	}
	return NULL;
}

static struct timeline *find_own(const char *name, u32 *generation)
{
	return find_name(name, timelines, TIMELINE_IDS, generation);
}

static struct timeline *find_received(const char *name, u32 *generation)
{
	timeline_receive_all();
	return find_name(name, timelines + TIMELINE_IDS, TIMELINE_GUEST_IDS, generation);
}

static bool name_is_valid(const char *name)
{
	size_t len = strnlen(name, TIMELINE_NAME_LEN), i;

	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || !isgraph(name[i]) || name[i] == '/')
			return false;
	/* A file is called so, which these two never are */
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	return len && len < TIMELINE_NAME_LEN;
}

/* Jiffies until another timeline can have the id; -ENOSPC if there is one */
static long rest_of(struct timeline *tl)
{
	unsigned long flags;
	long rest;

	raw_spin_lock_irqsave(&tl->lock, flags);
	rest = tl->live ? -ENOSPC : tl->drains ? TIMELINE_GRACE :
	       max(0L, (long)(tl->reusable - jiffies));
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	return rest;
}

/* The id that can be used first, and in how many jiffies */
static struct timeline *find_free(long *rest)
{
	struct timeline *tl, *best = NULL;
	long its;

	lockdep_assert_held(&names_mutex);
	for (tl = timelines; tl < timelines + TIMELINE_IDS; tl++) {
		its = rest_of(tl);
		if (its >= 0 && (!best || its < *rest)) {
			best = tl;
			*rest = its;
		}
	}
	return best;
}

static void bring_up(struct timeline *tl, struct timeline_node *node,
		     struct timeline_create *arg)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&tl->lock, flags);
	strscpy_pad(tl->name, arg->name);
	tl->generation = (tl->generation + 1) & 0xffffff ?: 1;
	tl->id = (tl->generation - 1) * TIMELINE_MAX_IDS + (tl - timelines);
	tl->live = true;
	tl->was_set = false;
	tl->step_next = true;
	tl->updates = 0;
	tl->node = node;
	timeline_entry_init(tl, arg);
	timeline_guest_changed(tl, false);
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	arg->id = tl->id;
	arg->generation = tl->generation;
}

/* 0, an error, or how many jiffies to wait until an id has rested */
static long try_create(struct timeline_create *arg)
{
	struct timeline_node *node;
	struct timeline *tl;
	u32 generation;
	long rest = 0;

	guard(mutex)(&names_mutex);
	if (find_own(arg->name, &generation))
		return -EEXIST;
	tl = find_free(&rest);
	if (!tl)
		return -ENOSPC;
	if (rest)
		return rest;
	if (timeline_queue_alloc(tl))
		return -ENOMEM;
	node = timeline_node_create(tl - timelines, arg->name);
	if (IS_ERR(node))
		return PTR_ERR(node);
	bring_up(tl, node, arg);
	return 0;
}

/* The PTP clock of a timeline that was just made; without it, the timeline goes again */
static int give_phc(const struct timeline_create *made)
{
	const struct timeline_destroy arg = {
		.id = made->id,
		.generation = made->generation,
	};
	struct timeline_phc *phc = timeline_phc_create(made->id, made->name);
	struct timeline *tl;
	unsigned long flags;

	if (IS_ERR(phc)) {
		timeline_destroy(&arg);
		return PTR_ERR(phc);
	}
	tl = timeline_lock(made->id, made->generation, &flags);
	if (IS_ERR(tl)) {
		/* Destroyed already */
		timeline_phc_remove(phc);
		return 0;
	}
	tl->phc = phc;
	timeline_unlock(tl, flags);
	return 0;
}

/**
 * timeline_create - TIMELINE_CREATE
 * @arg: in and out
 */
int timeline_create(struct timeline_create *arg)
{
	long ret;

	if (!name_is_valid(arg->name) || arg->time_type > TIMELINE_TIME_MONOTONIC ||
	    arg->flags & ~(TIMELINE_STEP | TIMELINE_GUEST | TIMELINE_PHC) ||
	    arg->slew_ppb > TIMELINE_SLEW_PPB_MAX || arg->pad)
		return -EINVAL;
	if (arg->flags & TIMELINE_PHC && !IS_ENABLED(CONFIG_TIMELINE_PHC))
		return -EOPNOTSUPP;
	while ((ret = try_create(arg)) > 0) {
		schedule_timeout_interruptible(ret);
		if (signal_pending(current))
			return -ERESTARTSYS;
	}
	if (!ret && arg->flags & TIMELINE_PHC)
		ret = give_phc(arg);
	return ret;
}

/**
 * timeline_lookup - TIMELINE_LOOKUP
 * @arg: in and out
 *
 * A timeline of this kernel goes before one of the host's with the same name.
 */
int timeline_lookup(struct timeline_lookup *arg)
{
	struct timeline *tl;

	if (!name_is_valid(arg->name))
		return -ENOENT;
	tl = find_own(arg->name, &arg->generation) ?:
	     find_received(arg->name, &arg->generation);
	if (!tl)
		return -ENOENT;
	arg->id = (arg->generation - 1) * TIMELINE_MAX_IDS + (tl - timelines);
	return 0;
}

/**
 * timeline_get - TIMELINE_GET
 * @arg: in and out
 */
int timeline_get(struct timeline_get *arg)
{
	struct timeline *tl;
	unsigned long flags;
	u32 id = arg->set.id;

	tl = id < TIMELINE_IDS ? timeline_lock_place(id, &flags) : timeline_lock(id, 0, &flags);
	if (IS_ERR(tl))
		return PTR_ERR(tl);
	memset(arg, 0, sizeof(*arg));
	timeline_entry_get(tl, arg);
	strscpy(arg->name, tl->name);
	timeline_unlock(tl, flags);
	return 0;
}

/* Its name is free again; what is left of it is to be drained */
static struct timeline *take_down(const struct timeline_destroy *arg, struct timeline_phc **phc)
{
	struct timeline_node *node;
	struct timeline *tl;
	unsigned long flags;

	guard(mutex)(&names_mutex);
	tl = timeline_lock(arg->id, arg->generation, &flags);
	if (IS_ERR(tl))
		return tl;
	if (timeline_is_received(tl)) {
		timeline_unlock(tl, flags);
		return ERR_PTR(-EROFS);
	}
	node = tl->node;
	*phc = tl->phc;
	/* Until this one has drained it, nobody gets the id */
	tl->live = false;
	tl->drains = true;
	tl->was_set = false;
	timeline_guest_changed(tl, true);
	timeline_entry_clear(tl);
	tl->node = NULL;
	tl->phc = NULL;
	timeline_queue_update(tl);
	timeline_watch_update(tl);
	timeline_demand_changed(tl);
	timeline_unlock(tl, flags);
	timeline_node_remove(node);
	return tl;
}

/**
 * timeline_destroy - TIMELINE_DESTROY
 * @arg: which
 */
int timeline_destroy(const struct timeline_destroy *arg)
{
	struct timeline_phc *phc;
	struct timeline *tl = take_down(arg, &phc);
	unsigned long flags;

	if (IS_ERR(tl))
		return PTR_ERR(tl);
	timeline_phc_remove(phc);
	timeline_queue_drain(tl);
	raw_spin_lock_irqsave(&tl->lock, flags);
	tl->drains = false;
	tl->reusable = jiffies + TIMELINE_GRACE;
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	return 0;
}
