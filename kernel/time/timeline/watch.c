// SPDX-License-Identifier: GPL-2.0
/*
 * Telling who needs an accuracy when a timeline loses it and has it again.
 *
 * A watch is content while status is SYNCHRONIZED and the bound does not exceed
 * its accuracy. The bound is the same for all, so two queues ordered by
 * accuracy tell who is next: the most demanding of the content and the least
 * demanding of the others. (Accuracies end where the order of the queues does, at
 * S64_MAX: two that are equal there are so in all respects.) One timer waits for
 * these two; it also fires when nobody sets the timeline any more, because the
 * bound grows by itself.
 *
 * So who needs less is told after all who need more, and telling takes time. A
 * user can have WATCHES_PER_USER watches by default (user.max_timeline_watches):
 * two batches, which is how much later anybody else is told because of one user.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <asm/timeline.h>
#include "internal.h"

#define BATCH		64
#define BATCH_PAUSE	(50 * NSEC_PER_USEC)
#define WATCHES_PER_USER	(2 * BATCH)
/* The shortest wait: a bound may grow, or a slew end, that little at a time */
#define LOOK_AGAIN	(100 * NSEC_PER_USEC)
/* What remains then is taken at once */
#define LAST_HOP	(8 * NSEC_PER_USEC)

enum watch_state { WATCH_NONE, WATCH_CONTENT, WATCH_DEGRADED, WATCH_DESTROYED };

/**
 * struct timeline_watch - one file that did TIMELINE_BIND
 * @node: in a queue of the timeline
 * @tl: timeline, NULL before the first BIND; its lock protects the rest, and
 *	that @tl goes on to be this one
 * @binding: one BIND at a time
 * @charged: whose limit it counts against, since its first BIND
 * @state: which queue
 * @event: newest event
 * @unread: nobody has read it
 * @worse: nor it or one before it that was a degradation
 * @was_worse: what @worse was when it was read
 * @guest: a virtual machine's
 * @asked: what its file has asked by TIMELINE_DEMAND
 * @wqh: readers
 * @rcu: to free it
 */
struct timeline_watch {
	struct timerqueue_node	node;
	struct timeline		*tl;
	struct mutex		binding;	/* of BIND */
	struct ucounts		*charged;
	enum watch_state	state;
	struct timeline_event	event;
	bool			unread;
	bool			worse;
	bool			was_worse;
	bool			guest;
	struct timeline_demand_file asked;
	wait_queue_head_t	wqh;
	struct rcu_head		rcu;
};

/* The bound as all watches see it */
struct quality {
	struct timeline_time	time;
	u64			bound;
	bool			synchronized;
};

static void get_quality(struct timeline *tl, struct quality *q)
{
	timeline_read_locked(tl, &q->time);
	q->bound = timeline_bound(&q->time);
	q->synchronized = q->time.status == TIMELINE_STATUS_SYNCHRONIZED;
}

static struct timeline_watch *first_of(struct timerqueue_head *queue)
{
	struct timerqueue_node *node = timerqueue_getnext(queue);

	return node ? container_of(node, struct timeline_watch, node) : NULL;
}

/**
 * timeline_watched - whether there is a watch that was not told of the end
 * @tl: timeline, locked
 */
bool timeline_watched(const struct timeline *tl)
{
	return !RB_EMPTY_ROOT(&tl->content.rb_root.rb_root) ||
	       !RB_EMPTY_ROOT(&tl->degraded.rb_root.rb_root);
}

/**
 * timeline_watch_least - the most demanding of all watches, 0 if there is none
 * @tl: timeline, locked
 */
u64 timeline_watch_least(const struct timeline *tl)
{
	struct timeline_watch *content = first_of((struct timerqueue_head *)&tl->content);
	struct rb_node *last = rb_last(&tl->degraded.rb_root.rb_root);
	struct timeline_watch *degraded;
	u64 least = content ? content->event.accuracy_ns : U64_MAX;

	lockdep_assert_held(&tl->lock);
	if (last) {
		degraded = container_of(last, struct timeline_watch, node.node);
		least = min(least, degraded->event.accuracy_ns);
	}
	return tl->watchers ? least : 0;
}

/**
 * timeline_watch_asked - what the file of a watch has asked by TIMELINE_DEMAND
 * @watch: watch
 */
struct timeline_demand_file *timeline_watch_asked(struct timeline_watch *watch)
{
	return &watch->asked;
}

static bool degrades(const struct timeline_watch *watch, const struct quality *q)
{
	return watch && (!q->synchronized || q->bound > watch->event.accuracy_ns);
}

static bool recovers(const struct timeline_watch *watch, const struct quality *q)
{
	return watch && q->synchronized && q->bound <= watch->event.accuracy_ns;
}

/* Smallest accuracy first if content, largest first if not */
static void enqueue(struct timeline *tl, struct timeline_watch *watch, enum watch_state state)
{
	s64 key = watch->event.accuracy_ns;

	watch->state = state;
	watch->node.expires = state == WATCH_CONTENT ? key : -key;
	timerqueue_add(state == WATCH_CONTENT ? &tl->content : &tl->degraded, &watch->node);
}

static void dequeue(struct timeline *tl, struct timeline_watch *watch)
{
	if (watch->state == WATCH_CONTENT)
		timerqueue_del(&tl->content, &watch->node);
	else if (watch->state == WATCH_DEGRADED)
		timerqueue_del(&tl->degraded, &watch->node);
	watch->state = WATCH_NONE;
}

/* It comes, or goes */
static void count(struct timeline *tl, struct timeline_watch *watch, int one)
{
	tl->watchers += one;
	if (watch->guest)
		tl->guests += one;
	timeline_demand_changed(tl);
}

static void leave(struct timeline *tl, struct timeline_watch *watch)
{
	bool was_in = watch->state == WATCH_CONTENT || watch->state == WATCH_DEGRADED;

	dequeue(tl, watch);
	if (was_in)
		count(tl, watch, -1);
}

static void post(struct timeline_watch *watch, u32 type, const struct quality *q)
{
	struct timeline_event *event = &watch->event;

	event->missed = watch->unread ? event->missed + 1 : 0;
	event->type = type;
	event->reason = 0;
	if (type == TIMELINE_EVENT_DEGRADED) {
		event->reason |= q->bound > event->accuracy_ns ? TIMELINE_WHY_BOUND : 0;
		event->reason |= !q->synchronized ? TIMELINE_WHY_STATUS : 0;
		watch->worse = true;
	}
	event->time = q->time;
	watch->unread = true;
}

static __poll_t poll_bits(const struct timeline_watch *watch)
{
	__poll_t bits = watch->worse ? EPOLLPRI : 0;

	if (watch->state == WATCH_DESTROYED)
		bits = EPOLLHUP;
	if (watch->unread && watch->event.type != TIMELINE_EVENT_DEGRADED)
		bits |= EPOLLIN | EPOLLRDNORM;
	return bits;
}

/* One change that is due, or NULL */
static struct timeline_watch *change_one(struct timeline *tl, const struct quality *q)
{
	struct timeline_watch *content = first_of(&tl->content);
	struct timeline_watch *degraded = first_of(&tl->degraded);
	struct timeline_watch *watch = content ?: degraded;

	if (!tl->live && watch) {
		leave(tl, watch);
		watch->state = WATCH_DESTROYED;
		post(watch, TIMELINE_EVENT_DESTROYED, q);
		return watch;
	}
	if (degrades(content, q)) {
		dequeue(tl, content);
		enqueue(tl, content, WATCH_DEGRADED);
		post(content, TIMELINE_EVENT_DEGRADED, q);
		return content;
	}
	if (recovers(degraded, q)) {
		dequeue(tl, degraded);
		enqueue(tl, degraded, WATCH_CONTENT);
		post(degraded, TIMELINE_EVENT_RECOVERED, q);
		return degraded;
	}
	return NULL;
}

/*
 * How long a slew takes at least to lower the bound so far: by 1 ns in period / rate
 * ns of the target, less 1 as its own rate is what the time has more or less. Seconds
 * are enough to look again.
 */
static u64 until_slewed(const struct timeline_entry *e, u64 ns)
{
	u64 rate = abs(e->slew_rate);

	return min_t(u64, ns, NSEC_PER_SEC) *
	       min_t(u64, e->counter_period_frac_sec / rate - 1, NSEC_PER_SEC);
}

/* Time until the next change by itself */
static u64 until_change(struct timeline *tl, const struct quality *q)
{
	struct timeline_watch *content = first_of(&tl->content);
	struct timeline_watch *degraded = first_of(&tl->degraded);
	const struct timeline_entry *e = tl->entry;
	u64 wait = U64_MAX, since = timeline_elapsed(e, q->time.counter);

	if (!tl->live)
		return content || degraded ? 0 : U64_MAX;
	if (degrades(content, q) || recovers(degraded, q))
		return 0;
	if (!q->synchronized)
		return U64_MAX;
	if (content)
		wait = timeline_bound_exceeds(e, since, q->bound, content->event.accuracy_ns,
					      timeline_counter_hz(e->counter_id));
	/* A host may write of one of its timelines what this kernel does not */
	if (degraded && e->slew_rate && timeline_slew_left(e, since))
		wait = min(wait, until_slewed(e, q->bound - degraded->event.accuracy_ns));
	return max(wait, LOOK_AGAIN);
}

/*
 * How long to sleep if so much time remains. What adjtimex() can do makes CLOCK_MONOTONIC
 * slower than the hardware by 10 % (tick), 12.5 % (offset) and 500 ppm (freq); period and
 * slew make a timeline faster by 1000 ppm. So in a hop of h the timeline moves by 1.001 /
 * 0.7745 * h at most, less than 4/3 h: 3/4 of what remains are never too much, and
 * the last hop, of 8 us at most, is less than 3 us late.
 */
static ktime_t hop(u64 remaining)
{
	return min3(remaining, remaining - remaining / 4 + LAST_HOP / 4, (u64)NSEC_PER_SEC);
}

/* A timer that is busy looks when it has told its batch, or its pause is over */
static void arm(struct timeline *tl)
{
	struct quality q;
	u64 wait;

	lockdep_assert_held(&tl->lock);
	if (tl->telling || !timeline_watched(tl))
		return;
	get_quality(tl, &q);
	wait = until_change(tl, &q);
	/* A host changes its own without a word */
	if (timeline_is_received(tl))
		wait = min(wait, (u64)NSEC_PER_SEC);
	if (wait != U64_MAX)
		hrtimer_start(&tl->watch_timer, hop(wait), HRTIMER_MODE_REL);
}

static enum hrtimer_restart change(struct hrtimer *timer)
{
	struct timeline *tl = container_of(timer, struct timeline, watch_timer);
	struct timeline_watch *watch;
	unsigned long flags;
	struct quality q;
	__poll_t bits;
	bool drained;
	int n = 0;

	/* A watch that is freed after its last change is still there to be woken */
	rcu_read_lock();
	raw_spin_lock_irqsave(&tl->lock, flags);
	tl->telling = true;
	if (timeline_is_received(tl))
		timeline_receive(tl);
	get_quality(tl, &q);
	while (n++ < BATCH && (watch = change_one(tl, &q))) {
		bits = poll_bits(watch);
		raw_spin_unlock_irqrestore(&tl->lock, flags);
		wake_up_poll(&watch->wqh, bits);
		raw_spin_lock_irqsave(&tl->lock, flags);
		get_quality(tl, &q);
	}
	tl->telling = n > BATCH;
	if (tl->telling)
		hrtimer_start(&tl->watch_timer, BATCH_PAUSE, HRTIMER_MODE_REL);
	else
		arm(tl);
	drained = timeline_queue_end(tl);
	raw_spin_unlock_irqrestore(&tl->lock, flags);
	rcu_read_unlock();
	if (drained)
		swake_up_one(&tl->drained);
	return HRTIMER_NORESTART;
}

/**
 * timeline_watch_update - a timeline has changed
 * @tl: timeline, locked
 */
void timeline_watch_update(struct timeline *tl)
{
	arm(tl);
}

/**
 * timeline_watch_init - set up
 * @tl: timeline
 */
void timeline_watch_init(struct timeline *tl)
{
	timerqueue_init_head(&tl->content);
	timerqueue_init_head(&tl->degraded);
	hrtimer_init(&tl->watch_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	tl->watch_timer.function = change;
}

/**
 * timeline_watch_alloc - for a file
 */
struct timeline_watch *timeline_watch_alloc(void)
{
	struct timeline_watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL_ACCOUNT);

	if (watch) {
		timerqueue_init(&watch->node);
		mutex_init(&watch->binding);
		init_waitqueue_head(&watch->wqh);
	}
	return watch;
}

/**
 * timeline_watch_free - of a file that is closed
 * @watch: watch
 */
void timeline_watch_free(struct timeline_watch *watch)
{
	struct timeline *tl = watch->tl;
	unsigned long flags;

	if (tl) {
		raw_spin_lock_irqsave(&tl->lock, flags);
		leave(tl, watch);
		raw_spin_unlock_irqrestore(&tl->lock, flags);
	}
	if (watch->charged)
		dec_ucount(watch->charged, UCOUNT_TIMELINE_WATCHES);
	kfree_rcu(watch, rcu);
}

/*
 * Of each user of each user namespace, and of a namespace's all against the limit of who
 * made it. So what runs in containers of one owner shares it; the machine's administrator
 * is not refused what they have taken.
 */
static bool charge(struct timeline_watch *watch)
{
	if (!watch->charged)
		watch->charged = inc_ucount(current_user_ns(), current_euid(),
					    UCOUNT_TIMELINE_WATCHES);
	return watch->charged || (!watch->guest && capable(CAP_SYS_RESOURCE));
}

/* The timeline of before, if any, and the one of now, in the order of the table */
static void lock_both(struct timeline *old, struct timeline *new, unsigned long *flags)
{
	struct timeline *first = old && old < new ? old : new;
	struct timeline *second = first == new ? old : new;

	raw_spin_lock_irqsave(&first->lock, *flags);
	if (second && second != first) {
		raw_spin_lock_nested(&second->lock, SINGLE_DEPTH_NESTING);
		__release(&second->lock);
	}
	__release(&first->lock);	/* as in timeline_lock() */
}

static void unlock_both(struct timeline *old, struct timeline *new, unsigned long flags)
{
	if (old && old != new) {
		__acquire(&old->lock);
		raw_spin_unlock(&old->lock);
	}
	__acquire(&new->lock);
	raw_spin_unlock_irqrestore(&new->lock, flags);
}

/* Both are locked, and there is no moment at which it watches neither */
static void move(struct timeline_watch *watch, struct timeline *tl,
		 const struct timeline_bind *arg)
{
	if (watch->tl)
		leave(watch->tl, watch);
	WRITE_ONCE(watch->tl, tl);
	watch->unread = false;
	watch->worse = false;
	watch->event = (struct timeline_event) {
		.id = arg->id,
		.accuracy_ns = clamp_t(u64, arg->accuracy_ns, 1, S64_MAX),
	};
	enqueue(tl, watch, WATCH_CONTENT);
	count(tl, watch, 1);
	arm(tl);
}

/**
 * timeline_watch_of_guest - make a watch that nobody reads
 * @watch: as allocated
 */
void timeline_watch_of_guest(struct timeline_watch *watch)
{
	watch->guest = true;
}

/**
 * timeline_watch_start - watch a timeline, instead of the one before if any
 * @watch: watch
 * @arg: what to watch, which there was
 *
 * A watch starts as content: if the timeline is worse than that, it is told. What
 * fails leaves the one before as it is.
 */
int timeline_watch_start(struct timeline_watch *watch, const struct timeline_bind *arg)
{
	u32 place = arg->id % TIMELINE_MAX_IDS;
	struct timeline *tl = &timelines[array_index_nospec(place, TIMELINE_MAX_IDS)], *old;
	unsigned long flags;
	bool found;

	guard(mutex)(&watch->binding);
	if (!charge(watch))
		return -ENOSPC;
	old = watch->tl;
	lock_both(old, tl, &flags);
	found = tl->live && tl->id == arg->id;
	if (found)
		move(watch, tl, arg);
	unlock_both(old, tl, flags);
	return found ? 0 : -EINVAL;
}

/* The timeline of a watch, locked, or NULL */
static struct timeline *lock_watch(struct timeline_watch *watch, unsigned long *flags)
{
	struct timeline *tl;

	while ((tl = READ_ONCE(watch->tl))) {
		raw_spin_lock_irqsave(&tl->lock, *flags);
		if (READ_ONCE(watch->tl) == tl) {
			__release(&tl->lock);	/* as in timeline_lock() */
			break;
		}
		raw_spin_unlock_irqrestore(&tl->lock, *flags);
	}
	return tl;
}

/**
 * timeline_watch_poll - for poll() of the file
 * @watch: watch
 * @file: file
 * @wait: as poll() gives it
 */
__poll_t timeline_watch_poll(struct timeline_watch *watch, struct file *file,
			     struct poll_table_struct *wait)
{
	struct timeline *tl;
	unsigned long flags;
	__poll_t bits;

	poll_wait(file, &watch->wqh, wait);
	tl = lock_watch(watch, &flags);
	if (!tl)
		return 0;
	bits = poll_bits(watch);
	timeline_unlock(tl, flags);
	return bits;
}

/* 1 if there was an event, 0 at the end, -EAGAIN if there is none yet */
static int try_take(struct timeline_watch *watch, struct timeline_event *event)
{
	struct timeline *tl;
	unsigned long flags;
	int ret = -EAGAIN;

	tl = lock_watch(watch, &flags);
	if (!tl)
		return -EINVAL;
	if (watch->unread) {
		*event = watch->event;
		watch->unread = false;
		watch->was_worse = watch->worse;
		watch->worse = false;
		ret = 1;
	} else if (watch->state == WATCH_DESTROYED) {
		ret = 0;
	}
	timeline_unlock(tl, flags);
	return ret;
}

/**
 * timeline_watch_take - for read() of the file
 * @watch: watch
 * @nonblock: do not wait
 * @event: result
 *
 * Return: 1, 0 at the end, or an error; -EINVAL if the file did no BIND
 */
int timeline_watch_take(struct timeline_watch *watch, bool nonblock,
			struct timeline_event *event)
{
	int ret = try_take(watch, event), error;

	if (ret != -EAGAIN || nonblock)
		return ret;
	error = wait_event_interruptible(watch->wqh,
					 (ret = try_take(watch, event)) != -EAGAIN);
	return error ?: ret;
}

/**
 * timeline_watch_put_back - the event that was taken could not be told
 * @watch: watch
 *
 * A newer one, if there is one by now, has counted it as read.
 */
void timeline_watch_put_back(struct timeline_watch *watch)
{
	struct timeline *tl;
	unsigned long flags;

	tl = lock_watch(watch, &flags);
	if (!tl)
		return;
	watch->unread = watch->event.type;
	watch->worse |= watch->unread && watch->was_worse;
	timeline_unlock(tl, flags);
	wake_up_interruptible(&watch->wqh);
}

static int __init timeline_watch_limit(void)
{
	init_user_ns.ucount_max[UCOUNT_TIMELINE_WATCHES] = WATCHES_PER_USER;
	return 0;
}
device_initcall(timeline_watch_limit);
