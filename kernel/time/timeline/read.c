// SPDX-License-Identifier: GPL-2.0
/*
 * Reading timelines in the kernel.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <asm/timeline.h>
#include "internal.h"

static timeline_ref_t make_ref(u32 id)
{
	return (id / TIMELINE_MAX_IDS + 1) << 8 | (id % TIMELINE_MAX_IDS + 1);
}

/**
 * timeline_of - the place of what a reference refers to, also if it is gone
 * @ref: not 0
 */
struct timeline *timeline_of(timeline_ref_t ref)
{
	return &timelines[array_index_nospec((ref & 0x7f) - 1, TIMELINE_MAX_IDS)];
}

/**
 * timeline_ref_live - whether a timeline still exists
 * @ref: reference
 */
bool timeline_ref_live(timeline_ref_t ref)
{
	struct timeline *tl = timeline_of(ref);

	return READ_ONCE(tl->live) && READ_ONCE(tl->generation) == ref >> 8;
}

/**
 * timeline_lock_ref - find a timeline by a reference
 * @ref: not 0
 * @flags: for timeline_unlock()
 */
struct timeline *timeline_lock_ref(timeline_ref_t ref, unsigned long *flags)
{
	struct timeline *tl = timeline_of(ref);

	raw_spin_lock_irqsave(&tl->lock, *flags);
	if (timeline_is_received(tl))
		timeline_receive(tl);
	if (likely(tl->live && tl->generation == ref >> 8)) {
		__release(&tl->lock);	/* is held, as timeline_lock_place() says */
		return tl;
	}
	raw_spin_unlock_irqrestore(&tl->lock, *flags);
	return ERR_PTR(-EINVAL);
}

/**
 * timeline_resolve_id - the reference to a timeline that exists
 * @id: its id
 * @ref: result
 *
 * Return: 0, -EINVAL if there is none
 */
int timeline_resolve_id(u32 id, timeline_ref_t *ref)
{
	timeline_ref_t its = make_ref(id);	/* of an id that is too large another's */
	struct timeline *tl;
	unsigned long flags;

	if (id % TIMELINE_MAX_IDS < TIMELINE_IDS) {
		/* Of this kernel's: the lock would tell no more, as it may go right after */
		if (timeline_ref_id(its) != id || !timeline_ref_live(its))
			return -EINVAL;
	} else {
		tl = timeline_lock(id, 0, &flags);
		if (IS_ERR(tl))
			return PTR_ERR(tl);
		timeline_unlock(tl, flags);
	}
	*ref = its;
	return 0;
}

/* What the caller is bound to; one that there cannot be if to none */
static u32 self_id(void)
{
	return current->timeline_ref ? timeline_ref_id(current->timeline_ref) : TIMELINE_NONE;
}

/**
 * timeline_resolve - what a clock id means for the caller
 * @clockid: CLOCK_TIMELINE_SELF or CLOCK_TIMELINE()
 * @ref: result
 *
 * Return: 0, -EINVAL if there is none
 */
int timeline_resolve(clockid_t clockid, timeline_ref_t *ref)
{
	return timeline_resolve_id(clockid == CLOCK_TIMELINE_SELF ? self_id() :
				   clockid - CLOCK_TIMELINE_FIRST, ref);
}

/* Of the host's: from the copy, for which the host may have to be asked */
static int read_received(u32 id, struct timeline_time *tt)
{
	struct timeline *tl;
	unsigned long flags;
	int ret = -ENODEV;

	tl = timeline_lock(id, 0, &flags);
	if (IS_ERR(tl))
		return PTR_ERR(tl);
	if (!timeline_is_gone(tl)) {
		timeline_read_locked(tl, tt);
		ret = 0;
	}
	timeline_unlock(tl, flags);
	return ret;
}

/**
 * timeline_gettime - read a timeline
 * @id: its id, or TIMELINE_SELF
 * @tt: result
 *
 * Return: 0; -EINVAL, there is none; -ENODEV, it is the host's, which has none of its
 * name now
 */
int timeline_gettime(u32 id, struct timeline_time *tt)
{
	u32 its = id == TIMELINE_SELF ? self_id() : id, seq;
	const struct timeline_entry *e;
	bool found;

	if (its == TIMELINE_NONE)
		return -EINVAL;
	if (its % TIMELINE_MAX_IDS >= TIMELINE_IDS)
		return read_received(its, tt);
	e = &timeline_table.entry[array_index_nospec(its % TIMELINE_MAX_IDS, TIMELINE_MAX_IDS)];
	do {
		seq = timeline_read_begin(e);
		found = e->magic == TIMELINE_MAGIC && e->id == its;
		timeline_read(e, timeline_read_counter(e->counter_id), tt);
	} while (timeline_read_retry(e, seq));
	return found ? 0 : -EINVAL;
}

/**
 * timeline_read_locked - read a timeline whose lock is held
 * @tl: timeline
 * @tt: result
 */
void timeline_read_locked(struct timeline *tl, struct timeline_time *tt)
{
	timeline_read(tl->entry, timeline_read_counter(tl->entry->counter_id), tt);
}

/**
 * timeline_now_locked - the time on a timeline whose lock is held
 * @tl: timeline
 */
ktime_t timeline_now_locked(struct timeline *tl)
{
	u64 counter = timeline_read_counter(tl->entry->counter_id);

	return timeline_span_ktime(timeline_project(tl->entry, counter));
}

/**
 * timeline_lasted_locked - the difference clock of a timeline whose lock is held
 * @tl: timeline
 */
ktime_t timeline_lasted_locked(struct timeline *tl)
{
	struct timeline_span lasted = tl->lasted;

	timeline_last(&lasted, tl->entry, timeline_read_counter(tl->entry->counter_id));
	return timeline_span_ktime(lasted);
}

/* Of the host's: the copy is as old as the last who took the lock */
static int peek_ns(const struct timeline *tl, u64 *ns)
{
	struct timeline_entry e;

	if (!timeline_is_received(tl) || !timeline_received_peek(tl, &e))
		return -ENODATA;
	*ns = timeline_span_ktime(timeline_project(&e, arch_timeline_counter()));
	return e.clock_status == TIMELINE_STATUS_INITIALIZING ? -EAGAIN : 0;
}

/**
 * timeline_ref_read_ns - the time on a timeline, from any context but NMI
 * @ref: reference, or 0
 * @ns: result, if it returns 0
 *
 * Two dozen loads and a counter read; no lock, so that the caller may hold a
 * runqueue's. An update that another CPU has begun is waited for.
 *
 * Return: 0; -ENODEV if destroyed, -EAGAIN if never set, -EINVAL for 0
 */
int timeline_ref_read_ns(timeline_ref_t ref, u64 *ns)
{
	const struct timeline_entry *e;
	u32 seq, generation, status;
	u64 counter;
	int ret;

	if (!ref)
		return -EINVAL;
	ret = peek_ns(timeline_of(ref), ns);
	if (ret != -ENODATA)
		return ret;
	e = timeline_of(ref)->entry;
	do {
		seq = timeline_read_begin(e);
		generation = e->generation;
		status = e->magic == TIMELINE_MAGIC ? e->clock_status : 0;
		counter = timeline_read_counter(e->counter_id);
		*ns = timeline_span_ktime(timeline_project(e, counter));
	} while (timeline_read_retry(e, seq));
	if (!status || generation != ref >> 8)
		return -ENODEV;
	return status == TIMELINE_STATUS_INITIALIZING ? -EAGAIN : 0;
}
