// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the VBS clock of a CPU: rq_clock less the time it did not run.
 *
 * Context: the runqueue lock is held, the clock is updated.
 */

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
static __always_inline u64 vbs_irq_pending(struct rq *rq)
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
static u64 vbs_irq_pending(struct rq *rq)
{
	return 0;
}
#endif

/* ---- lost time --------------------------------------------------------- */

/*
 * How long an interrupt that is due has not come, by the timer's own clock: where
 * CLOCK_MONOTONIC is slewed a timer is not late that comes late by rq_clock.
 * Without high resolution timers are late by up to a tick each.
 */
static s64 vbs_lateness(struct rq *rq)
{
	s64 late = ktime_get_mono_fast_ns() - hrtimer_get_expires_ns(&rq->vbs.timer);

	return late < 2 * (s64)hrtimer_resolution ? 0 : late;
}

static u64 vbs_steal_seen(struct rq *rq)
{
#ifdef CONFIG_PARAVIRT_TIME_ACCOUNTING
	return rq->prev_steal_time_rq;
#else
	return 0;
#endif
}

static u64 vbs_irq_seen(struct rq *rq)
{
#ifdef CONFIG_IRQ_TIME_ACCOUNTING
	return rq->prev_irq_time;
#else
	return 0;
#endif
}

/* How often hrtimer_interrupt() gave up and put off all timers: the CPU ran. */
static unsigned int vbs_timer_hangs(struct rq *rq)
{
#ifdef CONFIG_HIGH_RES_TIMERS
	return rq->vbs.timer.base->cpu_base->nr_hangs;
#else
	return 0;
#endif
}

/**
 * sched_vbs_stood_still - this CPU did not run until now, for a debugger or since
 * its machine was stopped
 *
 * Context: any, interrupts off.
 */
void sched_vbs_stood_still(void)
{
	int cpu = smp_processor_id();

	WRITE_ONCE(cpu_rq(cpu)->vbs.stood_until, sched_clock_cpu(cpu));
}

/*
 * Of what came since @due: steal; until somebody said that the CPU stood still;
 * suspend, where sched_clock goes on in it.
 */
static u64 vbs_vouched(struct rq *rq, u64 due)
{
	struct vbs_rq *v = &rq->vbs;
	s64 stood = READ_ONCE(v->stood_until) - v->lost - due;
	u64 slept = ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
	u64 vouched = vbs_steal_seen(rq) - v->steal;

	vouched = max(vouched, slept - v->slept);
	v->slept = slept;
	return stood > 0 ? max_t(u64, vouched, stood) : vouched;
}

/* The interrupted code had interrupts on: user mode, a guest, or nothing. */
static bool vbs_came_from_open(void)
{
	struct pt_regs *regs = get_irq_regs();

	if (!regs)
		return false;
	return user_mode(regs) || (current->flags & PF_VCPU) ||
	       (is_idle_task(current) && !in_serving_softirq());
}

/* What interrupts have taken since the clock was read last */
static u64 vbs_irq_since(struct rq *rq)
{
	return vbs_irq_seen(rq) + vbs_irq_pending(rq) - rq->vbs.irq;
}

/*
 * Was the CPU there since @due?  If not every r, d and z of it shifts in one
 * addition: the gap is nobody's and no miss, and the circular keys stay in range.
 * The clock stands still, but is never turned back.
 *
 * Time that interrupts took is no gap, nor what comes after hrtimer_interrupt()
 * gave up.
 *
 * Context: @rq is this CPU's; @open: in the timer's interrupt, which came from
 * where interrupts were on.
 */
static noinline void vbs_decide_gap(struct rq *rq, u64 due, bool open)
{
	struct vbs_gap gap = { .late = vbs_lateness(rq) };
	struct vbs_rq *v = &rq->vbs;
	u64 lost;

	lockdep_assert_rq_held(rq);
	kvm_check_and_clear_guest_paused();	/* calls sched_vbs_stood_still() */
	gap.late -= vbs_irq_since(rq);
	gap.vouched = vbs_vouched(rq, due);
	gap.allowed = vbs_host_allowance(cpu_of(rq));
	gap.open = open && v->hangs == vbs_timer_hangs(rq);
	lost = min(vbs_gap_lost(&gap), rq_clock(rq) - v->lost - v->seen);
	WRITE_ONCE(v->lost, v->lost + lost);
}

static bool vbs_overdue(struct rq *rq)
{
	u64 due = rq->vbs.timer_at;

	return due != U64_MAX && rq_clock(rq) - rq->vbs.lost >= due + VBS_GAP_MIN;
}

/* In the interrupt of a timer, while it is known what was due */
static void vbs_interrupted(struct rq *rq)
{
	if (unlikely(vbs_overdue(rq)))
		vbs_decide_gap(rq, rq->vbs.timer_at, vbs_came_from_open());
	rq->vbs.seen = rq_clock(rq) - rq->vbs.lost;
}

/*
 * An interrupt is overdue, and this is not it.  On its own CPU, but for another
 * interrupt, interrupts are off, so that it will come from here.  Anybody else
 * can't know what it will find: until it has come the clock stands at what was
 * due.  What happens now happens as if it had then, which was possible.
 */
static noinline u64 vbs_overdue_clock(struct rq *rq)
{
	struct vbs_rq *v = &rq->vbs;
	u64 due = v->timer_at;

	if (vbs_lateness(rq) < VBS_GAP_MIN)
		return rq_clock(rq) - v->lost;
	if (cpu_of(rq) != smp_processor_id() || in_hardirq())
		return max(v->seen, due);
	vbs_decide_gap(rq, due, false);
	return rq_clock(rq) - v->lost;
}

/**
 * vbs_clock_moved - read the VBS clock where rq_clock is another than last time
 * @rq: its runqueue, locked, clock updated
 */
u64 vbs_clock_moved(struct rq *rq)
{
	struct vbs_rq *v = &rq->vbs;

	if (unlikely(vbs_overdue(rq)))
		v->seen = vbs_overdue_clock(rq);
	else
		v->seen = rq_clock(rq) - v->lost;
	v->steal = vbs_steal_seen(rq);
	v->irq = vbs_irq_seen(rq);
	return v->seen;
}

/**
 * vbs_clock_run_on - wait no longer for an interrupt that is overdue
 * @rq: locked, clock updated
 *
 * The running member is stopped by another CPU, which may be its own doing: it is
 * charged for all that the interrupt might have called lost.
 */
void vbs_clock_run_on(struct rq *rq)
{
	if (cpu_of(rq) == smp_processor_id() || !vbs_overdue(rq))
		return;
	if (vbs_lateness(rq) < (s64)VBS_GAP_SURE)
		rq->vbs.seen = rq_clock(rq) - rq->vbs.lost;
}

/**
 * vbs_clock_of - the VBS clock of any CPU, without its lock
 * @cpu: the CPU
 */
u64 vbs_clock_of(int cpu)
{
	return sched_clock_cpu(cpu) - READ_ONCE(cpu_rq(cpu)->vbs.lost);
}
