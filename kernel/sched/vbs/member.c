// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: who belongs to a server, and when the server ends.
 *
 * Threads and children of a member join its server.  When the last member
 * leaves or dies the server is gone, but its cap stays booked until the
 * termination point, which the leaver carries to any server of its own.
 */

/**
 * vbs_uncount - a member is no longer runnable on its server's CPU
 * @rq: that CPU's, locked; the server charged
 * @p: the member, counted
 */
void vbs_uncount(struct rq *rq, struct task_struct *p)
{
	p->vbs.counted = false;
	p->vbs.server->core.nr_lent -= p->vbs.lent;
	vbs_member_del(rq->vbs.core, &p->vbs.server->core, p->vbs.kernel,
		       vbs_clock(rq));
}

/**
 * vbs_attach - a server arrives at its CPU, when its first member does
 * @rq: its runqueue, locked
 * @srv: the server
 */
void vbs_attach(struct rq *rq, struct vbs_srv *srv)
{
	int i;

	lockdep_assert_rq_held(rq);
	if (likely(srv->attached))
		return;
	for (i = 0; i < VBS_NODES_PER_ENT; i++) {
		vbs_pool_give(&rq->vbs.core->pool, &srv->spare.node[i]->node);
		srv->spare.node[i] = NULL;
	}
	vbs_server_attach(&srv->core);
	if (srv->core.cap > srv->core.cap_next)	/* freed when the old instance is over */
		vbs_set_cap(rq->vbs.core, &srv->core, srv->core.cap_next, vbs_clock(rq));
	srv->attached = true;
	/* Its cap is booked here since it has been admitted, or has moved. */
	cpufreq_update_util(rq, 0);
}

/*
 * z pays for what was executed.  Where that was is booked until z already, so a
 * CPU that the server has only passed through owes nobody anything: however it
 * moves about, two caps are booked for it at most.  For it executes only from
 * max(t, z) on where it comes to, and then the other booking is over.
 */
static bool vbs_ran_here(const struct vbs_srv *srv)
{
	return srv->core.stats.consumed != srv->consumed_before;
}

/* It leaves the queues, and takes as many nodes along as it has brought. */
static void vbs_take_nodes(struct rq *rq, struct vbs_srv *srv)
{
	struct vbs_qnode *node;
	int i;

	for (i = 0; i < VBS_NODES_PER_ENT; i++) {
		node = vbs_pool_take(&rq->vbs.core->pool);
		srv->spare.node[i] = node ? container_of(node, struct vbs_node, node) : NULL;
	}
}

/* Return: whether @booked is what its cap is held by. */
static bool vbs_hold_cap(struct rq *rq, struct vbs_srv *srv, struct vbs_booked *booked,
			 struct list_head *chain)
{
	u64 z = vbs_termination(&srv->core), now = vbs_clock(rq);
	u32 amount = max(srv->core.cap, srv->core.cap_next);
	struct vbs_booked *held;

	if (z <= now || !booked) {
		vbs_books_release(srv->cpu, amount);
		return false;
	}
	held = vbs_books_hold_more(chain, srv->cpu, amount);
	if (held) {
		if (vbs_ran_here(srv))
			vbs_booking_extend(&held->core, z);
		return false;
	}
	if (!vbs_ran_here(srv)) {
		vbs_books_release(srv->cpu, amount);
		return false;
	}
	booked->owner = srv->owner;
	booked->leader = srv->leader_pid;
	vbs_books_hold(booked, srv->cpu, amount, chain);
	vbs_booking_add(rq->vbs.core, &booked->core, z, now);
	vbs_arm_release(rq);
	return true;
}

/**
 * vbs_vacate - a server leaves its CPU: free its cap, or hold it until z
 * @rq: the CPU's, locked
 * @srv: the server, without counted members
 * @booked: becomes the booking, if there has to be one; NULL if the CPU goes
 * @chain: who may take it over
 *
 * The nodes that the server brought stay with a new booking, else it takes them along.
 * One that was never attached has executed nothing here, and has them still.
 *
 * Return: true if @booked is in use.
 */
bool vbs_vacate(struct rq *rq, struct vbs_srv *srv, struct vbs_booked *booked,
		struct list_head *chain)
{
	bool attached = srv->attached, held;

	if (attached)
		vbs_server_detach(rq->vbs.core, &srv->core);
	srv->attached = false;
	held = vbs_hold_cap(rq, srv, booked, chain);
	WARN_ON_ONCE(held && !attached);	/* a booking has the server's nodes */
	if (attached && !held)
		vbs_take_nodes(rq, srv);
	return held;
}

/* ---- the list ---------------------------------------------------------- */

/* The oldest, but no child that may never come: its fork frees it at once. */
static void vbs_set_leader(struct vbs_srv *srv)
{
	struct task_struct *p;

	lockdep_assert_held(&srv->lock);
	p = list_first_entry_or_null(&srv->born, struct task_struct, vbs.born);
	if (p)
		srv->leader_pid = p->pid;
	rcu_assign_pointer(srv->leader, p);
}

/**
 * vbs_born - a member is there to be seen
 * @p: who is enqueued: of no server, a member, or a child that becomes one now
 *
 * Context: the lock of its runqueue.
 */
void vbs_born(struct task_struct *p)
{
	struct vbs_srv *srv = p->vbs.own;

	if (likely(!list_empty(&p->vbs.born)) || !srv)
		return;
	raw_spin_lock(&srv->lock);
	list_add_tail(&p->vbs.born, &srv->born);
	vbs_set_leader(srv);
	raw_spin_unlock(&srv->lock);
	if (unlikely(srv->dissolving))
		vbs_watch_now();
}

/**
 * vbs_reserve - keep a server alive for one more member
 * @srv: the server, under RCU
 * @mask: where the member may run
 *
 * Return: 0; -EINVAL if the server is over, or on a CPU that @mask excludes;
 * -EAGAIN if it is about to leave that CPU.
 */
int vbs_reserve(struct vbs_srv *srv, const struct cpumask *mask)
{
	unsigned long flags;
	int ret = 0;

	raw_spin_lock_irqsave(&srv->lock, flags);
	if (!vbs_is_open_to_join(srv) ||
	    (!srv->moving && !cpumask_test_cpu(srv->cpu, mask)))
		ret = -EINVAL;
	else if (srv->moving)
		ret = -EAGAIN;
	else
		srv->nr_members++;
	raw_spin_unlock_irqrestore(&srv->lock, flags);
	return ret;
}

static void vbs_count_kthread(struct vbs_srv *srv, struct task_struct *p, int n)
{
	if (p->flags & PF_KTHREAD)
		WRITE_ONCE(srv->nr_kthreads, srv->nr_kthreads + n);
}

/**
 * vbs_join - make a task a member
 * @srv: the server, with a place reserved
 * @p: the task, of no server; its pi_lock held, or not yet visible
 */
void vbs_join(struct vbs_srv *srv, struct task_struct *p)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&srv->lock, flags);
	list_add_tail(&p->vbs.member, &srv->members);
	if (READ_ONCE(p->__state) != TASK_NEW)
		list_add_tail(&p->vbs.born, &srv->born);
	vbs_count_kthread(srv, p, 1);
	WRITE_ONCE(p->vbs.own, srv);
	WRITE_ONCE(p->vbs.server, srv);
	vbs_set_leader(srv);
	raw_spin_unlock_irqrestore(&srv->lock, flags);
}

/* Return: how many are left.  @over: and nobody that the server is lent to */
static unsigned int vbs_quit(struct vbs_srv *srv, struct task_struct *p, bool *over)
{
	unsigned long flags;
	unsigned int left;

	raw_spin_lock_irqsave(&srv->lock, flags);
	vbs_count_kthread(srv, p, -1);
	list_del_init(&p->vbs.member);
	list_del_init(&p->vbs.born);
	WRITE_ONCE(p->vbs.own, NULL);
	WRITE_ONCE(p->vbs.server, NULL);
	p->vbs.vcpu = false;
	p->vbs.poll = false;
	vbs_set_leader(srv);
	left = --srv->nr_members;
	*over = !vbs_nr_kept(srv);
	raw_spin_unlock_irqrestore(&srv->lock, flags);
	return left;
}

/* A walk over all: where it goes on, with a reference; how many at once; how often anew */
struct vbs_walk {
	struct task_struct	*at;
	unsigned int		batch;
	unsigned int		restarts;
};

/*
 * A few of them.  Whoever has left meanwhile has taken its place in the list along: then
 * again from the first on, and more at once.
 *
 * Return: where to go on, with a reference, or NULL.
 */
static struct task_struct *vbs_look_at_some(struct vbs_srv *srv, struct vbs_walk *w,
					    vbs_look_fn *look, void *data)
{
	struct task_struct *p = w->at;
	unsigned int n = 0;

	guard(raw_spinlock_irqsave)(&srv->lock);
	if (p && p->vbs.own != srv) {
		w->batch = min(2 * w->batch, VBS_WALK_BATCH_MAX);
		w->restarts++;
		p = NULL;
	}
	p = p ?: list_first_entry(&srv->members, struct task_struct, vbs.member);
	list_for_each_entry_from(p, &srv->members, vbs.member) {
		if (n++ == w->batch)
			return get_task_struct(p);
		look(p, data);
	}
	return NULL;
}

/**
 * vbs_look_at_all - look at all members of a server, a few under one lock
 * @srv: the server, referenced
 * @look: what to do with each, some perhaps more than once; srv->lock is held
 * @data: for it
 *
 * Context: may sleep; nobody joins meanwhile, but children of members.
 * Return: 0; -EBUSY: members leave faster than it comes through.
 */
int vbs_look_at_all(struct vbs_srv *srv, vbs_look_fn *look, void *data)
{
	struct vbs_walk w = { .batch = VBS_WALK_BATCH };
	struct task_struct *next;

	do {
		next = vbs_look_at_some(srv, &w, look, data);
		if (w.at)
			put_task_struct(w.at);
		w.at = next;
		cond_resched();
	} while (w.at && w.restarts < VBS_WALK_RESTARTS);
	if (!w.at)
		return 0;
	put_task_struct(w.at);
	return -EBUSY;
}

/* ---- the end ----------------------------------------------------------- */

/* It is to be freed: vbs_retire_srv(), or under the lock vbs_discard_srv(). */
static void vbs_end(struct rq *rq, struct vbs_srv *srv, struct list_head *chain)
{
	/* A place that was booked may have taken over a booking of the server's. */
	if (unlikely(srv->next_cpu >= 0))
		vbs_books_evacuated(srv, true);
	/* On another CPU one of them may be over now, but none is added. */
	if (!list_empty(&srv->bookings))
		vbs_books_inherit(chain, &srv->bookings);
	if (vbs_vacate(rq, srv, srv->spare.booked, chain))
		srv->spare.booked = NULL;
	vbs_books_unpublish(srv);
	vbs_budget_over(srv);
	list_del_init(&srv->look);
}

/* The last member left on another CPU than the server's. */
static void vbs_end_work(struct irq_work *work)
{
	struct vbs_srv *srv = container_of(work, struct vbs_srv, end_work);
	LIST_HEAD(chain);
	struct rq_flags rf;
	struct rq *rq;

	rq = vbs_lock_home(srv, &rf);
	update_rq_clock(rq);
	vbs_end(rq, srv, &chain);
	vbs_discard_srv(rq, srv);
	vbs_books_disown(&chain);
	rq_unlock_irqrestore(rq, &rf);
}

/**
 * vbs_init_end - prepare a server's end
 * @srv: the server
 */
void vbs_init_end(struct vbs_srv *srv)
{
	srv->end_work = IRQ_WORK_INIT_HARD(vbs_end_work);
}

/**
 * vbs_lock_home - lock the runqueue of a server's CPU
 * @srv: the server, which cannot go away
 * @rf: for the unlock
 *
 * Return: the runqueue.
 */
struct rq *vbs_lock_home(struct vbs_srv *srv, struct rq_flags *rf)
{
	struct rq *rq;

	for (;;) {
		rq = cpu_rq(READ_ONCE(srv->cpu));
		rq_lock_irqsave(rq, rf);
		if (vbs_is_home(rq, srv))
			return rq;
		rq_unlock_irqrestore(rq, rf);
	}
}

/*
 * z as CLOCK_MONOTONIC, which all CPUs share, unless it has passed.  A server on
 * another CPU may be moving: z and the CPU in whose clock it is change together.
 */
static void vbs_carry(struct rq *rq, struct task_struct *p, struct vbs_srv *srv)
{
	u64 z, now;

	if (vbs_is_home(rq, srv) && vbs_termination(&srv->core) <= vbs_clock(rq))
		return;
	raw_spin_lock(&srv->lock);
	z = vbs_termination(&srv->core);
	now = vbs_clock_of(srv->cpu);
	raw_spin_unlock(&srv->lock);
	if (z <= now)
		return;
	z += ktime_get_mono_fast_ns() - now;
	if (p->vbs.carry_z >= z)
		return;
	p->vbs.carry_z = z;
	p->vbs.carry_borrows = srv->core.borrows;
}

/**
 * vbs_leave - a member leaves its server, or dies
 * @rq: the task's runqueue, locked, clock updated
 * @p: the task; dequeued as a member
 *
 * Return: the server, if it has ended here and is the caller's to free, without the
 * lock; NULL is none.
 */
struct vbs_srv *vbs_leave(struct rq *rq, struct task_struct *p)
{
	struct vbs_srv *srv = p->vbs.own;
	unsigned int left;
	bool over;

	if (!srv)
		return NULL;
	if (p->vbs.counted) {
		vbs_update_server(rq, srv);
		vbs_uncount(rq, p);
		vbs_arm_release(rq);
	}
	if (p->vbs.fair)
		vbs_forget_fair(p);
	left = vbs_quit(srv, p, &over);
	trace_sched_vbs_leave(srv->id, srv->cpu, p->pid, left,
			      vbs_termination(&srv->core));
	if (left)
		return NULL;
	vbs_carry(rq, p, srv);
	if (!over)
		return NULL;		/* whoever gives it back ends it */
	if (!vbs_is_home(rq, srv)) {
		irq_work_queue(&srv->end_work);
		return NULL;
	}
	vbs_end(rq, srv, &p->vbs.bookings);
	return srv;
}

/* ---- fork -------------------------------------------------------------- */

/**
 * init_vbs_entity - a task that is no member
 * @p: a new task
 */
void init_vbs_entity(struct task_struct *p)
{
	memset(&p->vbs, 0, sizeof(p->vbs));
	INIT_LIST_HEAD(&p->vbs.member);
	INIT_LIST_HEAD(&p->vbs.born);
	INIT_LIST_HEAD(&p->vbs.run);
	INIT_LIST_HEAD(&p->vbs.bookings);
}

static void vbs_fork_normal(struct task_struct *p)
{
	p->policy = SCHED_NORMAL;
	p->rt_priority = 0;
	p->normal_prio = p->static_prio;
	p->prio = p->normal_prio;
	p->timer_slack_ns = p->default_timer_slack_ns;
	set_load_weight(p, false);
}

/**
 * vbs_default_clamps - a task is no longer SCHED_FIFO or SCHED_RR
 * @p: the task, in no queue
 *
 * As __setscheduler_uclamp() does it: what nobody has set is what its class has.
 */
void vbs_default_clamps(struct task_struct *p)
{
#ifdef CONFIG_UCLAMP_TASK
	enum uclamp_id id;

	for_each_clamp_id(id)
		if (!p->uclamp_req[id].user_defined)
			uclamp_se_set(&p->uclamp_req[id], uclamp_none(id), false);
#endif
}

/* The slack of a member is 0; what its child had otherwise is its parent's. */
static void vbs_fork_slack(struct task_struct *p)
{
	if (!task_has_vbs_policy(current))
		return;
	p->default_timer_slack_ns = current->default_timer_slack_ns;
	if (!task_has_vbs_policy(p))
		p->timer_slack_ns = p->default_timer_slack_ns;
}

/**
 * vbs_fork - a member's child joins its server
 * @p: the child, prio and policy copied at different times
 * @thread: it is one of the parent's process, whose virtual machines may be in
 *	servers
 *
 * One that will never return to user mode has no point where it could be
 * throttled, and becomes SCHED_NORMAL.
 *
 * Context: sched_fork(), current is the parent.
 */
void vbs_fork(struct task_struct *p, bool thread)
{
	struct vbs_srv *srv;
	unsigned long flags;

	vbs_fork_slack(p);
	if (!vbs_prio(p->prio) && !task_has_vbs_policy(p) &&
	    !(thread && vbs_in_group(current)))
		return;
	rcu_read_lock();
	raw_spin_lock_irqsave(&current->pi_lock, flags);
	srv = thread ? vbs_server_of_thread(current) : current->vbs.own;
	/* The parent's mask may have changed since it was copied. */
	cpumask_copy(&p->cpus_mask, &current->cpus_mask);
	p->nr_cpus_allowed = current->nr_cpus_allowed;
	vbs_default_clamps(p);
	if (!srv || (p->flags & (PF_USER_WORKER | PF_KTHREAD)) ||
	    (srv != current->vbs.own && vbs_is_about_to_move(srv)) ||
	    vbs_reserve(srv, &p->cpus_mask)) {
		vbs_fork_normal(p);
	} else {
		p->policy = SCHED_VBS;
		p->normal_prio = MAX_VBS_PRIO - 1;
		p->prio = p->normal_prio;
		vbs_join(srv, p);
	}
	raw_spin_unlock_irqrestore(&current->pi_lock, flags);
	rcu_read_unlock();
}

/**
 * vbs_cancel_fork - the child will not come
 * @p: the child, never enqueued
 */
void vbs_cancel_fork(struct task_struct *p)
{
	struct vbs_srv *srv = p->vbs.own;
	bool over = false;

	if (srv)
		vbs_quit(srv, p, &over);
	if (over)
		irq_work_queue(&srv->end_work);
}

/**
 * vbs_task_exit - a task is dead, of whatever class
 * @p: the task; what is booked for it nobody will take over any more
 */
void vbs_task_exit(struct task_struct *p)
{
	struct vbs_srv *srv;
	struct rq_flags rf;
	struct rq *rq;

	if (unlikely(p->vbs.server)) {
		rq = task_rq_lock(p, &rf);
		update_rq_clock(rq);
		if (p->vbs.lent)
			vbs_end_loan(rq, p);
		srv = vbs_leave(rq, p);
		if (srv)
			vbs_discard_srv(rq, srv);
		vbs_unlock_task(rq, p, &rf);
	}
	if (!list_empty(&p->vbs.bookings))
		vbs_books_disown(&p->vbs.bookings);
}
