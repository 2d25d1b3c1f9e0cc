// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: servers whose members a cpuset moves.
 *
 * A place is booked for each server that has to leave its CPU; then the masks
 * change, or one of them fits nowhere and nothing does.  A server has to be in
 * the masks of all its members, also of those that the change does not concern.
 *
 * Context: cpuset_mutex, which serializes this file, and may sleep.
 */

/* A server in a plan; @task: one of its members; @spare: what a move takes */
struct vbs_planned {
	struct list_head	link;
	struct vbs_srv		*srv;
	struct task_struct	*task;
	struct vbs_spare	spare;
};

static struct vbs_srv *vbs_own_get(struct task_struct *p)
{
	struct vbs_srv *srv;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->pi_lock, flags);
	srv = p->vbs.own;
	if (srv)
		refcount_inc(&srv->refs);
	raw_spin_unlock_irqrestore(&p->pi_lock, flags);
	return srv;
}

static void vbs_planned_free(struct vbs_planned *pl)
{
	vbs_spare_drop(&pl->spare);
	vbs_srv_put(pl->srv);
	put_task_struct(pl->task);
	kfree(pl);
}

/* Return: whether it is in no other plan. */
static bool vbs_plan_claim(struct vbs_plan *plan, struct vbs_srv *srv)
{
	unsigned long flags;
	bool ok;

	raw_spin_lock_irqsave(&srv->lock, flags);
	ok = !srv->plan;
	if (ok)
		WRITE_ONCE(srv->plan, plan);
	raw_spin_unlock_irqrestore(&srv->lock, flags);
	return ok;
}

static void vbs_plan_release(struct vbs_srv *srv)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&srv->lock, flags);
	WRITE_ONCE(srv->plan, NULL);
	raw_spin_unlock_irqrestore(&srv->lock, flags);
}

/**
 * sched_vbs_plan_add - a task's mask is about to change
 * @plan: the plan; sched_vbs_plan_end() has to follow, also after an error
 * @p: the task, member or not
 *
 * Return: 0, -ENOMEM, or -EBUSY if its server is about to move already.
 */
int sched_vbs_plan_add(struct vbs_plan *plan, struct task_struct *p)
{
	struct vbs_srv *srv = vbs_own_get(p);
	struct vbs_planned *pl;

	if (!srv)
		return 0;
	if (READ_ONCE(srv->plan) == plan) {	/* for another member */
		vbs_srv_put(srv);
		return 0;
	}
	pl = kzalloc(sizeof(*pl), GFP_KERNEL);
	if (!pl) {
		vbs_srv_put(srv);
		return -ENOMEM;
	}
	pl->srv = srv;
	pl->task = get_task_struct(p);
	if (!vbs_plan_claim(plan, srv)) {
		vbs_planned_free(pl);
		return -EBUSY;
	}
	list_add_tail(&pl->link, &plan->servers);
	return 0;
}

/* Where all members may run then; @wish: and are content with now */
struct vbs_plan_look {
	const struct vbs_plan	*plan;
	struct cpumask		*mask;
	bool			wish;
};

/* The mask of a child that is not there yet follows its parent's. */
static void vbs_plan_mask_one(struct task_struct *p, void *data)
{
	struct vbs_plan_look *look = data;
	const struct cpumask *then = look->plan->mask(p, look->plan->data);

	if (then)
		cpumask_and(look->mask, look->mask, then);
	else if (READ_ONCE(p->__state) == TASK_NEW)
		return;
	if (look->wish || !then)
		cpumask_and(look->mask, look->mask, &p->cpus_mask);
}

static int vbs_plan_mask(const struct vbs_plan *plan, struct vbs_srv *srv,
			 struct cpumask *mask, bool wish)
{
	struct vbs_plan_look look = { .plan = plan, .mask = mask, .wish = wish };

	cpumask_copy(mask, cpu_active_mask);
	return vbs_look_at_all(srv, vbs_plan_mask_one, &look);
}

static void vbs_plan_go_one(struct rq *rq, struct vbs_planned *pl)
{
	int to = vbs_books_evacuated(pl->srv, false);

	if (to < 0)
		return;
	update_rq_clock(rq);
	vbs_move(rq, pl->srv, to, &pl->spare);
}

/* What its members asked for comes first, but does not make a change fail. */
static int vbs_plan_find(struct vbs_planned *pl, const struct cpumask *wish,
			 const struct cpumask *mask)
{
	struct vbs_srv *srv = pl->srv;
	u32 spare;
	int cpu;

	if (!READ_ONCE(srv->nr_members) && !READ_ONCE(srv->place))	/* it ends, or has */
		return 0;
	/* Its CPU goes, or has gone. */
	if (vbs_goes_offline(srv) || READ_ONCE(srv->next_cpu) >= 0)
		return -EBUSY;
	if (!vbs_books_evacuate(srv, wish, &spare, &cpu) ||
	    !vbs_books_evacuate(srv, mask, &spare, &cpu))
		return 0;
	vbs_reject(pl->task, VBS_REJECT_NO_ROOM, vbs_booked(srv), spare, cpu);
	return -EBUSY;
}

/* @go: at once, where no CPU is kept from going offline until it would */
static int vbs_plan_book_one(const struct vbs_plan *plan, struct vbs_planned *pl, bool go)
{
	static struct cpumask mask, wish;	/* cpuset_mutex's */
	struct rq_flags rf;
	struct rq *rq;
	int ret;

	ret = vbs_plan_mask(plan, pl->srv, &mask, false);
	if (ret || cpumask_test_cpu(READ_ONCE(pl->srv->cpu), &mask))
		return ret;
	ret = vbs_plan_mask(plan, pl->srv, &wish, true) ?: vbs_spare_fill(&pl->spare);
	if (ret)
		return ret;
	rq = vbs_lock_home(pl->srv, &rf);
	ret = vbs_plan_find(pl, &wish, &mask);
	if (!ret && go)
		vbs_plan_go_one(rq, pl);
	rq_unlock_irqrestore(rq, &rf);
	return ret;
}

static int vbs_plan_book(struct vbs_plan *plan, bool go)
{
	struct vbs_planned *pl;
	int ret = 0;

	if (list_empty(&plan->servers))
		return 0;
	/*
	 * Whoever joins one of them or sets a member's mask does so with interrupts
	 * off until it is seen, or finds it claimed.
	 */
	synchronize_rcu();
	list_for_each_entry(pl, &plan->servers, link) {
		ret = vbs_plan_book_one(plan, pl, go);
		if (ret)
			break;
	}
	return ret;
}

/**
 * sched_vbs_plan_book - book a place for each server that has to move
 * @plan: complete
 *
 * Context: no CPU goes offline until sched_vbs_plan_end().
 * Return: 0, -ENOMEM, or -EBUSY if one of them fits nowhere, or its members come and go
 * too fast to be looked at.
 */
int sched_vbs_plan_book(struct vbs_plan *plan)
{
	return vbs_plan_book(plan, false);
}

/**
 * sched_vbs_plan_go - the masks are about to change: the servers go first
 * @plan: booked
 */
void sched_vbs_plan_go(struct vbs_plan *plan)
{
	struct vbs_planned *pl;
	struct rq_flags rf;
	struct rq *rq;

	list_for_each_entry(pl, &plan->servers, link) {
		if (READ_ONCE(pl->srv->next_cpu) < 0)
			continue;
		rq = vbs_lock_home(pl->srv, &rf);
		vbs_plan_go_one(rq, pl);
		rq_unlock_irqrestore(rq, &rf);
	}
}

/**
 * sched_vbs_plan_end - the masks have changed, or will not
 * @plan: booked or not; places of servers that did not go are given back
 */
void sched_vbs_plan_end(struct vbs_plan *plan)
{
	struct vbs_planned *pl, *tmp;
	struct rq_flags rf;
	struct rq *rq;

	list_for_each_entry_safe(pl, tmp, &plan->servers, link) {
		rq = vbs_lock_home(pl->srv, &rf);
		vbs_books_evacuated(pl->srv, true);
		rq_unlock_irqrestore(rq, &rf);
		vbs_plan_release(pl->srv);
		list_del(&pl->link);
		vbs_planned_free(pl);
	}
}

struct vbs_child {
	struct task_struct	*p;
	const struct cpumask	*mask;
};

static const struct cpumask *vbs_child_mask(struct task_struct *p, void *data)
{
	struct vbs_child *child = data;

	return p == child->p ? child->mask : NULL;
}

/**
 * __sched_vbs_can_fork - may a child be born into another cpuset?
 * @p: the child
 * @mask: the cpuset's CPUs
 *
 * Its server moves at once, to where the members that there are may run as well:
 * it may stay there if the fork fails.
 *
 * Return: 0, -ENOMEM or -EBUSY.
 */
int __sched_vbs_can_fork(struct task_struct *p, const struct cpumask *mask)
{
	struct vbs_child child = { .p = p, .mask = mask };
	struct vbs_plan plan = {
		.servers	= LIST_HEAD_INIT(plan.servers),
		.mask		= vbs_child_mask,
		.data		= &child,
	};
	int ret;

	ret = sched_vbs_plan_add(&plan, p) ?: vbs_plan_book(&plan, true);
	sched_vbs_plan_end(&plan);
	return ret;
}
