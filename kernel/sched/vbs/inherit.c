// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: what the owner of a lock inherits from a member that waits for it.
 *
 * It is lent the member's server: it runs there as a temporary member, in the
 * place of the one that waits, and is charged there.  So the wait is as long as
 * the critical section takes at the server's rate, and what the owner executes
 * is within the server's cap.  If there is no budget it goes on in its own class
 * until the next release: the server does not borrow for it.
 *
 * An owner that runs on another CPU, or may not come to the server's, is not lent
 * it: there it has the priority that the waiter might ask for itself, in the
 * kernel only.  At the boundary to user mode it drops to its own, since user code
 * would not be charged.  A SCHED_DEADLINE owner has a reservation of its own and
 * keeps to it.
 *
 * After D. Faggioli, G. Lipari, T. Cucinotta, "The multiprocessor bandwidth
 * inheritance protocol", ECRTS 2010.
 *
 * Locks: the owner's pi_lock, which keeps its waiters, and its runqueue's.  The
 * waiter is blocked, but nothing keeps it in its server: RCU keeps the server in
 * memory, and srv->lock tells whether it is over.
 */

/* ---- the end of a loan ------------------------------------------------- */

/* It leaves the queues and counts of the server in which it is. */
static void vbs_stop_serving(struct rq *rq, struct task_struct *p)
{
	if (p->vbs.counted) {
		vbs_uncount(rq, p);
		vbs_arm_release(rq);
	}
	if (p->vbs.fair)
		vbs_forget_fair(p);
}

/**
 * vbs_give_back - the server that a task is lent
 * @rq: the task's runqueue, locked, clock updated
 * @p: the task, in no queue; its class has to follow
 * @srv: the server
 */
void vbs_give_back(struct rq *rq, struct task_struct *p, struct vbs_srv *srv)
{
	bool over;

	vbs_stop_serving(rq, p);
	p->vbs.pending = 0;
	p->vbs.lent = false;
	WRITE_ONCE(p->vbs.server, p->vbs.own);
	raw_spin_lock(&srv->lock);
	srv->nr_loans--;
	over = !vbs_nr_kept(srv);
	raw_spin_unlock(&srv->lock);
	if (over)
		irq_work_queue(&srv->end_work);
}

/**
 * vbs_end_loan - a task is in its own server again, or in none
 * @rq: its runqueue, locked, clock updated
 * @p: the task, lent a server, its pi_lock held
 */
void vbs_end_loan(struct rq *rq, struct task_struct *p)
{
	struct vbs_srv *srv = p->vbs.server;

	lockdep_assert_held(&p->pi_lock);
	vbs_update_server(rq, srv);
	vbs_change_class(rq, p, vbs_give_back, srv);
}

#ifdef CONFIG_RT_MUTEXES

/* ---- priorities -------------------------------------------------------- */

static struct rt_mutex_waiter *vbs_waiter(struct rb_node *node)
{
	return rb_entry(node, struct rt_mutex_waiter, pi_tree.entry);
}

/**
 * vbs_own_prio - an owner's priority, without what members lend to it
 * @p: the owner, its pi_lock held
 * @prio: its own
 *
 * Members stand before all other waiters, and may be many: it goes down the tree to
 * the first that is none.  What a SCHED_DEADLINE task lends that
 * is not the first takes its entity: it gives the highest of SCHED_FIFO.
 */
int vbs_own_prio(struct task_struct *p, int prio)
{
	struct rb_node *node = p->pi_waiters.rb_root.rb_node;
	int most = prio;

	lockdep_assert_held(&p->pi_lock);
	while (node) {
		if (vbs_prio(vbs_waiter(node)->pi_tree.prio)) {
			node = node->rb_right;
		} else {
			most = max(0, vbs_waiter(node)->pi_tree.prio);
			node = node->rb_left;
		}
	}
	return min(prio, most);
}

/**
 * __vbs_inherit_prio - an owner's priority, with what the first waiter lends
 * @p: the owner, its pi_lock held
 * @waiter: in a server
 * @prio: the owner's own
 */
int __vbs_inherit_prio(struct task_struct *p, struct task_struct *waiter, int prio)
{
	return min_t(int, vbs_own_prio(p, prio), READ_ONCE(waiter->vbs.pi_prio));
}

static void vbs_no_change(struct rq *rq, struct task_struct *p, struct vbs_srv *srv)
{
}

/* What a member lends to a task of another class, for the kernel only */
static bool vbs_is_boosted(struct task_struct *p)
{
	struct task_struct *waiter = rt_mutex_get_top_task(p);

	return waiter && READ_ONCE(waiter->vbs.server) && !p->vbs.server &&
		!dl_prio(p->prio) && p->prio != p->normal_prio;
}

/**
 * vbs_drop_boost - current is about to return to user mode
 */
void vbs_drop_boost(void)
{
	struct rq_flags rf;
	struct rq *rq;

	rq = task_rq_lock(current, &rf);
	if (vbs_is_boosted(current)) {
		update_rq_clock(rq);
		vbs_change_class(rq, current, vbs_no_change, NULL);
	}
	vbs_unlock_task(rq, current, &rf);
}

/* ---- the loan ---------------------------------------------------------- */

/* It is there, or can go there; a member of another server stays with that. */
static bool vbs_may_lend(struct rq *rq, struct task_struct *p, int home)
{
	if (dl_policy(p->policy) || dl_prio(p->prio) || p == rq->idle ||
	    p->sched_class == &stop_sched_class)
		return false;
	if (cpu_of(rq) == home)
		return true;
	return !p->vbs.own && !task_on_cpu(rq, p) && !is_migration_disabled(p) &&
		cpu_active(home);
}

static bool vbs_reserve_loan(struct vbs_srv *srv, struct task_struct *p)
{
	bool ok;

	raw_spin_lock(&srv->lock);
	ok = srv->nr_members && !srv->dissolving &&
	     cpumask_test_cpu(srv->cpu, p->cpus_ptr);
	if (ok)
		srv->nr_loans++;
	raw_spin_unlock(&srv->lock);
	return ok;
}

static void vbs_take_loan(struct rq *rq, struct task_struct *p, struct vbs_srv *srv)
{
	vbs_stop_serving(rq, p);
	p->vbs.slice = 0;
	p->vbs.lent = true;
	WRITE_ONCE(p->vbs.server, srv);
}

/**
 * __vbs_lend - lend an owner the server of the first task that waits for it
 * @rq: the owner's runqueue, locked, clock updated
 * @p: the owner, its pi_lock held, its priority set
 * @waiter: in a server
 *
 * If that cannot be, what it has inherited is for the kernel only.
 */
void __vbs_lend(struct rq *rq, struct task_struct *p, struct task_struct *waiter)
{
	struct vbs_srv *srv;

	rcu_read_lock();
	srv = READ_ONCE(waiter->vbs.server);
	if (!srv || p->vbs.server == srv)
		goto out;
	if (vbs_may_lend(rq, p, READ_ONCE(srv->cpu)) && vbs_reserve_loan(srv, p)) {
		if (p->vbs.server)
			vbs_update_server(rq, p->vbs.server);
		vbs_change_class(rq, p, vbs_take_loan, srv);
	} else if (vbs_is_boosted(p) && !(p->flags & PF_KTHREAD)) {
		vbs_stop_at_boundary(p);
		kick_process(p);
	}
out:
	rcu_read_unlock();
}

/**
 * __vbs_keeps_loan - a loan ends unless the first waiter is in the same server
 * @p: the owner, lent a server, its pi_lock held
 * @waiter: the first that waits for it now, or NULL
 *
 * Return: true if nothing is left to do.
 */
bool __vbs_keeps_loan(struct task_struct *p, struct task_struct *waiter)
{
	bool keeps = waiter && READ_ONCE(waiter->vbs.server) == p->vbs.server;
	struct rq_flags rf;
	struct rq *rq;

	rq = __task_rq_lock(p, &rf);
	update_rq_clock(rq);
	if (keeps)
		p->pi_top_task = waiter;
	else
		vbs_end_loan(rq, p);
	vbs_unlock_task(rq, NULL, &rf);
	return keeps;
}

#endif /* CONFIG_RT_MUTEXES */
