// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for an instant of a timeline, or for a time to pass on it.
 *
 * For each CPU a timeline has a queue of those who began to wait there, in the order of
 * its time, and one in that of its difference clock, which no update changes; and one timer
 * on CLOCK_MONOTONIC, on that CPU, for the first of them. An update looks at the first waiters
 * and no others, and disturbs a CPU only if somebody there has to be woken sooner.
 *
 * The timer is set to the instant itself, by the rates that the timeline and
 * CLOCK_MONOTONIC have. An update changes the one and the timekeeper tells of the other,
 * but for a unit of its multiplier up and down, which with the half that this is rounded by
 * is less than 2^-21 of what it multiplies: so much is added, and what is far away is looked
 * at once more before. The host does not tell of its updates, which change a rate by
 * 2 * 1000 ppm at most: so a timer on one of its timelines stops short by a 256th, if that
 * is much.
 *
 * Waiters are served in the order in which they became due: at their instant,
 * or when they came if that had passed. Otherwise whoever sets timers to the
 * beginning of time over and over would go before all that wait for theirs. The
 * latter have a list of their own, by the difference clock, which never goes back.
 *
 * Sleepers of a real-time policy have queues of their own, in which no other
 * user can delay them, and which on PREEMPT_RT are served in interrupt context.
 * There everything else, whose functions may take sleeping locks and which may
 * be many, is served by the timer softirq.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/swait.h>
#include "instant.h"
#include "internal.h"

#define BATCH		64
#define BATCH_PAUSE	(50 * NSEC_PER_USEC)

/* A timer that is late by less is left */
#define LATE_ENOUGH	500
/* Who is further away is looked at once more before */
#define FAR		(2ULL * NSEC_PER_SEC)
/* On one of the host's, which changes unseen */
#define UNSEEN_FAR	(4 * NSEC_PER_MSEC)
#define UNSEEN_MAX	((u64)NSEC_PER_SEC)

/* Who waits, of one timeline on one CPU: the others, and those that are hard */
struct timeline_queues {
	struct timeline_queue of[2];
};

/*
 * How fast CLOCK_MONOTONIC moves beside the frequency that its counter is said to have. If
 * that is faster it is no help: the device that interrupts knows of no adjtimex().
 */
static u64 mono_rate = TIMELINE_RATE_ONE;
u32 timeline_mono_mult;		/* the timekeeper's lock */
static bool ever_used;

static struct timeline_queue *queue_of(struct timeline *tl, int cpu, bool hard)
{
	return &per_cpu_ptr(tl->queues, cpu)->of[hard];
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

static bool is_drained(const struct timeline *tl)
{
	return !tl->waiting && !timeline_watched(tl);
}

/**
 * timeline_queue_end - whether nobody has to be told any more that it is destroyed
 * @tl: timeline, locked
 *
 * For whoever takes one out: the last finds that it is drained, and wakes @drained
 * without the lock.
 */
bool timeline_queue_end(struct timeline *tl)
{
	lockdep_assert_held(&tl->lock);
	return !tl->live && is_drained(tl);
}

static ktime_t time_at(const struct timeline *tl, u64 counter, bool lasts)
{
	struct timeline_span lasted = tl->lasted;

	if (!lasts)
		return timeline_span_ktime(timeline_project(tl->entry, counter));
	timeline_last(&lasted, tl->entry, counter);
	return timeline_span_ktime(lasted);
}

static u64 counter_of(const struct timeline *tl)
{
	return timeline_read_counter(tl->entry->counter_id);
}

/* What is looked at once in all that is done at an instant; mono is not before counter */
struct moment {
	u64	counter;
	ktime_t	mono;
};

static struct moment moment_of(const struct timeline *tl)
{
	u64 counter = counter_of(tl);

	return (struct moment) { counter, ktime_get() };
}

/* How late the first of those in an order is, KTIME_MIN if there is none */
static ktime_t lateness(const struct timeline *tl, struct timerqueue_head *order, u64 counter,
			bool lasts)
{
	struct timerqueue_node *first = timerqueue_getnext(order);

	if (!first || first->expires == KTIME_MAX)
		return KTIME_MIN;
	return time_at(tl, counter, lasts) - first->expires;
}

/* Of those in an order, until the first is due: 0 at once, U64_MAX never */
static u64 until_first(const struct timeline *tl, struct timerqueue_head *order, u64 counter,
		       bool lasts)
{
	const struct timeline_entry *e = tl->entry;
	ktime_t late = lateness(tl, order, counter, lasts);

	if (late == KTIME_MIN)
		return U64_MAX;
	if (late >= 0)
		return 0;
	return timeline_until(e, timeline_elapsed(e, counter), -late, lasts,
			      timeline_counter_hz(e->counter_id), READ_ONCE(mono_rate));
}

/* Of a queue that is not empty */
static u64 until_due(struct timeline_queue *q, u64 counter)
{
	if (!q->tl->live || !list_empty(&q->late))
		return 0;
	return min(until_first(q->tl, &q->ahead, counter, false),
		   until_first(q->tl, &q->lasting, counter, true));
}

/* How long the timer is set to, if somebody is due then; not 0 */
static u64 stage(const struct timeline *tl, u64 wait)
{
	if (timeline_is_received(tl) && wait > UNSEEN_FAR)
		return min(wait - wait / 256, UNSEEN_MAX);
	if (wait > FAR)
		return wait - (wait >> 16);
	return wait + (wait >> 21) + 1;
}

static void look_elsewhere(int cpu);

/*
 * A timer that is busy looks when it has done its batch, or its pause is over. Who
 * waits for KTIME_MAX waits for the end of the timeline. Interrupts are disabled: a CPU
 * that is online stays so until it has been told.
 */
static void arm_at(struct timeline_queue *q, struct moment now)
{
	ktime_t at;
	u64 wait;

	lockdep_assert_held(&q->tl->lock);
	if (q->busy || is_empty(q))
		return;
	wait = until_due(q, now.counter);
	if (wait == U64_MAX)
		return;
	at = now.mono + (wait ? stage(q->tl, wait) : 0);
	if (q->cpu != smp_processor_id() && cpu_online(q->cpu)) {
		/* Of who is far away the timer stops short: it is late behind the instant */
		if (max_t(s64, at, now.mono + wait) < q->armed - LATE_ENOUGH)
			look_elsewhere(q->cpu);
		return;
	}
	q->armed = at;
	hrtimer_start(&q->timer, at, q->mode);
}

/*
 * One that has become the first of its order, with so much to go, or less than nothing. What
 * the timer is set to is for one of the others, or too soon for one who is gone; if it
 * is about to run it looks itself.
 */
static void arm_first(struct timeline_queue *q, const struct timeline_waiter *waiter,
		      struct moment now, s64 left)
{
	const struct timeline_entry *e = q->tl->entry;
	ktime_t at = now.mono;
	u64 wait;

	if (q->busy || waiter->expires == KTIME_MAX)
		return;
	if (left > 0) {
		wait = timeline_until(e, timeline_elapsed(e, now.counter), left, lasts(waiter),
				      timeline_counter_hz(e->counter_id), READ_ONCE(mono_rate));
		at += stage(q->tl, wait);
	}
	if (at >= q->armed)
		return;
	q->armed = at;
	hrtimer_start(&q->timer, at, q->mode);
}

static void arm(struct timeline_queue *q)
{
	if (!q->busy && !is_empty(q))
		arm_at(q, moment_of(q->tl));
}

static void arm_both(struct timeline *tl, int cpu)
{
	arm(queue_of(tl, cpu, false));
	arm(queue_of(tl, cpu, true));
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
	struct timeline *tl = q->tl;
	ktime_t ahead, lasting;
	u64 counter;

	if (is_empty(q))
		return NULL;
	if (!tl->live)
		return late ?: first_of(&q->ahead) ?: first_of(&q->lasting);
	counter = counter_of(tl);
	ahead = lateness(tl, &q->ahead, counter, false);
	lasting = lateness(tl, &q->lasting, counter, true);
	if (late && time_at(tl, counter, true) - late->node.expires >= max(ahead, lasting))
		return late;
	if (max(ahead, lasting) < 0)
		return late;
	return first_of(ahead >= lasting ? &q->ahead : &q->lasting);
}

/* Whether the timer has to look at it */
static bool enqueue(struct timeline_queue *q, struct timeline_waiter *waiter, u64 counter)
{
	waiter->queue = q;
	waiter->queued = true;
	q->tl->waiting++;
	cpumask_set_cpu(q->cpu, q->tl->cpus);
	waiter->node.expires = waiter->expires;
	if (!waiter->is_late)
		return timerqueue_add(order_of(q, waiter), &waiter->node);
	waiter->node.expires = time_at(q->tl, counter, true);
	list_add_tail(&waiter->late, &q->late);
	return list_is_first(&waiter->late, &q->late);
}

static void dequeue(struct timeline_queue *q, struct timeline_waiter *waiter)
{
	/* After q->running, see timeline_waiter_is_over() */
	smp_store_release(&waiter->queued, false);
	q->tl->waiting--;
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
		WRITE_ONCE(q->running, due);
		dequeue(q, due);
		due->expired = true;
	}
	return due;
}

static enum hrtimer_restart timeline_expire(struct hrtimer *timer)
{
	struct timeline_queue *q = container_of(timer, struct timeline_queue, timer);
	struct timeline *tl = q->tl;
	struct timeline_waiter *due;
	unsigned long flags;
	int error, n = 0;
	bool drained;

	raw_spin_lock_irqsave(&tl->lock, flags);
	q->busy = true;
	q->armed = KTIME_MAX;
	if (timeline_is_received(tl))
		timeline_receive(tl);
	while (n++ < BATCH && (due = take_due(q))) {
		error = tl->live ? 0 : -ENODEV;
		raw_spin_unlock_irqrestore(&tl->lock, flags);
		due->fn(due, error);
		raw_spin_lock_irqsave(&tl->lock, flags);
		/* The waiter may be gone from here on: see timeline_waiter_is_over() */
		smp_store_release(&q->running, NULL);
	}
	q->busy = n > BATCH;
	if (q->busy)
		hrtimer_start(&q->timer, ktime_get() + BATCH_PAUSE, q->mode);
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
	waiter->queue = NULL;
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
 * timeline_waiter_step - which step the time of a waiter's timeline is from
 * @waiter: with ref
 *
 * Return: greater after each step, 0 if the timeline is gone
 */
s64 timeline_waiter_step(const struct timeline_waiter *waiter)
{
	struct timeline *tl;
	unsigned long flags;
	s64 step;

	tl = timeline_lock_ref(waiter->ref, &flags);
	if (IS_ERR(tl))
		return 0;
	step = tl->steps;
	timeline_unlock(tl, flags);
	return step;
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

/* How to start: so far from now; only if the instant has not passed */
#define FROM_NOW	1
#define IF_AHEAD	2

static int start(struct timeline_waiter *waiter, ktime_t expires, unsigned int how)
{
	struct timeline_queue *q;
	struct timeline *tl;
	unsigned long flags;
	struct moment now;
	ktime_t time;
	bool late;

	tl = timeline_lock_ref(waiter->ref, &flags);
	if (IS_ERR(tl))
		return -ENODEV;
	now = moment_of(tl);
	time = time_at(tl, now.counter, lasts(waiter));
	waiter->expires = how & FROM_NOW ? ktime_add_safe(time, expires) : expires;
	waiter->expired = false;
	late = waiter->expires <= time;
	waiter->is_late = late;
	if (!late || !(how & IF_AHEAD)) {
		q = queue_of(tl, smp_processor_id(), waiter->hard);
		if (enqueue(q, waiter, now.counter))
			arm_first(q, waiter, now, waiter->expires - time);
	}
	timeline_unlock(tl, flags);
	return late;
}

/**
 * timeline_waiter_start - wait for an instant
 * @waiter: waiter, with ref and fn
 * @expires: as timeline_waiter_now() tells the time
 *
 * Return: 0, or -ENODEV: the timeline is gone
 */
int timeline_waiter_start(struct timeline_waiter *waiter, ktime_t expires)
{
	waiter->expires = expires;
	return min(start(waiter, expires, 0), 0);
}

/**
 * timeline_waiter_sleep - wait for an instant, but not if it has passed
 * @waiter: waiter, with ref and fn
 * @expires: the instant, or how far it is away
 * @from_now: the latter
 *
 * So nobody can crowd a queue with instants that have passed.
 *
 * Return: 0 if it waits, 1 if not, -ENODEV: the timeline is gone
 */
int timeline_waiter_sleep(struct timeline_waiter *waiter, ktime_t expires, bool from_now)
{
	return start(waiter, expires, IF_AHEAD | (from_now ? FROM_NOW : 0));
}

/* Its function, if it is about to run, finds nobody */
static void disarm_if_empty(struct timeline_queue *q)
{
	if (!q->busy && is_empty(q) && hrtimer_try_to_cancel(&q->timer) > 0)
		q->armed = KTIME_MAX;
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
	struct timeline_queue *q = waiter->queue;
	unsigned long flags;
	bool drained;
	int ret = 0;

	if (!q)		/* it never waited */
		return 0;
	raw_spin_lock_irqsave(&tl->lock, flags);
	if (waiter->queued) {
		dequeue(q, waiter);
		disarm_if_empty(q);
		ret = 1;
	} else if (q->running == waiter) {
		ret = -1;
	}
	drained = timeline_queue_end(tl);
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	if (drained)
		swake_up_one(&tl->drained);
	return ret;
}

/**
 * timeline_waiter_is_over - whether its function has been called and has ended
 * @waiter: waiter that was started, and whose function does not start it again
 *
 * Then there is nothing to cancel. This takes no lock: it becomes the one that runs
 * before it is no longer queued, and once only.
 */
bool timeline_waiter_is_over(const struct timeline_waiter *waiter)
{
	/* Pairs with dequeue() */
	if (smp_load_acquire(&waiter->queued))
		return false;
	/* Pairs with timeline_expire(), for what the function did */
	return smp_load_acquire(&waiter->queue->running) != waiter;
}

/**
 * timeline_waiter_wait_running - let a function that runs end
 * @waiter: waiter, which may be gone meanwhile
 */
void timeline_waiter_wait_running(struct timeline_waiter *waiter)
{
	hrtimer_cancel_wait_running(&waiter->queue->timer);
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

/* ---- the rates have changed ------------------------------------------------ */

/**
 * timeline_queue_update - a timeline has changed
 * @tl: timeline, locked
 *
 * Looks at each CPU on which anybody waits, and forgets those where nobody does.
 */
void timeline_queue_update(struct timeline *tl)
{
	int cpu;

	lockdep_assert_held(&tl->lock);
	if (!tl->waiting)
		return;
	for_each_cpu(cpu, tl->cpus) {
		if (is_empty(queue_of(tl, cpu, false)) && is_empty(queue_of(tl, cpu, true)))
			cpumask_clear_cpu(cpu, tl->cpus);
		else
			arm_both(tl, cpu);
	}
}

static void look_here(struct irq_work *work)
{
	struct timeline *tl;
	unsigned long flags;

	for (tl = timelines; tl < timelines + TIMELINE_MAX_IDS; tl++) {
		if (!data_race(tl->waiting))	/* who comes then looks himself */
			continue;
		raw_spin_lock_irqsave(&tl->lock, flags);
		arm_both(tl, smp_processor_id());
		raw_spin_unlock_irqrestore(&tl->lock, flags);
	}
}

static DEFINE_PER_CPU(struct irq_work, look_work) = IRQ_WORK_INIT_HARD(look_here);

static void look_elsewhere(int cpu)
{
	irq_work_queue_on(&per_cpu(look_work, cpu), cpu);
}

/* Who gets a timeline's lock later knows the new rate */
static void look_everywhere(struct irq_work *work)
{
	struct timeline *tl;
	unsigned long flags;

	for (tl = timelines; tl < timelines + TIMELINE_MAX_IDS; tl++) {
		raw_spin_lock_irqsave(&tl->lock, flags);
		timeline_queue_update(tl);
		raw_spin_unlock_irqrestore(&tl->lock, flags);
	}
}

static struct irq_work rate_work = IRQ_WORK_INIT_HARD(look_everywhere);

/**
 * __timeline_mono_rate - CLOCK_MONOTONIC moves at another rate from now on
 * @mult: its multiplier
 * @raw: that by the counter's frequency
 *
 * Context: the timekeeper's lock, while no clock can be read.
 */
void __timeline_mono_rate(u32 mult, u32 raw)
{
	timeline_mono_mult = mult;
	WRITE_ONCE(mono_rate, min(div_u64((u64)mult << 32, raw), TIMELINE_RATE_ONE));
	smp_mb();	/* pairs with timeline_queue_alloc() */
	if (READ_ONCE(ever_used))
		irq_work_queue(&rate_work);
}

/* ---- the end ----------------------------------------------------------------- */

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

static void init_queue(struct timeline *tl, int cpu, bool hard)
{
	struct timeline_queue *q = queue_of(tl, cpu, hard);

	q->tl = tl;
	q->cpu = cpu;
	q->mode = hard ? HRTIMER_MODE_ABS_PINNED_HARD : HRTIMER_MODE_ABS_PINNED;
	q->armed = KTIME_MAX;
	timerqueue_init_head(&q->ahead);
	timerqueue_init_head(&q->lasting);
	INIT_LIST_HEAD(&q->late);
	hrtimer_init(&q->timer, CLOCK_MONOTONIC, q->mode);
	q->timer.function = timeline_expire;
}

/**
 * timeline_queue_alloc - the queues of a place in the table, before it is first used
 * @tl: timeline
 *
 * Context: may sleep, nobody else does this.
 * Return: 0, which it always is if it has been before, or -ENOMEM
 */
int timeline_queue_alloc(struct timeline *tl)
{
	int cpu;

	if (tl->queues)
		return 0;
	if (!zalloc_cpumask_var(&tl->cpus, GFP_KERNEL))
		return -ENOMEM;
	tl->queues = alloc_percpu(struct timeline_queues);
	if (!tl->queues) {
		free_cpumask_var(tl->cpus);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu) {
		init_queue(tl, cpu, false);
		init_queue(tl, cpu, true);
	}
	WRITE_ONCE(ever_used, true);
	smp_mb();	/* before anybody reads the rate */
	return 0;
}
