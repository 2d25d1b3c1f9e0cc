// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the VBS clock and the two timers of a CPU.
 *
 * One timer ends the running member's budget or slice, one releases the
 * earliest waiting server; never one per server.  Both are re-armed lazily: a
 * timer that fires too early looks again, which is cheaper than cancelling it
 * at each context switch.
 */

#define VBS_RELEASE_BATCH	64
#define VBS_GAP_MIN		NSEC_PER_MSEC
#define VBS_IRQ_MAX		(100 * NSEC_PER_MSEC)

#ifdef CONFIG_IRQ_TIME_ACCOUNTING
/* What the interrupt that this CPU is in has taken until @now; for a bad TSC 0 */
static u64 vbs_irq_time(u64 now)
{
	u64 time = now - this_cpu_read(cpu_irqtime.irq_start_time);

	return time < VBS_IRQ_MAX ? time : 0;
}

/* A softirq that is preempted, on PREEMPT_RT, does not take what runs then. */
static bool vbs_in_irq(void)
{
	return in_hardirq() ||
	       (!IS_ENABLED(CONFIG_PREEMPT_RT) && in_serving_softirq());
}

/**
 * vbs_irq_pending - interrupt time that is still in rq_clock_task
 * @rq: locked, clock updated
 *
 * update_rq_clock_task() leaves an interrupt out when it has ended; until then
 * whatever updates the clock inside of it puts its time in.
 */
u64 vbs_irq_pending(struct rq *rq)
{
	u64 pending = irq_time_read(cpu_of(rq)) - rq->prev_irq_time;
	s64 beyond;

	lockdep_assert_rq_held(rq);
	if (cpu_of(rq) != smp_processor_id())
		return pending;
	/* Where an update was skipped the clock is older than the interrupt's end. */
	beyond = this_cpu_read(cpu_irqtime.irq_start_time) - rq_clock(rq);
	if (beyond > 0)
		pending -= min_t(u64, pending, beyond);
	else if (vbs_in_irq())
		pending += vbs_irq_time(rq_clock(rq));
	return pending;
}
#else
u64 vbs_irq_pending(struct rq *rq)
{
	return 0;
}

static u64 vbs_irq_time(u64 now)
{
	return 0;
}
#endif

/*
 * How long an interrupt that is due has not come, by the timer's own clock: where
 * CLOCK_MONOTONIC is slewed a timer is not late that comes late by rq_clock.
 */
static s64 vbs_lateness(struct rq *rq)
{
	struct vbs_rq *v = &rq->vbs;
	struct hrtimer *first = v->budget_at < v->release_at ? &v->budget : &v->release;
	s64 late = ktime_get_mono_fast_ns() - hrtimer_get_expires_ns(first);

	/* In an interrupt the CPU runs, if for others. */
	if (in_hardirq() && cpu_of(rq) == smp_processor_id())
		late -= vbs_irq_time(sched_clock_cpu(cpu_of(rq)));
	return late;
}

/*
 * Lost time: an interrupt was due and came VBS_GAP_MIN or more too late, so
 * the CPU did not run (steal, a stopped machine, a debugger).  Every r, d and
 * z of the CPU shifts in this one addition: the gap is nobody's and no miss,
 * and the circular keys stay in range.  The clock stands still, but is never
 * turned back.
 */
static noinline void vbs_note_gap(struct rq *rq, u64 now)
{
	struct vbs_rq *v = &rq->vbs;
	s64 late = vbs_lateness(rq);

	/* Without high resolution timers are late by up to a tick each. */
	if (late < (s64)VBS_GAP_MIN || late < 2 * (s64)hrtimer_resolution)
		return;
	late = min_t(s64, late, now - v->seen);
	WRITE_ONCE(v->lost, v->lost + late);
}

/**
 * vbs_clock_moved - read the VBS clock where rq_clock is another than last time
 * @rq: its runqueue, locked, clock updated
 */
u64 vbs_clock_moved(struct rq *rq)
{
	u64 due = min(rq->vbs.budget_at, rq->vbs.release_at);
	u64 now = rq_clock(rq) - rq->vbs.lost;

	if (unlikely(due != U64_MAX && now >= due + VBS_GAP_MIN))
		vbs_note_gap(rq, now);
	rq->vbs.seen = rq_clock(rq) - rq->vbs.lost;
	return rq->vbs.seen;
}

/**
 * vbs_clock_of - the VBS clock of any CPU, without its lock
 * @cpu: the CPU
 */
u64 vbs_clock_of(int cpu)
{
	return sched_clock_cpu(cpu) - READ_ONCE(cpu_rq(cpu)->vbs.lost);
}

/*
 * @delta from now on: converted anew at each arming, since CLOCK_MONOTONIC's
 * rate is steered and sched_clock's is not.  Callers count it from a fresh
 * reading: rq_clock may be old.
 */
static void vbs_start_timer(struct hrtimer *timer, s64 delta)
{
	hrtimer_start(timer, ns_to_ktime(max_t(s64, delta, 0)),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

/* @left of the VBS clock from now on.  Another CPU starts its timer itself. */
static void vbs_start_budget(struct rq *rq, u64 left)
{
	struct vbs_rq *v = &rq->vbs;
	u64 at = rq_clock(rq) - v->lost + left;

	if (v->budget_at <= at)
		return;
#ifdef CONFIG_SMP
	if (cpu_of(rq) != smp_processor_id()) {
		smp_call_function_single_async(cpu_of(rq), &v->csd);
		return;
	}
#endif
	v->budget_at = at;
	vbs_start_timer(&v->budget, at - vbs_clock_of(cpu_of(rq)));
}

/**
 * vbs_arm_poll - look now and then whether a stray has enabled migration
 * @rq: locked; a stray that has disabled it runs, or is about to
 */
void vbs_arm_poll(struct rq *rq)
{
	vbs_start_budget(rq, NSEC_PER_MSEC);
}

/* What the running member may execute before it must be looked at again */
static u64 vbs_run_left(const struct vbs_srv *srv, const struct task_struct *p)
{
	u64 left = vbs_budget_left(&srv->core);
	u64 slice = (u64)sysctl_vbs_slice * NSEC_PER_USEC;

	if (vbs_nr_eligible(&srv->core) > 1)
		left = min(left, slice - min(slice, p->vbs.slice));
	return left;
}

/**
 * vbs_arm_budget - be interrupted when the running member must stop
 * @rq: locked
 * @srv: the member's server, settled
 * @p: the member
 */
void vbs_arm_budget(struct rq *rq, struct vbs_srv *srv, struct task_struct *p)
{
	vbs_start_budget(rq, vbs_run_left(srv, p));
}

/**
 * vbs_rearm_budget - the same, in the interrupt of a timer that came too early
 * @rq: this CPU's, locked, just charged
 * @srv: the running member's server
 * @p: the running member
 *
 * The member is not charged for the interrupt.  What is left for it may be over
 * before the interrupt is: the next one would come at once, and so on for ever.
 * schedule() will arm the timer, and what it takes is the member's.
 */
void vbs_rearm_budget(struct rq *rq, struct vbs_srv *srv, struct task_struct *p)
{
	if (vbs_run_left(srv, p) < rq->vbs.irq_pending)
		resched_curr(rq);
	else
		vbs_arm_budget(rq, srv, p);
}

/**
 * vbs_expect_release - arm the timer for a release that is not queued yet
 * @rq: this CPU's, locked
 * @at: when it will be
 *
 * Worth it in the interrupt of a timer, which programs the hardware once for all
 * that it has started; schedule() would program it again.
 */
void vbs_expect_release(struct rq *rq, u64 at)
{
	struct vbs_rq *v = &rq->vbs;
	u64 now;

	lockdep_assert_rq_held(rq);
	if (v->release_at <= at)
		return;
	now = vbs_clock_of(cpu_of(rq));
	/* What has been due for long is not a timer that came too late. */
	v->release_at = max(at, now);
	vbs_start_timer(&v->release, at - now);
}

static void vbs_start_release(struct rq *rq)
{
	u64 at;

	if (vbs_next_release(rq->vbs.core, &at))
		vbs_expect_release(rq, at);
}

#ifdef CONFIG_SMP
static void vbs_timers_csd(void *arg)
{
	struct rq *rq = arg;
	struct rq_flags rf;

	rq_lock(rq, &rf);
	update_rq_clock(rq);
	vbs_start_release(rq);
	if (rq->vbs.curr)
		vbs_check_curr(rq);
	rq_unlock(rq, &rf);
}
#endif

/**
 * vbs_arm_release - be interrupted at the earliest release
 * @rq: locked, of any CPU: a pinned timer can only be started by its own,
 *	which is asked to by an interrupt if this is another.  What is still
 *	booked on a CPU that is offline is released by whichever calls.
 */
void vbs_arm_release(struct rq *rq)
{
#ifdef CONFIG_SMP
	u64 at;

	if (cpu_of(rq) != smp_processor_id() && cpu_online(cpu_of(rq))) {
		if (vbs_next_release(rq->vbs.core, &at) && at < rq->vbs.release_at)
			smp_call_function_single_async(cpu_of(rq), &rq->vbs.csd);
		return;
	}
#endif
	vbs_start_release(rq);
}

/* Release what is due, preempt for it, and be back for the rest. */
static void vbs_do_releases(struct rq *rq)
{
	if (!vbs_release_due(rq->vbs.core, vbs_clock(rq), VBS_RELEASE_BATCH))
		return;
	vbs_preempt_curr(rq);
}

static enum hrtimer_restart vbs_release_timer(struct hrtimer *timer)
{
	struct rq *rq = container_of(timer, struct rq, vbs.release);
	struct rq_flags rf;

	rq_lock(rq, &rf);
	sched_clock_tick();
	update_rq_clock(rq);
	vbs_clock(rq);		/* finds lost time while it is known what was due */
	rq->vbs.release_at = U64_MAX;
	if (rq->vbs.curr)
		vbs_update_curr(rq);
	vbs_do_releases(rq);
	vbs_arm_release(rq);
	rq_unlock(rq, &rf);
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart vbs_budget_timer(struct hrtimer *timer)
{
	struct rq *rq = container_of(timer, struct rq, vbs.budget);
	struct rq_flags rf;

	rq_lock(rq, &rf);
	sched_clock_tick();
	update_rq_clock(rq);
	vbs_clock(rq);		/* finds lost time while it is known what was due */
	rq->vbs.budget_at = U64_MAX;
	if (rq->vbs.curr)
		vbs_check_curr(rq);
	rq_unlock(rq, &rf);
	return HRTIMER_NORESTART;
}

/**
 * vbs_init_timers - at boot
 * @rq: the runqueue
 */
void vbs_init_timers(struct rq *rq)
{
	struct vbs_rq *v = &rq->vbs;

	hrtimer_init(&v->budget, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_init(&v->release, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	v->budget.function = vbs_budget_timer;
	v->release.function = vbs_release_timer;
	v->budget_at = U64_MAX;
	v->release_at = U64_MAX;
#ifdef CONFIG_SMP
	INIT_CSD(&v->csd, vbs_timers_csd, rq);
#endif
}
