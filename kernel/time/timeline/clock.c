// SPDX-License-Identifier: GPL-2.0
/*
 * Timelines as POSIX clocks: clock_gettime(), clock_nanosleep(), timer_create().
 * Time namespaces do not shift them.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/posix-timers.h>
#include <linux/restart_block.h>
#include <linux/sched.h>
#include <linux/sched/rt.h>
#include <linux/sched/signal.h>
#include <linux/thread_info.h>
#include <linux/time.h>
#include <linux/time64.h>
#include "../posix-timers.h"
#include "internal.h"

static u32 id_of(clockid_t clockid)
{
	return clockid == CLOCK_TIMELINE_SELF ? TIMELINE_SELF : clockid - CLOCK_TIMELINE_FIRST;
}

static int clock_get_timespec(const clockid_t clockid, struct timespec64 *ts)
{
	struct timeline_time tt;
	int ret = timeline_gettime(id_of(clockid), &tt);

	if (ret)
		return ret;
	ts->tv_sec = tt.sec;
	ts->tv_nsec = tt.nsec;
	return 0;
}

static struct timeline_waiter *waiter_of(struct k_itimer *timr)
{
	return &timr->it.timeline.waiter;
}

/* timer_forward() and timer_remaining() look themselves, by a time or a duration */
static ktime_t clock_get_ktime(const clockid_t clockid)
{
	return 0;
}

static int clock_get_res(const clockid_t clockid, struct timespec64 *ts)
{
	timeline_ref_t ref;
	struct timeline *tl;
	unsigned long flags;
	int ret = timeline_resolve(clockid, &ref);

	if (ret)
		return ret;
	tl = timeline_lock_ref(ref, &flags);
	if (IS_ERR(tl))
		return -EINVAL;
	*ts = ns_to_timespec64(timeline_resolution(tl));
	timeline_unlock(tl, flags);
	return 0;
}

/* A sleeping thread; task is NULL once it is woken */
struct sleeper {
	struct timeline_waiter	waiter;
	struct task_struct	*task;
	int			error;
};

static void wake_sleeper(struct timeline_waiter *waiter, int error)
{
	struct sleeper *s = container_of(waiter, struct sleeper, waiter);
	struct task_struct *task = s->task;

	s->error = error;
	WRITE_ONCE(s->task, NULL);
	wake_up_process(task);
}

static void init_sleeper(struct sleeper *s, timeline_ref_t ref)
{
	*s = (struct sleeper) {
		.waiter = {
			.ref = ref,
			.hard = rt_or_dl_task_policy(current),
			.fn = wake_sleeper,
		},
		.task = current,
	};
	timerqueue_init(&s->waiter.node);
}

/* Until the instant, a signal (-ERESTART_RESTARTBLOCK) or the timeline's end */
static int sleep_until(struct sleeper *s, ktime_t expires, bool from_now)
{
	int ret;

	do {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		ret = timeline_waiter_sleep(&s->waiter, expires, from_now);
		if (ret)
			break;
		if (likely(READ_ONCE(s->task)))
			schedule();
		if (!timeline_waiter_is_over(&s->waiter))
			timeline_waiter_cancel(&s->waiter);
		expires = s->waiter.expires;
		from_now = false;
	} while (s->task && !signal_pending(current));
	__set_current_state(TASK_RUNNING);
	if (ret)
		return min(ret, 0);
	return s->task ? -ERESTART_RESTARTBLOCK : s->error;
}

/* What remains, to the user if a relative sleep was interrupted */
static int copy_remaining(const struct sleeper *s)
{
	struct restart_block *restart = &current->restart_block;
	struct timespec64 ts;
	ktime_t rest;

	if (restart->nanosleep.type == TT_NONE)
		return -ERESTART_RESTARTBLOCK;
	if (!timeline_ref_live(s->waiter.ref))
		return -ENODEV;
	rest = ktime_sub(s->waiter.expires, timeline_waiter_now(&s->waiter));
	if (rest <= 0)
		return 0;
	ts = ktime_to_timespec64(rest);
	return nanosleep_copyout(restart, &ts);
}

static int sleep_or_report(struct sleeper *s, ktime_t expires, bool from_now)
{
	int ret = sleep_until(s, expires, from_now);

	return ret == -ERESTART_RESTARTBLOCK ? copy_remaining(s) : ret;
}

/*
 * The waiter's reference takes the place of the clock id, which may be another
 * timeline's by now. So an absolute sleep, too, goes on by restart and not by a new
 * call.
 */
static long restart_sleep(struct restart_block *restart)
{
	struct sleeper s;

	init_sleeper(&s, restart->nanosleep.clockid);
	return sleep_or_report(&s, restart->nanosleep.expires, false);
}

static int clock_nsleep(const clockid_t clockid, int flags, const struct timespec64 *rqtp)
{
	struct restart_block *restart = &current->restart_block;
	bool from_now = !(flags & TIMER_ABSTIME);
	timeline_ref_t ref;
	struct sleeper s;
	int ret = timeline_resolve(clockid, &ref);

	if (ret)
		return ret;
	init_sleeper(&s, ref);
	timeline_waiter_lasts(&s.waiter, from_now);
	ret = sleep_or_report(&s, timespec64_to_ktime(*rqtp), from_now);
	if (ret == -ERESTART_RESTARTBLOCK) {
		restart->nanosleep.clockid = s.waiter.ref;
		restart->nanosleep.expires = s.waiter.expires;
		set_restart_fn(restart, restart_sleep);
	}
	return ret;
}

/* Its signal is ignored: go on in whole intervals, but at most once a jiffy */
static void skip_ignored(struct k_itimer *timr)
{
	struct timeline_waiter *waiter = waiter_of(timr);
	u64 interval = timr->it_interval, n;

	lockdep_assert_held(&timr->it_lock);
	timr->it_overrun += timeline_waiter_forward(waiter, interval);
	if (interval < TICK_NSEC) {
		n = DIV64_U64_ROUND_UP(TICK_NSEC, interval);
		waiter->expires = ktime_add_safe(waiter->expires, n * interval);
		timr->it_overrun += n;
	}
	++timr->it_requeue_pending;
	timr->it_active = !timeline_waiter_start(waiter, waiter->expires);
}

/*
 * A timer's signal comes once more when its timeline is destroyed, so that
 * nobody waits for ever; setting the timer then fails with ENODEV.
 */
static void timer_expires(struct timeline_waiter *waiter, int error)
{
	struct k_itimer *timr = container_of(waiter, struct k_itimer, it.timeline.waiter);
	unsigned long flags;

	spin_lock_irqsave(&timr->it_lock, flags);
	if (error)
		timr->it_interval = 0;
	if (posix_timer_queue_signal(timr) && timr->it_interval)
		skip_ignored(timr);
	spin_unlock_irqrestore(&timr->it_lock, flags);
}

static int timer_create(struct k_itimer *timr)
{
	struct timeline_waiter *waiter = waiter_of(timr);
	int ret = timeline_waiter_init(waiter, timr->it_clock, timer_expires);

	/* Also if the creator is bound to another one later */
	if (!ret)
		timr->it_clock = timeline_ref_clockid(waiter->ref);
	return ret;
}

static int timer_set(struct k_itimer *timr, int flags, struct itimerspec64 *new_setting,
		     struct itimerspec64 *old_setting)
{
	int ret;

	/* The id in it_clock may be another timeline's by now */
	if (!timeline_ref_live(waiter_of(timr)->ref))
		return -ENODEV;
	ret = common_timer_set(timr, flags, new_setting, old_setting);
	if (!ret && !timeline_ref_live(waiter_of(timr)->ref)) {
		timr->it_active = 0;
		ret = -ENODEV;
	}
	return ret;
}

/* A timeline that is gone leaves the setting at zero */
static void timer_get(struct k_itimer *timr, struct itimerspec64 *setting)
{
	if (timeline_ref_live(waiter_of(timr)->ref))
		common_timer_get(timr, setting);
}

static void timer_rearm(struct k_itimer *timr)
{
	struct timeline_waiter *waiter = waiter_of(timr);

	timr->it_overrun += timeline_waiter_forward(waiter, timr->it_interval);
	if (timeline_waiter_start(waiter, waiter->expires)) {
		timr->it_interval = 0;
		posix_timer_queue_signal(timr);
	}
}

static s64 timer_forward(struct k_itimer *timr, ktime_t now)
{
	return timeline_waiter_forward(waiter_of(timr), timr->it_interval);
}

static ktime_t timer_remaining(struct k_itimer *timr, ktime_t now)
{
	return ktime_sub(waiter_of(timr)->expires, timeline_waiter_now(waiter_of(timr)));
}

static int timer_try_to_cancel(struct k_itimer *timr)
{
	return timeline_waiter_try_to_cancel(waiter_of(timr));
}

static void timer_arm(struct k_itimer *timr, ktime_t expires, bool absolute, bool sigev_none)
{
	struct timeline_waiter *waiter = waiter_of(timr);

	timeline_waiter_lasts(waiter, !absolute);
	if (!absolute)
		expires = ktime_add_safe(timeline_waiter_now(waiter), expires);
	waiter->expires = expires;
	if (!sigev_none)
		timeline_waiter_start(waiter, expires);
}

static void timer_wait_running(struct k_itimer *timr)
{
	timeline_waiter_wait_running(waiter_of(timr));
}

const struct k_clock timeline_kclock = {
	.clock_getres		= clock_get_res,
	.clock_get_timespec	= clock_get_timespec,
	.clock_get_ktime	= clock_get_ktime,
	.nsleep			= clock_nsleep,
	.timer_create		= timer_create,
	.timer_set		= timer_set,
	.timer_get		= timer_get,
	.timer_del		= common_timer_del,
	.timer_rearm		= timer_rearm,
	.timer_forward		= timer_forward,
	.timer_remaining	= timer_remaining,
	.timer_try_to_cancel	= timer_try_to_cancel,
	.timer_wait_running	= timer_wait_running,
	.timer_arm		= timer_arm,
};
