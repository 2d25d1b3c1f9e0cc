// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: tasks on a runqueue that is not their server's.
 *
 * A task is enqueued where the scheduler's generic code wants it; its server
 * may have been placed, or have moved, elsewhere.  Such a stray does not run:
 * an irq_work takes it home at once.  One that has disabled migration has to run on
 * where it is, or it would never enable it.  Nothing is booked for it there: it goes
 * on as a fair task, as if its server lent nothing more.
 *
 * Context: the runqueue lock, but for the irq_work.
 */

/* How many one interrupt takes home, and when it comes back for the rest */
#define VBS_STRAY_BATCH		16
#define VBS_STRAY_PAUSE		(100 * NSEC_PER_USEC)

/**
 * vbs_stray_count - a queued task, running or not, has become a stray
 * @rq: where it is, not where its server is
 * @p: the task
 */
void vbs_stray_count(struct rq *rq, struct task_struct *p)
{
	if (p->vbs.stray)
		return;
	p->vbs.stray = true;
	vbs_add_running(rq, 1);
}

/*
 * A CPU that is offline has nobody to take them home: this one does.  That is where
 * a throttled SCHED_DEADLINE task may have been left.
 */
static void vbs_strays_wait(struct rq *rq)
{
	if (likely(cpu_online(cpu_of(rq))))
		irq_work_queue_on(&rq->vbs.stray_work, cpu_of(rq));
	else
		irq_work_queue(&rq->vbs.stray_work);
}

/**
 * vbs_stray_add - park a queued task until it is taken home
 * @rq: where it is, not where its server is
 * @p: the task, not running
 */
void vbs_stray_add(struct rq *rq, struct task_struct *p)
{
	vbs_born(p);
	vbs_stray_count(rq, p);
	list_add_tail(&p->vbs.run, &rq->vbs.strays);
	vbs_strays_wait(rq);
}

/**
 * vbs_strays_left - a server has left and its queued members are in the list
 * @rq: where they are
 * @n: how many
 *
 * In constant time: each finds out by vbs_stray_catch_up().
 */
void vbs_strays_left(struct rq *rq, unsigned int n)
{
	if (!n)
		return;
	vbs_add_running(rq, n);
	vbs_strays_wait(rq);
}

/**
 * vbs_stray_catch_up - what its server's leaving has made of a task
 * @rq: its runqueue, locked
 * @p: in a server, perhaps queued
 */
void vbs_stray_catch_up(struct rq *rq, struct task_struct *p)
{
	if (likely(!vbs_left_behind(rq, p)))
		return;
	p->vbs.counted = false;
	p->vbs.stray = true;
}

/**
 * vbs_strays_go_on - after a pause
 * @rq: this CPU's, locked
 */
void vbs_strays_go_on(struct rq *rq)
{
	if (unlikely(!list_empty(&rq->vbs.strays)))
		irq_work_queue(&rq->vbs.stray_work);
}

/**
 * vbs_stray_del - it blocks or goes
 * @rq: where it is
 * @p: the task
 */
void vbs_stray_del(struct rq *rq, struct task_struct *p)
{
	p->vbs.stray = false;
	list_del_init(&p->vbs.run);
	vbs_add_running(rq, -1);
}

/**
 * vbs_suspends - has a member lost its home because it suspends the machine?
 * @p: the member
 *
 * Suspend takes a CPU with the servers of whom it has frozen.  Who does the suspending
 * is not frozen, and everybody waits for it: away from home it goes on as a fair task.
 */
bool vbs_suspends(const struct task_struct *p)
{
	return (p->flags & PF_SUSPEND_TASK) && !cpu_active(READ_ONCE(p->vbs.server->cpu));
}

/*
 * One that can go, or has to go on here.  What stands before it has lost its home, which
 * has to be found one first.
 */
static struct task_struct *vbs_stray_first(struct rq *rq, bool *lost)
{
	struct task_struct *p;

	list_for_each_entry(p, &rq->vbs.strays, vbs.run) {
		vbs_stray_catch_up(rq, p);
		if (p->vbs.lent || is_migration_disabled(p) || vbs_suspends(p) ||
		    cpu_active(READ_ONCE(p->vbs.server->cpu)))
			return p;
		*lost = true;
	}
	return NULL;
}

/* The server has come back to this CPU before its member left it. */
static void vbs_stray_stays(struct rq *rq, struct task_struct *p)
{
	update_rq_clock(rq);
	vbs_stray_del(rq, p);
	vbs_sched_class.enqueue_task(rq, p, 0);
	vbs_preempt_curr(rq);
}

#ifdef CONFIG_SMP
static void vbs_stray_goes(struct rq *rq, struct rq *to, struct task_struct *p)
{
	update_rq_clock(rq);
	update_rq_clock(to);
	deactivate_task(rq, p, DEQUEUE_NOCLOCK);
	set_task_cpu(p, cpu_of(to));
	activate_task(to, p, ENQUEUE_NOCLOCK);
	wakeup_preempt(to, p, 0);
	/* Hotplug waits for the idle task to find the runqueue empty. */
	if (!cpu_active(cpu_of(rq)))
		resched_curr(rq);
}
#endif

/*
 * A member may unless it has disabled migration, which only the task itself enables, or
 * is the one that suspends; who is lent a server stays where its mask says.
 */
static bool vbs_stray_may_go(struct task_struct *p, int cpu)
{
	if (is_migration_disabled(p) || vbs_suspends(p))
		return false;
	return !p->vbs.lent ||
		(cpu_active(cpu) && cpumask_test_cpu(cpu, p->cpus_ptr));
}

/*
 * One stray; double_lock_balance() may drop the lock, so look at all again.
 * @stays: one that can't go, so it has to go on in its own right
 */
static bool vbs_stray_one(struct rq *rq, bool *lost, struct task_struct **stays)
{
	struct task_struct *p = vbs_stray_first(rq, lost);
	struct rq *to;

	if (!p)
		return false;
	to = cpu_rq(READ_ONCE(p->vbs.server->cpu));
	if (to != rq && !vbs_stray_may_go(p, cpu_of(to))) {
		*stays = p;
		return true;
	}
	if (to == rq) {
		vbs_stray_stays(rq, p);
		return true;
	}
#ifdef CONFIG_SMP
	double_lock_balance(rq, to);
	if (p == vbs_stray_first(rq, lost) && p->vbs.server->cpu == cpu_of(to) &&
	    vbs_stray_may_go(p, cpu_of(to)))
		vbs_stray_goes(rq, to, p);
	double_unlock_balance(rq, to);
#endif
	return true;
}

/* One, with its locks; who stays here has to be out of them for that. */
static bool vbs_stray_next(struct rq *rq, bool *lost)
{
	struct task_struct *stays = NULL;
	unsigned long flags;
	bool more;

	rcu_read_lock();
	raw_spin_rq_lock_irqsave(rq, flags);
	more = vbs_stray_one(rq, lost, &stays);
	raw_spin_rq_unlock_irqrestore(rq, flags);
	if (unlikely(stays))
		vbs_stray_stays_away(stays);
	rcu_read_unlock();
	return more;
}

/* The others of a large server: let interrupts, and who runs, come in between. */
static void vbs_strays_pause(struct rq *rq)
{
	struct rq_flags rf;

	if (cpu_of(rq) != smp_processor_id()) {
		irq_work_queue(&rq->vbs.stray_work);
		return;
	}
	rq_lock_irqsave(rq, &rf);
	update_rq_clock(rq);
	vbs_arm_poll(rq, VBS_STRAY_PAUSE);
	rq_unlock_irqrestore(rq, &rf);
}

static void vbs_stray_work(struct irq_work *work)
{
	struct rq *rq = container_of(work, struct rq, vbs.stray_work);
	bool more = true, lost = false;
	int n;

	for (n = 0; more && n < VBS_STRAY_BATCH; n++)
		more = vbs_stray_next(rq, &lost);
	if (unlikely(more))
		vbs_strays_pause(rq);
	if (unlikely(lost))
		vbs_rescue();
}

/**
 * vbs_init_strays - at boot
 * @rq: the runqueue
 */
void vbs_init_strays(struct rq *rq)
{
	INIT_LIST_HEAD(&rq->vbs.strays);
	rq->vbs.stray_work = IRQ_WORK_INIT_HARD(vbs_stray_work);
}
