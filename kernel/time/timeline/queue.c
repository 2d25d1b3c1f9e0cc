// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for an instant of a timeline.
 *
 * One queue per timeline in the order of its time, which no update changes, and
 * one timer on CLOCK_MONOTONIC for the first of them. The two clocks move at
 * rates up to 0.15 % apart and an update can change the instant, so the timer
 * takes at most half of the way (and at most a second) until 2 ms are left:
 * what remains of the difference is then 3 us. An update looks at the first
 * waiter and no other.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/wait.h>
#include "internal.h"

#define BATCH		64
#define BATCH_PAUSE	(50 * NSEC_PER_USEC)

/**
 * timeline_hop - how long to sleep if so much of a timeline's time remains
 * @remaining: nanoseconds
 */
ktime_t timeline_hop(u64 remaining)
{
	return min3(remaining, remaining / 2 + NSEC_PER_MSEC, (u64)NSEC_PER_SEC);
}

static struct timeline_waiter *first_waiter(struct timeline *tl)
{
	struct timerqueue_node *node = timerqueue_getnext(&tl->waiters);

	return node ? container_of(node, struct timeline_waiter, node) : NULL;
}

/* Time until the first waiter is due, 0 if it is */
static u64 until_first(struct timeline *tl, const struct timeline_waiter *first)
{
	ktime_t now;

	if (!tl->live)
		return 0;
	now = timeline_now_locked(tl);
	return first->node.expires > now ? first->node.expires - now : 0;
}

static void arm(struct timeline *tl)
{
	struct timeline_waiter *first = first_waiter(tl);

	if (first)
		hrtimer_start(&tl->timer, timeline_hop(until_first(tl, first)),
			      HRTIMER_MODE_REL);
}

/* Takes the first waiter out of the queue if it is due */
static struct timeline_waiter *take_due(struct timeline *tl)
{
	struct timeline_waiter *first = first_waiter(tl);

	if (!first || until_first(tl, first))
		return NULL;
	timerqueue_del(&tl->waiters, &first->node);
	first->queued = false;
	first->expired = true;
	tl->running = first;
	return first;
}

static enum hrtimer_restart expire(struct hrtimer *timer)
{
	struct timeline *tl = container_of(timer, struct timeline, timer);
	struct timeline_waiter *due;
	unsigned long flags;
	int error, n = 0;
	bool drained;

	raw_spin_lock_irqsave(&tl->lock, flags);
	while (n++ < BATCH && (due = take_due(tl))) {
		error = tl->live ? 0 : -ENODEV;
		raw_spin_unlock_irqrestore(&tl->lock, flags);
		due->fn(due, error);
		raw_spin_lock_irqsave(&tl->lock, flags);
		/* The waiter may be gone from here on */
		tl->running = NULL;
	}
	if (n <= BATCH)
		arm(tl);
	else
		hrtimer_start(&tl->timer, BATCH_PAUSE, HRTIMER_MODE_REL);
	drained = !tl->live && !first_waiter(tl);
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	if (drained)
		wake_up(&tl->drained);
	return HRTIMER_NORESTART;
}

/**
 * timeline_waiter_init - set up a waiter
 * @waiter: waiter
 * @clockid: CLOCK_TIMELINE() or CLOCK_TIMELINE_SELF, for ever what it means now
 * @fn: see struct timeline_waiter
 */
int timeline_waiter_init(struct timeline_waiter *waiter, clockid_t clockid,
			 void (*fn)(struct timeline_waiter *waiter, int error))
{
	timerqueue_init(&waiter->node);
	waiter->node.expires = 0;
	waiter->queued = false;
	waiter->expired = false;
	waiter->fn = fn;
	return timeline_resolve(clockid, &waiter->ref);
}

/**
 * timeline_waiter_start - wait for an instant
 * @waiter: with ref and fn
 * @expires: on the timeline
 */
int timeline_waiter_start(struct timeline_waiter *waiter, ktime_t expires)
{
	struct timeline *tl;
	unsigned long flags;

	waiter->node.expires = expires;
	tl = timeline_lock((waiter->ref & 0xff) - 1, waiter->ref >> 8, &flags);
	if (IS_ERR(tl))
		return -ENODEV;
	waiter->queued = true;
	waiter->expired = false;
	if (timerqueue_add(&tl->waiters, &waiter->node))
		arm(tl);
	timeline_unlock(tl, flags);
	return 0;
}

/**
 * timeline_waiter_try_to_cancel - stop waiting
 * @waiter: waiter
 *
 * Return: 1 if it waited, 0 if not, -1 if its function is running
 */
int timeline_waiter_try_to_cancel(struct timeline_waiter *waiter)
{
	struct timeline *tl = timeline_of(waiter->ref);
	unsigned long flags;
	int ret = 0;

	raw_spin_lock_irqsave(&tl->lock, flags);
	if (waiter->queued) {
		timerqueue_del(&tl->waiters, &waiter->node);
		waiter->queued = false;
		ret = 1;
	} else if (tl->running == waiter) {
		ret = -1;
	}
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	return ret;
}

/**
 * timeline_waiter_wait_running - let a function that runs end
 * @waiter: waiter, which may be gone meanwhile
 */
void timeline_waiter_wait_running(struct timeline_waiter *waiter)
{
	hrtimer_cancel_wait_running(&timeline_of(waiter->ref)->timer);
}

/**
 * timeline_waiter_cancel - stop waiting, and let its function end if it runs
 * @waiter: waiter
 */
void timeline_waiter_cancel(struct timeline_waiter *waiter)
{
	while (timeline_waiter_try_to_cancel(waiter) < 0)
		timeline_waiter_wait_running(waiter);
}

/**
 * timeline_waiter_forward - move the instant of a waiter that does not wait
 * @waiter: waiter
 * @interval: in whole multiples of this, until it is in the future
 *
 * An instant that has come is over, also if the timeline was stepped back.
 *
 * Return: how many, 0 if it has not come
 */
u64 timeline_waiter_forward(struct timeline_waiter *waiter, ktime_t interval)
{
	ktime_t late = timeline_ref_now(waiter->ref) - waiter->node.expires;
	u64 n = waiter->expired;

	if (late >= 0)
		n = div64_u64(late, interval) + 1;
	waiter->expired = false;
	waiter->node.expires = ktime_add_safe(waiter->node.expires, n * interval);
	return n;
}

/**
 * timeline_queue_update - a timeline has changed
 * @tl: timeline, locked
 */
void timeline_queue_update(struct timeline *tl)
{
	arm(tl);
}

/**
 * timeline_queue_drain - wait until a destroyed timeline has no waiters
 * @tl: timeline
 */
void timeline_queue_drain(struct timeline *tl)
{
	wait_event(tl->drained, !READ_ONCE(tl->waiters.rb_root.rb_root.rb_node));
}

/**
 * timeline_queue_init - set up
 * @tl: timeline
 */
void timeline_queue_init(struct timeline *tl)
{
	timerqueue_init_head(&tl->waiters);
	init_waitqueue_head(&tl->drained);
	hrtimer_init(&tl->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	tl->timer.function = expire;
}
