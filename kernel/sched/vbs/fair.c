// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: members that go on as fair tasks.
 *
 * A member in the kernel may hold a lock that anybody waits for, or keep an RCU
 * grace period open, and lambda is its owner's choice.  So beyond the borrowing
 * limit it is not stopped: it goes on in its own right, uncharged, as the fair
 * task that it would be without a server, until it reaches the boundary to user
 * mode, until it blocks, or until the server's next release, whichever is first.
 * Nobody waits longer for it than for any fair task that does the same.  So does
 * who is lent the server for a lock that it holds, in its own class.
 *
 * It takes the locks of the task to change its class, and the runqueue lock is
 * held where the core finds out; so an irq_work does it, at once.  A fair task
 * may be anywhere: it is found in srv->fair, under srv->lock.
 */

/*
 * A member goes, or comes back, for each VBS_LOOK_PACE ns of a CPU, VBS_LOOK_BURST of
 * them at once: some 2 us each, so no more than 4 % of the CPU, however many members
 * its servers have in the kernel.  It is charged to the server.
 */
#define VBS_LOOK_PACE		(50 * NSEC_PER_USEC)
#define VBS_LOOK_BURST		8

/* What it is without the server that is lent to it */
static int vbs_normal_prio(struct task_struct *p)
{
	if (!p->vbs.own)
		return p->normal_prio;
	return p->vbs.fair && !p->vbs.lent ? p->static_prio : MAX_VBS_PRIO - 1;
}

/*
 * To what its policy and state say: in the class, or in its own right, which is
 * not SCHED_DEADLINE's: it has no runtime there.
 */
static void vbs_set_class(struct task_struct *p)
{
	int prio = MAX_VBS_PRIO - 1;

	if (dl_prio(p->prio))		/* lent by a waiter */
		p->dl.pi_se = &p->dl;
	p->normal_prio = vbs_normal_prio(p);
	if (p->vbs.lent ? p->vbs.fair : !p->vbs.own)
		prio = vbs_own_prio(p, p->normal_prio);
	else if (p->vbs.fair)
		prio = max(0, rt_effective_prio(p, p->normal_prio));
	p->prio = prio;
	p->sched_class = __setscheduler_class(p->policy, prio);
	if (p->vbs.fair)
		set_load_weight(p, false);
}

/**
 * vbs_change_class - put a task where its state says, also one that runs
 * @rq: its runqueue, locked, clock updated
 * @p: the task, its pi_lock held, or current
 * @change: makes the change, while the task is in no queue
 * @srv: what it is told
 *
 * As rt_mutex_setprio() does it.
 */
void vbs_change_class(struct rq *rq, struct task_struct *p,
		      void (*change)(struct rq *, struct task_struct *, struct vbs_srv *),
		      struct vbs_srv *srv)
{
	const struct sched_class *prev_class = p->sched_class;
	int flags = DEQUEUE_SAVE | DEQUEUE_MOVE | DEQUEUE_NOCLOCK;
	bool queued, running = task_current(rq, p);
	int oldprio = p->prio;

	lockdep_assert_rq_held(rq);
	if (p->se.sched_delayed)	/* it has blocked already */
		dequeue_task(rq, p, DEQUEUE_SLEEP | DEQUEUE_DELAYED | DEQUEUE_NOCLOCK);
	queued = task_on_rq_queued(p);
	if (queued)
		dequeue_task(rq, p, flags);
	if (running)
		put_prev_task(rq, p);
	change(rq, p, srv);
	vbs_set_class(p);
	check_class_changing(rq, p, prev_class);
	if (queued)
		enqueue_task(rq, p, flags);
	if (running)
		set_next_task(rq, p);
	check_class_changed(rq, p, prev_class, oldprio);
}

/* ---- away -------------------------------------------------------------- */

/* The server counts it there before it forgets it here. */
static void vbs_start_fair(struct rq *rq, struct task_struct *p, struct vbs_srv *srv)
{
	raw_spin_lock(&srv->lock);
	list_add_tail(&p->vbs.run, &srv->fair);
	WRITE_ONCE(srv->core.nr_fair, srv->core.nr_fair + 1);
	raw_spin_unlock(&srv->lock);
	p->vbs.fair = true;
	if (p->vbs.counted)
		vbs_uncount(rq, p);
	if (!p->vbs.lent)
		vbs_stop_at_boundary(p);
}

static void vbs_go_fair(struct rq *rq, struct task_struct *p)
{
	lockdep_assert_held(&p->pi_lock);
	vbs_update_server(rq, p->vbs.server);
	if (p->vbs.lent && p->vbs.own)
		vbs_end_loan(rq, p);
	else
		vbs_change_class(rq, p, vbs_start_fair, p->vbs.server);
}

/**
 * vbs_stray_stays_away - it cannot go to its server's CPU
 * @p: the task, kept in memory by RCU
 *
 * The loan ends; or a member in the kernel goes on as a fair task.
 */
void vbs_stray_stays_away(struct task_struct *p)
{
	struct rq_flags rf;
	struct rq *rq;

	rq = task_rq_lock(p, &rf);
	update_rq_clock(rq);
	if (p->vbs.server)
		vbs_stray_catch_up(rq, p);
	if (p->vbs.stray && p->vbs.lent)
		vbs_end_loan(rq, p);
	else if (p->vbs.stray && (is_migration_disabled(p) || vbs_suspends(p)))
		vbs_change_class(rq, p, vbs_start_fair, p->vbs.server);
	vbs_unlock_task(rq, p, &rf);
}

/* ---- and back ---------------------------------------------------------- */

/**
 * vbs_forget_fair - a member is no longer to be found among the fair tasks
 * @p: the member; the lock of its runqueue held
 */
void vbs_forget_fair(struct task_struct *p)
{
	struct vbs_srv *srv = p->vbs.server;

	raw_spin_lock(&srv->lock);
	list_del_init(&p->vbs.run);
	WRITE_ONCE(srv->core.nr_fair, srv->core.nr_fair - 1);
	raw_spin_unlock(&srv->lock);
	p->vbs.fair = false;
}

static void vbs_end_fair(struct rq *rq, struct task_struct *p, struct vbs_srv *srv)
{
	vbs_forget_fair(p);
}

/* Where that is not the server's CPU it is a stray, which is taken home. */
static void vbs_come_back(struct rq *rq, struct task_struct *p)
{
	vbs_change_class(rq, p, vbs_end_fair, p->vbs.server);
}

/**
 * __vbs_task_blocks - so it waits, and will wake up, as a member
 * @rq: this CPU's, locked, clock updated
 * @p: current, which is about to block
 *
 * Not while it is boosted, nor who is lent the server: to leave another class can take
 * the lock off @rq, and a wake-up would be lost.
 */
void __vbs_task_blocks(struct rq *rq, struct task_struct *p)
{
	if (!p->vbs.lent && p->prio == p->normal_prio)
		vbs_come_back(rq, p);
}

/**
 * vbs_unlock_task - task_rq_unlock(), and what a change of class has left to do
 * @rq: the task's runqueue
 * @p: the task, or NULL if its pi_lock stays
 * @rf: from the lock
 */
void vbs_unlock_task(struct rq *rq, struct task_struct *p, struct rq_flags *rf)
{
	struct balance_callback *head = splice_balance_callbacks(rq);

	preempt_disable();	/* the runqueue's CPU stays */
	if (p)
		task_rq_unlock(rq, p, rf);
	else
		__task_rq_unlock(rq, rf);
	balance_callbacks(rq, head);
	preempt_enable();
}

/**
 * vbs_come_back_now - current has reached the boundary to user mode
 */
void vbs_come_back_now(void)
{
	struct rq_flags rf;
	struct rq *rq;

	rq = task_rq_lock(current, &rf);
	update_rq_clock(rq);
	if (current->vbs.fair && !current->vbs.lent)
		vbs_come_back(rq, current);
	vbs_unlock_task(rq, current, &rf);
}

/* ---- looking ----------------------------------------------------------- */

/**
 * vbs_look_later - something is to be done for members of a server
 * @rq: the server's CPU's, locked
 * @srv: the server
 *
 * A CPU on its way down has nobody to be served, or the stopper does it.
 */
void vbs_look_later(struct rq *rq, struct vbs_srv *srv)
{
	lockdep_assert_rq_held(rq);
	if (!list_empty(&srv->look) || !cpu_online(cpu_of(rq)))
		return;
	list_add_tail(&srv->look, &rq->vbs.look);
	irq_work_queue_on(&rq->vbs.look_work, cpu_of(rq));
}

static bool vbs_is_stopped(const struct vbs_srv *srv)
{
	return srv->core.state == VBS_THROTTLED || srv->core.state == VBS_WAITING;
}

/* Its release has come. */
static bool vbs_is_open(const struct vbs_srv *srv)
{
	return !vbs_is_stopped(srv) && !srv->core.early;
}

/* Is there nothing more for it? */
static bool vbs_has_to_go(const struct vbs_srv *srv, const struct task_struct *p)
{
	if (!p->vbs.queued || !p->vbs.counted)
		return false;
	return p->vbs.lent ? !vbs_is_open(srv) : p->vbs.kernel && vbs_is_stopped(srv);
}

static struct task_struct *vbs_look_first(const struct vbs_srv *srv,
					  struct list_head *list)
{
	struct task_struct *p;

	p = list_first_entry_or_null(list, struct task_struct, vbs.run);
	return p && vbs_has_to_go(srv, p) ? p : NULL;
}

/* One that has to go on in its own class: it waits, or is about to stop. */
static struct task_struct *vbs_look_away(struct rq *rq, struct vbs_srv *srv)
{
	struct task_struct *curr = rq->vbs.curr;

	if (curr && curr->vbs.server == srv && vbs_has_to_go(srv, curr))
		return curr;
	return vbs_look_first(srv, &srv->lent) ?: vbs_look_first(srv, &srv->kernel);
}

/* One that may come back */
static struct task_struct *vbs_look_fair(struct vbs_srv *srv)
{
	struct task_struct *p;

	if (!vbs_is_open(srv))
		return NULL;
	raw_spin_lock(&srv->lock);
	p = list_first_entry_or_null(&srv->fair, struct task_struct, vbs.run);
	raw_spin_unlock(&srv->lock);
	return p;
}

/*
 * Who is next: the servers take turns, and one leaves the list when nothing is left to
 * do for it.
 */
static struct task_struct *vbs_look_next(struct rq *rq)
{
	struct vbs_srv *srv, *tmp;
	struct task_struct *p;

	list_for_each_entry_safe(srv, tmp, &rq->vbs.look, look) {
		p = vbs_look_away(rq, srv) ?: vbs_look_fair(srv);
		if (p) {
			list_move_tail(&srv->look, &rq->vbs.look);
			return p;
		}
		list_del_init(&srv->look);
	}
	return NULL;
}

/* When one more may be served: at once, if that is not later than now */
static u64 vbs_look_due(struct rq *rq)
{
	u64 ahead = (VBS_LOOK_BURST - 1) * VBS_LOOK_PACE;

	return rq->vbs.look_paid - min(rq->vbs.look_paid, ahead);
}

/* Return: false if it has to wait: the timer goes on. */
static bool vbs_look_paces(struct rq *rq)
{
	u64 now = rq_clock(rq), due = vbs_look_due(rq);

	if (due > now) {
		vbs_arm_poll(rq, due - now);
		return false;
	}
	rq->vbs.look_paid = max(rq->vbs.look_paid, now) + VBS_LOOK_PACE;
	return true;
}

/**
 * vbs_look_goes_on - after a pause
 * @rq: this CPU's, locked, clock updated
 *
 * Return: when the timer is to come for it, U64_MAX if it need not.
 */
u64 vbs_look_goes_on(struct rq *rq)
{
	u64 due;

	if (likely(list_empty(&rq->vbs.look)))
		return U64_MAX;
	due = vbs_look_due(rq);
	if (due > rq_clock(rq))
		return due - rq->vbs.lost;
	irq_work_queue(&rq->vbs.look_work);
	return U64_MAX;
}

/* It may have changed since it was found: the rules are the same. */
static void vbs_look_at(struct rq *rq, struct task_struct *p)
{
	struct vbs_srv *srv = p->vbs.server;
	u64 began = local_clock();

	if (!srv)
		return;
	update_rq_clock(rq);
	vbs_stray_catch_up(rq, p);
	if (p->vbs.fair && vbs_is_open(srv))
		vbs_come_back(rq, p);
	else if (vbs_has_to_go(srv, p))
		vbs_go_fair(rq, p);
	if (p->vbs.server == srv)
		atomic64_add(local_clock() - began, &srv->owed);
}

static struct task_struct *vbs_look_find(struct rq *rq)
{
	struct task_struct *p;
	struct rq_flags rf;

	rq_lock_irqsave(rq, &rf);
	update_rq_clock(rq);
	p = vbs_look_next(rq);
	if (p && !vbs_look_paces(rq))
		p = NULL;
	rq_unlock_irqrestore(rq, &rf);
	return p;
}

/* A task that was found stays in memory, since this is an interrupt. */
static void vbs_look_work(struct irq_work *work)
{
	struct rq *rq = container_of(work, struct rq, vbs.look_work);
	struct task_struct *p;
	struct rq_flags rf;
	struct rq *its;

	do {
		rcu_read_lock();
		p = vbs_look_find(rq);
		if (p) {
			its = task_rq_lock(p, &rf);
			vbs_look_at(its, p);
			vbs_unlock_task(its, p, &rf);
		}
		rcu_read_unlock();
	} while (p);
}

/**
 * vbs_init_look - at boot
 * @rq: the runqueue
 */
void vbs_init_look(struct rq *rq)
{
	INIT_LIST_HEAD(&rq->vbs.look);
	rq->vbs.look_work = IRQ_WORK_INIT_HARD(vbs_look_work);
}
