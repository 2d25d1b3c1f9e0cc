// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: what the core asks of the scheduler.
 *
 * Context: the runqueue lock of the server's CPU.
 */

#define VBS_READ_GAP		(2 * NSEC_PER_USEC)

/*
 * A sibling may have picked for this CPU already.  The pick is good for as long
 * as nothing is enqueued or dequeued; a release, an exhaustion and a signal do
 * neither.
 */
static void vbs_pick_again(struct rq *rq)
{
#ifdef CONFIG_SCHED_CORE
	lockdep_assert_rq_held(rq);
	if (sched_core_enabled(rq))
		rq->core->core_task_seq++;
#endif
}

#ifdef CONFIG_SMP
/*
 * Balancing pulls for a CPU that is about to idle if it expects that to last, which it
 * learns from wake-ups.  A release is none, and what wakes up in between, as softirqs' thread
 * on PREEMPT_RT, does not keep the CPU: until @release nothing of this class comes.
 */
static void vbs_expect_idle(struct rq *rq, u64 release)
{
	u64 now = vbs_clock(rq);

	if (release > now)
		rq->avg_idle = max(rq->avg_idle,
				   min(release - now, 2 * rq->max_idle_balance_cost));
}
#else
static void vbs_expect_idle(struct rq *rq, u64 release) { }
#endif

/**
 * vbs_add_running - more, or fewer, members may be picked on a CPU
 * @rq: its runqueue, locked
 * @delta: how many
 *
 * Where the last one goes schedule() may ask other classes alone, and nobody is picked
 * who would set the timer.
 */
void vbs_add_running(struct rq *rq, int delta)
{
	bool had = rq->vbs.nr_running;

	lockdep_assert_rq_held(rq);
	vbs_pick_again(rq);
	rq->vbs.nr_running += delta;
	if (delta > 0)
		add_nr_running(rq, delta);
	else
		sub_nr_running(rq, -delta);
	if (had == !!rq->vbs.nr_running)
		return;
	vbs_set_busy(rq, !had);
	if (had)
		vbs_expect_idle(rq, vbs_arm_release(rq));
	cpufreq_update_util(rq, 0);
}

/* A member that may not be picked is not runnable for the rest of the kernel. */
void vbs_env_runnable(struct vbs_cpu *c, struct vbs_server *s)
{
	struct vbs_srv *srv = to_vbs_srv(s);
	unsigned int want = vbs_nr_eligible(s);
	unsigned int had = srv->nr_counted;

	if (want == had)
		return;
	srv->nr_counted = want;
	vbs_add_running(cpu_rq(srv->cpu), want - had);
}

void vbs_env_released(struct vbs_cpu *c, struct vbs_server *s, u64 debt)
{
	struct vbs_srv *srv = to_vbs_srv(s);

	trace_sched_vbs_release(srv->id, srv->cpu, s->release, s->deadline,
				s->runtime, s->period, debt);
}

/*
 * A member that runs counts as in the kernel.  If it is not, and the server only
 * lends to the kernel now, it finds out in schedule().
 */
void vbs_env_stopped(struct vbs_cpu *c, struct vbs_server *s, enum vbs_why why,
		     u64 until)
{
	struct vbs_srv *srv = to_vbs_srv(s);
	struct rq *rq = cpu_rq(srv->cpu);

	if (rq->vbs.curr && rq->vbs.curr->vbs.server == srv)
		resched_curr(rq);
	if (why == VBS_WHY_BUDGET || why == VBS_WHY_BORROW)
		srv->overruns++;
	trace_sched_vbs_exhaust(srv->id, srv->cpu, why, s->consumed, s->runtime,
				until);
}

void vbs_env_fair(struct vbs_cpu *c, struct vbs_server *s)
{
	vbs_look_later(cpu_rq(to_vbs_srv(s)->cpu), to_vbs_srv(s));
}

void vbs_env_recall(struct vbs_cpu *c, struct vbs_server *s)
{
	vbs_look_later(cpu_rq(to_vbs_srv(s)->cpu), to_vbs_srv(s));
}

void vbs_env_cap_freed(struct vbs_cpu *c, struct vbs_server *s, u32 amount)
{
	vbs_books_release(to_vbs_srv(s)->cpu, amount);
}

void vbs_env_booking_over(struct vbs_cpu *c, struct vbs_booking *core)
{
	struct vbs_booked *b = container_of(core, struct vbs_booked, core);
	struct rq *rq = cpu_rq(b->cpu);

	vbs_books_over(b);
	vbs_discard_nodes(rq);
	vbs_discard_booked(rq, b);
}

/* The timeline that the server is bound to; CLOCK_MONOTONIC if it has no time. */
static u64 vbs_align_clock(struct vbs_srv *srv)
{
	u64 now;
	int ret = timeline_ref_read_ns(srv->timeline, &now);

	if (!ret)
		return now;
	if (ret == -ENODEV)	/* destroyed: its number may come again */
		srv->timeline = 0;
	return ktime_get_mono_fast_ns();
}

/*
 * Clocks are read one after the other.  If the CPU did not run in between, for
 * a hypervisor or the firmware, read them again.
 */
u64 vbs_env_align_offset(struct vbs_cpu *c, struct vbs_server *s)
{
	struct vbs_srv *srv = to_vbs_srv(s);
	u64 before, clock, gap;
	int tries = 3;

	do {
		before = vbs_clock_of(srv->cpu);
		clock = vbs_align_clock(srv);
		gap = vbs_clock_of(srv->cpu) - before;
	} while (gap > VBS_READ_GAP && --tries);
	return clock - before - gap / 2;
}
