// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the boundary to user mode.
 *
 * A task stopped inside the kernel keeps its locks, and no priority
 * inheritance cures that.  So members are stopped on their way to user mode:
 * the exit loop brackets its schedule() with a mark, and a member to which the
 * server only lends for the kernel is made to pass there.
 */

/**
 * vbs_stop_at_boundary - a task looks at its server before it returns to user mode
 * @p: the task, which runs or will; the lock of its runqueue held
 */
void vbs_stop_at_boundary(struct task_struct *p)
{
	WRITE_ONCE(p->vbs.resume, true);
	smp_mb__before_atomic();	/* who sees the flag sees why */
	set_tsk_thread_flag(p, TIF_NOTIFY_RESUME);
}

/* Its server ran out of budget while this member wanted to run. */
static bool vbs_overrun_due(struct vbs_srv *srv)
{
	u32 overruns = READ_ONCE(srv->overruns);

	if (!current->vbs.overrun_signal || current->vbs.overrun_seen == overruns)
		return false;
	current->vbs.overrun_seen = overruns;
	return true;
}

/**
 * __sched_vbs_resume_work - before the return to user mode
 *
 * Who went on as a fair task comes back, to wait for its budget here.
 * It calls schedule() itself.  A mark that somebody else should would be wiped
 * by the next preemption in the kernel, which sets TIF_NOTIFY_RESUME again: on a
 * kernel with many preemption points that goes on for ever.
 *
 * Context: current, which may have left the class since it was told to look;
 *	interrupts and preemption enabled.
 */
void __sched_vbs_resume_work(void)
{
	bool signal = false, early = false, fair;
	struct vbs_srv *srv;

	/* Another CPU may tell it again: then it looks again. */
	smp_store_mb(current->vbs.resume, false);
	fair = READ_ONCE(current->vbs.fair);
	rcu_read_lock();
	srv = READ_ONCE(current->vbs.own);
	if (srv) {
		signal = vbs_overrun_due(srv);
		early = READ_ONCE(srv->core.early);
	}
	rcu_read_unlock();
	if (signal)
		send_sig(SIGXCPU, current, 1);
	vbs_drop_boost();
	if (!early && !fair)
		return;
	sched_vbs_guest_boundary_begin();
	if (fair)
		vbs_come_back_now();
	schedule();
	sched_vbs_boundary_end();
}

/**
 * __vbs_kthread_point - a member that never returns to user mode may stop here
 *
 * Context: as vbs_kthread_point().
 */
void __vbs_kthread_point(void)
{
	if (READ_ONCE(current->vbs.resume))
		__sched_vbs_resume_work();
	if (!need_resched())
		return;
	sched_vbs_guest_boundary_begin();
	schedule();
	sched_vbs_boundary_end();
}
EXPORT_SYMBOL_GPL(__vbs_kthread_point);

/* From now on it is in the kernel, which is lent to. */
static void vbs_resume_parked(struct rq *rq, struct task_struct *p)
{
	struct vbs_srv *srv = p->vbs.server;

	update_rq_clock(rq);
	vbs_update_server(rq, srv);
	vbs_update_mode(p, true);
	list_del_init(&p->vbs.run);
	vbs_list_tail(srv, p);
	vbs_settle(rq->vbs.core, &srv->core, vbs_clock(rq));
	vbs_arm_release(rq);
	vbs_preempt_curr(rq);
}

/* It is on its way into schedule(), which may have looked at it already. */
static void vbs_look_again(struct rq *rq)
{
	lockdep_assert_rq_held(rq);
	rq->vbs.refreshed = 0;
	vbs_pick_again(rq);
}

/**
 * __sched_vbs_signal - may a member at the boundary have work in the kernel?
 * @p: the task, which has been sent a signal or been told to stop
 *
 * Context: siglock held, interrupts off.
 */
void __sched_vbs_signal(struct task_struct *p)
{
	struct rq_flags rf;
	struct rq *rq;

	if (!vbs_cannot_wait(p))
		return;
	rq = task_rq_lock(p, &rf);
	if (p->vbs.counted && p->vbs.queued) {
		if (rq->vbs.curr == p)
			vbs_look_again(rq);
		else if (!p->vbs.kernel)
			vbs_resume_parked(rq, p);
		else
			vbs_preempt_curr(rq);
	}
	task_rq_unlock(rq, p, &rf);
}

/**
 * __sched_vbs_lend - what will the owner of a PI futex inherit from current?
 *
 * The owner runs user code at that priority, charged to nobody.  So it is what
 * current might ask for itself: no server gives its owner more.  Of a task that
 * is no member, but may become one while it waits, no capability is asked.
 *
 * Context: current, before it waits.
 */
void __sched_vbs_lend(void)
{
	unsigned long most = rlimit(RLIMIT_RTPRIO);
	int prio = MAX_RT_PRIO - 1 - min_t(unsigned long, most, MAX_RT_PRIO - 1);

	if (most < MAX_RT_PRIO - 1 && vbs_member(current) &&
	    has_capability_noaudit(current, CAP_SYS_NICE))
		prio = 0;
	else if (!most)
		prio = current->static_prio;
	WRITE_ONCE(current->vbs.pi_prio, prio);
}

/**
 * __sched_vbs_exec_privileged - current has gained privilege by exec
 *
 * The server belongs to whoever made it: it may not command a set-user-ID
 * program.
 */
void __sched_vbs_exec_privileged(void)
{
	struct sched_attr attr = {
		.size		= sizeof(attr),
		.sched_policy	= SCHED_NORMAL,
		.sched_nice	= task_nice(current),
	};

	vbs_group_exec_privileged();
	if (vbs_member(current))
		sched_setattr_nocheck(current, &attr);
}
