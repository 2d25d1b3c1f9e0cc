/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_TIMELINE_TYPES_H
#define _LINUX_TIMELINE_TYPES_H

#include <linux/timerqueue_types.h>
#include <linux/types.h>

struct timeline_queue;

/*
 * A reference to one timeline and no later one with the same id: the id + 1 in
 * the low 8 bits, 24 bits of its generation above. 0 refers to none.
 */
typedef u32 timeline_ref_t;

/**
 * struct timeline_waiter - waits for an instant of a timeline
 * @node: in the queue by @expires; or, if that had passed, just when it came
 * @late: in the list of those
 * @expires: the instant
 * @ref: the timeline
 * @queue: where it waits, or did last; NULL if it never has
 * @queued: is in its queue, or that list
 * @is_late: is in that list
 * @hard: call @fn with interrupts disabled also on PREEMPT_RT, set by who waits
 * @expired: the instant has come, and was not moved since
 * @fn: called once, with interrupts disabled or (PREEMPT_RT) from a thread, when
 *	the instant has come (error 0) or the timeline is destroyed (-ENODEV)
 */
struct timeline_waiter {
	struct timerqueue_node	node;
	struct list_head	late;
	ktime_t			expires;
	timeline_ref_t		ref;
	struct timeline_queue	*queue;
	bool			queued;
	bool			is_late;
	bool			hard;
	bool			expired;
	void (*fn)(struct timeline_waiter *waiter, int error);
};

#endif /* _LINUX_TIMELINE_TYPES_H */
