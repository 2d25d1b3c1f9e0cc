// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the two timers of a CPU.
 *
 * One timer ends the running member's budget or slice, one releases the
 * earliest waiting server; never one per server.  Both are re-armed lazily: a
 * timer that fires too early looks again, which is cheaper than cancelling it
 * at each context switch.
 */

#define VBS_RELEASE_BATCH	64

/*
 * @delta from now on: converted anew at each arming, since CLOCK_MONOTONIC's
 * rate is steered and sched_clock's is not.  Callers count it from a fresh
 * reading: rq_clock may be old.
 */
static void vbs_start_timer(struct rq *rq, struct hrtimer *timer, s64 delta)
{
	rq->vbs.hangs = vbs_timer_hangs(rq);
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
	vbs_start_timer(rq, &v->budget, at - vbs_clock_of(cpu_of(rq)));
}

/**
 * vbs_arm_poll - look again after a while
 * @rq: locked; a stray that has disabled migration runs, or is about to, or there
 *	are strays to be taken home
 * @delay: ns
 */
void vbs_arm_poll(struct rq *rq, u64 delay)
{
	vbs_start_budget(rq, delay);
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
	vbs_start_timer(rq, &v->release, at - now);
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
	vbs_interrupted(rq);
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
	vbs_interrupted(rq);
	rq->vbs.budget_at = U64_MAX;
	vbs_strays_go_on(rq);
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
