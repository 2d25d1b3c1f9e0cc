// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for an instant of a timeline, or for a time to pass on it.
 *
 * One queue per timeline in the order of its time and one in that of its difference
 * clock, which no update changes, and one timer on CLOCK_MONOTONIC for the first of
 * them. An update looks at the first waiters and no others.
 *
 * The two clocks move at different rates, so the timer goes there in hops. What
 * adjtimex() can do makes CLOCK_MONOTONIC slower than the hardware by 10 % (tick),
 * 12.5 % (offset) and 500 ppm (freq); period and slew make a timeline faster by
 * 1000 ppm. So in a hop of h the timeline moves by 1.001 / 0.7745 * h at most, less
 * than 4/3 h: 3/4 of what remains are never too much, and the last hop, of 8 us
 * at most, is less than 3 us late.
 *
 * Waiters are served in the order in which they became due: at their instant,
 * or when they came if that had passed. Otherwise whoever sets timers to the
 * beginning of time over and over would go before all that wait for theirs. The
 * latter have a list of their own, by the difference clock, which never goes back.
 *
 * Sleepers of a real-time policy have a queue of their own, in which no other
 * user can delay them, and which on PREEMPT_RT is served in interrupt context.
 * There everything else, whose functions may take sleeping locks and which may
 * be many, is served by the timer softirq.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/swait.h>
#include "internal.h"

#define BATCH		64
#define BATCH_PAUSE	(50 * NSEC_PER_USEC)
/* What remains then is taken at once */
#define LAST_HOP	(8 * NSEC_PER_USEC)

/**
 * timeline_hop - how long to sleep if so much of a timeline's time remains
 * @remaining: nanoseconds
 */
ktime_t timeline_hop(u64 remaining)
{
	return min3(remaining, remaining - remaining / 4 + LAST_HOP / 4, (u64)NSEC_PER_SEC);
}

static struct timeline_queue *queue_of(struct timeline *tl,
				       const struct timeline_waiter *waiter)
{
	return &tl->queue[waiter->hard];
}

static bool is_empty(const struct timeline_queue *q)
{
	return list_empty(&q->late) && RB_EMPTY_ROOT(&q->ahead.rb_root.rb_root) &&
	       RB_EMPTY_ROOT(&q->lasting.rb_root.rb_root);
}

/* Waits for a duration */
static bool lasts(const struct timeline_waiter *waiter)
{
	return waiter->ref & TIMELINE_REF_DURATION;
}

static struct timerqueue_head *order_of(struct timeline_queue *q,
					const struct timeline_waiter *waiter)
{
	return lasts(waiter) ? &q->lasting : &q->ahead;
}

/* How late the first of those in an order is, KTIME_MIN if there is none */
static ktime_t lateness(const struct timerqueue_head *order, ktime_t now)
{
	struct timerqueue_node *first = timerqueue_getnext((struct timerqueue_head *)order);

	if (!first || first->expires == KTIME_MAX)
		return KTIME_MIN;
	return now - first->expires;
}

static bool is_drained(const struct timeline *tl)
{
	return is_empty(&tl->queue[0]) && is_empty(&tl->queue[1]) && !timeline_watched(tl);
}

/**
 * timeline_queue_end - whether nobody has to be told any more that it is destroyed
 * @tl: timeline, locked
 *
 * For the functions of its timers: each looks when it has served the last of its
 * own, and all three run after DESTROY if there was anybody. So the last one finds
 * that it is drained, and wakes @drained without the lock.
 */
bool timeline_queue_end(struct timeline *tl)
{
	lockdep_assert_held(&tl->lock);
	return !tl->live && is_drained(tl);
}

/* Of a queue that is not empty: time until somebody is due, U64_MAX if never */
static u64 until_due(struct timeline_queue *q)
{
	ktime_t late;

	if (!q->tl->live || !list_empty(&q->late))
		return 0;
	late = max(lateness(&q->ahead, timeline_now_locked(q->tl)),
		   lateness(&q->lasting, timeline_lasted_locked(q->tl)));
	if (late == KTIME_MIN)
		return U64_MAX;
	return late < 0 ? -late : 0;
}

/*
 * A timer that is busy looks when it has done its batch, or its pause is over. Who
 * waits for KTIME_MAX waits for the end of the timeline.
 */
static void arm(struct timeline_queue *q)
{
	u64 wait;

	lockdep_assert_held(&q->tl->lock);
	if (q->busy || is_empty(q))
		return;
	wait = until_due(q);
	if (wait != U64_MAX)
		hrtimer_start(&q->timer, timeline_hop(wait), q->mode);
}

static struct timeline_waiter *first_of(struct timerqueue_head *order)
{
	struct timerqueue_node *first = timerqueue_getnext(order);

	return first ? container_of(first, struct timeline_waiter, node) : NULL;
}

/* Whose turn it is, or NULL: who has been due for longest */
static struct timeline_waiter *next_due(struct timeline_queue *q)
{
	struct timeline_waiter *late = list_first_entry_or_null(&q->late, typeof(*late), late);
	ktime_t lasted = timeline_lasted_locked(q->tl);
	ktime_t ahead = lateness(&q->ahead, timeline_now_locked(q->tl));
	ktime_t lasting = lateness(&q->lasting, lasted);

	if (!q->tl->live)
		return late ?: first_of(&q->ahead) ?: first_of(&q->lasting);
	if (late && lasted - late->node.expires >= max(ahead, lasting))
		return late;
	if (max(ahead, lasting) < 0)
		return late;
	return first_of(ahead >= lasting ? &q->ahead : &q->lasting);
}

/* Whether the timer has to look at it */
static bool enqueue(struct timeline_queue *q, struct timeline_waiter *waiter)
{
	ktime_t lasted = timeline_lasted_locked(q->tl);
	ktime_t now = lasts(waiter) ? lasted : timeline_now_locked(q->tl);

	waiter->queued = true;
	waiter->is_late = waiter->expires <= now;
	waiter->node.expires = waiter->is_late ? lasted : waiter->expires;
	if (!waiter->is_late)
		return timerqueue_add(order_of(q, waiter), &waiter->node);
	list_add_tail(&waiter->late, &q->late);
	return list_is_first(&waiter->late, &q->late);
}

static void dequeue(struct timeline_queue *q, struct timeline_waiter *waiter)
{
	waiter->queued = false;
	if (waiter->is_late)
		list_del(&waiter->late);
	else
		timerqueue_del(order_of(q, waiter), &waiter->node);
}

/* Takes out the one whose turn it is */
static struct timeline_waiter *take_due(struct timeline_queue *q)
{
	struct timeline_waiter *due = next_due(q);

	if (due) {
		dequeue(q, due);
		due->expired = true;
	}
	q->running = due;
	return due;
}

static enum hrtimer_restart expire(struct hrtimer *timer)
{
	struct timeline_queue *q = container_of(timer, struct timeline_queue, timer);
	struct timeline *tl = q->tl;
	struct timeline_waiter *due;
	unsigned long flags;
	int error, n = 0;
	bool drained;

	raw_spin_lock_irqsave(&tl->lock, flags);
	q->busy = true;
	if (timeline_is_received(tl))
		timeline_receive(tl);
	while (n++ < BATCH && (due = take_due(q))) {
		error = tl->live ? 0 : -ENODEV;
		raw_spin_unlock_irqrestore(&tl->lock, flags);
		due->fn(due, error);
		raw_spin_lock_irqsave(&tl->lock, flags);
		/* The waiter may be gone from here on */
		q->running = NULL;
	}
	q->busy = n > BATCH;
	if (q->busy)
		hrtimer_start(&q->timer, BATCH_PAUSE, q->mode);
	else
		arm(q);
	drained = timeline_queue_end(tl);
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	if (drained)
		swake_up_one(&tl->drained);
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
	waiter->expires = 0;
	waiter->hard = false;
	waiter->queued = false;
	waiter->expired = false;
	waiter->fn = fn;
	return timeline_resolve(clockid, &waiter->ref);
}

/**
 * timeline_waiter_lasts - what the instants of a waiter are of, while it does not wait
 * @waiter: with ref
 * @duration: the difference clock, else the time
 */
void timeline_waiter_lasts(struct timeline_waiter *waiter, bool duration)
{
	waiter->ref &= ~TIMELINE_REF_DURATION;
	if (duration)
		waiter->ref |= TIMELINE_REF_DURATION;
}

/**
 * timeline_waiter_now - the time of what a waiter's instants are of
 * @waiter: with ref
 *
 * Return: 0 if the timeline is gone
 */
ktime_t timeline_waiter_now(const struct timeline_waiter *waiter)
{
	struct timeline *tl;
	unsigned long flags;
	ktime_t now;

	tl = timeline_lock_ref(waiter->ref, &flags);
	if (IS_ERR(tl))
		return 0;
	now = lasts(waiter) ? timeline_lasted_locked(tl) : timeline_now_locked(tl);
	timeline_unlock(tl, flags);
	return now;
}

/**
 * timeline_waiter_start - wait for an instant
 * @waiter: with ref and fn
 * @expires: as timeline_waiter_now() tells the time
 */
int timeline_waiter_start(struct timeline_waiter *waiter, ktime_t expires)
{
	struct timeline_queue *q;
	struct timeline *tl;
	unsigned long flags;

	waiter->expires = expires;
	tl = timeline_lock_ref(waiter->ref, &flags);
	if (IS_ERR(tl))
		return -ENODEV;
	waiter->expired = false;
	q = queue_of(tl, waiter);
	if (enqueue(q, waiter))
		arm(q);
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
	struct timeline_queue *q = queue_of(tl, waiter);
	unsigned long flags;
	int ret = 0;

	raw_spin_lock_irqsave(&tl->lock, flags);
	if (waiter->queued) {
		dequeue(q, waiter);
		ret = 1;
	} else if (q->running == waiter) {
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
	hrtimer_cancel_wait_running(&queue_of(timeline_of(waiter->ref), waiter)->timer);
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
	ktime_t late = timeline_waiter_now(waiter) - waiter->expires;
	u64 n = waiter->expired;

	if (late >= 0)
		n = div64_u64(late, interval) + 1;
	waiter->expired = false;
	waiter->expires = ktime_add_safe(waiter->expires, n * interval);
	return n;
}

/**
 * timeline_queue_update - a timeline has changed
 * @tl: timeline, locked
 */
void timeline_queue_update(struct timeline *tl)
{
	arm(&tl->queue[0]);
	arm(&tl->queue[1]);
}

static bool has_drained(struct timeline *tl)
{
	unsigned long flags;
	bool drained;

	raw_spin_lock_irqsave(&tl->lock, flags);
	drained = is_drained(tl);
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	return drained;
}

/**
 * timeline_queue_drain - wait until a destroyed timeline has no waiters and watches
 * @tl: timeline
 *
 * These name a timeline by its place: the next one with this id must not find them.
 */
void timeline_queue_drain(struct timeline *tl)
{
	swait_event_exclusive(tl->drained, has_drained(tl));
}

static void init_queue(struct timeline *tl, struct timeline_queue *q, enum hrtimer_mode mode)
{
	q->tl = tl;
	q->mode = mode;
	timerqueue_init_head(&q->ahead);
	timerqueue_init_head(&q->lasting);
	INIT_LIST_HEAD(&q->late);
	hrtimer_init(&q->timer, CLOCK_MONOTONIC, mode);
	q->timer.function = expire;
}

/**
 * timeline_queue_init - set up
 * @tl: timeline
 */
void timeline_queue_init(struct timeline *tl)
{
	init_queue(tl, &tl->queue[0], HRTIMER_MODE_REL);
	init_queue(tl, &tl->queue[1], HRTIMER_MODE_REL_HARD);
	init_swait_queue_head(&tl->drained);
}
