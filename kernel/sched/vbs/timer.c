// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the timer of a CPU.
 *
 * It fires at the end of the running member's budget or slice, or at the earliest
 * release, whichever is first; never one per server.  It is moved lazily: one that
 * fires too early looks again, which is cheaper than moving it at each context
 * switch.
 *
 * When schedule() has returned, or anything else has happened to a server, it fires
 * no later than the earliest release and, if a member runs, the end of what that may
 * run.  Only where its own interrupt makes a member go before what runs, whoever is
 * picked sets it: schedule() follows, and until it does there is nothing to be
 * interrupted for.
 */

#define VBS_RELEASE_BATCH	64

/* Of another CPU it is started by that, which is asked to by an interrupt. */
static bool vbs_timer_is_remote(struct rq *rq)
{
	return IS_ENABLED(CONFIG_SMP) && cpu_of(rq) != smp_processor_id() &&
		cpu_online(cpu_of(rq));
}

/*
 * How long from now on the timer takes till @at: converted anew each time, since
 * CLOCK_MONOTONIC's rate is steered and sched_clock's is not, and from a fresh
 * reading, since rq_clock may be old.  What has been due for long is not a timer that
 * came too late.
 */
static ktime_t vbs_timer_delay(struct rq *rq, u64 at)
{
	u64 now = vbs_clock_of(cpu_of(rq));

	rq->vbs.timer_at = max(at, now);
	rq->vbs.hangs = vbs_timer_hangs(rq);
	return ns_to_ktime(rq->vbs.timer_at - now);
}

static noinline void vbs_move_timer(struct rq *rq, u64 at)
{
#ifdef CONFIG_SMP
	if (vbs_timer_is_remote(rq)) {
		smp_call_function_single_async(cpu_of(rq), &rq->vbs.csd);
		return;
	}
#endif
	hrtimer_start(&rq->vbs.timer, vbs_timer_delay(rq, at),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static __always_inline void vbs_start_timer(struct rq *rq, u64 at)
{
	lockdep_assert_rq_held(rq);
	if (rq->vbs.timer_at > at)
		vbs_move_timer(rq, at);
}

/**
 * vbs_arm_poll - look again after a while
 * @rq: locked; there are strays to be taken home, or members to be served
 * @delay: ns
 */
void vbs_arm_poll(struct rq *rq, u64 delay)
{
	vbs_start_timer(rq, rq_clock(rq) - rq->vbs.lost + delay);
}

/* U64_MAX if nothing waits */
static u64 vbs_release_at(struct rq *rq)
{
	u64 at;

	return vbs_next_release(rq->vbs.core, &at) ? at : U64_MAX;
}

/**
 * vbs_arm_release - be interrupted at the earliest release
 * @rq: locked, of any CPU.  What is still booked on a CPU that is offline is released
 *	by whichever calls.
 *
 * Return: when that is; U64_MAX if nothing waits
 */
u64 vbs_arm_release(struct rq *rq)
{
	u64 at = vbs_release_at(rq);

	vbs_start_timer(rq, at);
	return at;
}

/*
 * What the running member may execute before it must be looked at again; @ahead of
 * what it is charged it has executed already
 */
static __always_inline u64 vbs_run_left(const struct vbs_srv *srv,
					const struct task_struct *p, u64 ahead)
{
	u64 left = vbs_budget_left(&srv->core);
	u64 slice = (u64)sysctl_vbs_slice * NSEC_PER_USEC;

	if (vbs_nr_eligible(&srv->core) > 1)
		left = min(left, slice - min(slice, p->vbs.slice));
	return left - min(left, ahead);
}

/**
 * vbs_arm_run - be interrupted when the running member must stop, or at the earliest
 * release
 * @rq: locked
 * @srv: the member's server, settled and charged
 * @p: the member
 */
void vbs_arm_run(struct rq *rq, struct vbs_srv *srv, struct task_struct *p)
{
	u64 end = rq_clock(rq) - rq->vbs.lost + vbs_run_left(srv, p, 0);

	vbs_start_timer(rq, min(end, vbs_release_at(rq)));
	vbs_budget_show(rq, srv);
}

#ifdef CONFIG_SMP
static void vbs_timer_csd(void *arg)
{
	struct rq *rq = arg;
	struct rq_flags rf;

	rq_lock(rq, &rf);
	update_rq_clock(rq);
	vbs_start_timer(rq, min(vbs_check_curr(rq), vbs_release_at(rq)));
	rq_unlock(rq, &rf);
}
#endif

/*
 * Release what is due.  A server that is released has to be charged, if it is the
 * running member's: it waits, then, as one that was entered early.
 *
 * Return: whether what runs is preempted.
 */
static bool vbs_do_releases(struct rq *rq)
{
	struct task_struct *curr = rq->vbs.curr;
	u64 now = vbs_clock(rq);

	if (vbs_release_at(rq) > now)
		return false;
	if (curr && curr->vbs.counted && curr->vbs.server->core.wait.ent.queued)
		vbs_update_curr(rq);
	vbs_release_due(rq->vbs.core, now, VBS_RELEASE_BATCH);
	return vbs_preempt_curr(rq);
}

/* Return: when to be interrupted next, U64_MAX if schedule() will say. */
static u64 vbs_interrupt(struct rq *rq)
{
	u64 at;

	vbs_strays_go_on(rq);
	at = vbs_look_goes_on(rq);
	if (vbs_do_releases(rq))
		return at;
	at = min(at, vbs_check_curr(rq));
	return min(at, vbs_release_at(rq));
}

static enum hrtimer_restart vbs_timer(struct hrtimer *timer)
{
	struct rq *rq = container_of(timer, struct rq, vbs.timer);
	enum hrtimer_restart again = HRTIMER_NORESTART;
	struct rq_flags rf;
	ktime_t delay;
	u64 at;

	rq_lock(rq, &rf);
	sched_clock_tick();
	update_rq_clock(rq);
	vbs_interrupted(rq);
	rq->vbs.timer_at = U64_MAX;
	at = vbs_interrupt(rq);
	/* While this waited for the lock somebody may have started it again. */
	if (unlikely(vbs_timer_is_remote(rq) || hrtimer_is_queued(timer))) {
		vbs_start_timer(rq, at);
	} else if (at != U64_MAX) {
		delay = vbs_timer_delay(rq, at);
		hrtimer_set_expires(timer, ktime_add(hrtimer_cb_get_time(timer), delay));
		again = HRTIMER_RESTART;
	}
	rq_unlock(rq, &rf);
	return again;
}

/**
 * vbs_init_timer - at boot
 * @rq: the runqueue
 */
void vbs_init_timer(struct rq *rq)
{
	struct vbs_rq *v = &rq->vbs;

	hrtimer_init(&v->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	v->timer.function = vbs_timer;
	v->timer_at = U64_MAX;
#ifdef CONFIG_SMP
	INIT_CSD(&v->csd, vbs_timer_csd, rq);
#endif
}
