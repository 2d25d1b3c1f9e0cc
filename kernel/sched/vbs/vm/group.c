// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: a process whose virtual machines are in servers: what is kept for it,
 * and how its threads find it.
 */

/* All of this folder: see vm.h */
DEFINE_MUTEX(vbs_vm_mutex);
LIST_HEAD(vbs_vms);
LIST_HEAD(vbs_groups);
DEFINE_STATIC_KEY_FALSE(sched_vbs_vms);
EXPORT_SYMBOL_GPL(sched_vbs_vms);

static u64 vbs_group_last_id;

/* ---- places of a group --------------------------------------------------- */

static void vbs_place_free(struct vbs_place *pl)
{
	vbs_spare_drop(&pl->spare);
	free_cpumask_var(pl->mask);
	kfree(pl);
}

/* Whoever found the place may still be about to take a reference on the server. */
static void vbs_place_free_rcu(struct rcu_head *head)
{
	struct vbs_place *pl = container_of(head, struct vbs_place, rcu);

	vbs_srv_put(pl->srv);
	vbs_place_free(pl);
}

static struct vbs_place *vbs_place_alloc(struct vbs_group *grp)
{
	struct vbs_place *pl = kzalloc(sizeof(*pl), GFP_KERNEL);

	if (!pl)
		return NULL;
	pl->grp = grp;
	if (zalloc_cpumask_var(&pl->mask, GFP_KERNEL) && !vbs_spare_fill(&pl->spare))
		return pl;
	vbs_place_free(pl);
	return NULL;
}

/**
 * vbs_place_add - keep one more server for a group
 * @grp: the group
 * @list: its places, or its device-model servers
 * @par: the server's parameters, checked
 * @mask: where it may be
 * @to: whose it will be; VBS_ROLE_NONE: it is only a question
 * @err_cpu: out: the CPU with most to spare, if that is not enough
 *
 * Return: the place, or -ENOMEM, -EINVAL beyond the limits of now, -EOPNOTSUPP, -EBUSY.
 */
struct vbs_place *vbs_place_add(struct vbs_group *grp, struct list_head *list,
				const struct vbs_params *par,
				const struct cpumask *mask, const struct vbs_tenant *to,
				int *err_cpu)
{
	struct vbs_place *pl = vbs_place_alloc(grp);
	struct vbs_srv *srv;
	int cpu;

	if (!pl)
		return ERR_PTR(-ENOMEM);
	srv = vbs_place_create(par, mask, to, &cpu);
	if (IS_ERR(srv)) {
		if (PTR_ERR(srv) == -EBUSY)
			*err_cpu = cpu;
		vbs_place_free(pl);
		return ERR_CAST(srv);
	}
	pl->srv = srv;
	cpumask_copy(pl->mask, mask);
	list_add_tail_rcu(&pl->link, list);
	return pl;
}

/**
 * vbs_place_remove - its threads become SCHED_NORMAL
 * @pl: the place
 * @wait: until they have; otherwise those of current's process are about to die
 */
void vbs_place_remove(struct vbs_place *pl, bool wait)
{
	struct vbs_srv *srv = pl->srv;

	if (pl->vcpu)
		RCU_INIT_POINTER(pl->vcpu->place, NULL);
	list_del_rcu(&pl->link);
	if (srv->role == VBS_ROLE_NONE)
		vbs_place_unbook(srv);
	else if (wait)
		vbs_disband(srv);
	else
		vbs_abandon(srv);
	call_rcu(&pl->rcu, vbs_place_free_rcu);
}

/* ---- the group ----------------------------------------------------------- */

/**
 * vbs_group_alloc - a group without servers, not to be seen yet
 * @p: the process
 */
struct vbs_group *vbs_group_alloc(struct task_struct *p)
{
	struct vbs_group *grp = kzalloc(sizeof(*grp), GFP_KERNEL);

	if (!grp)
		return NULL;
	grp->tgid = get_pid(task_tgid(p));
	grp->nr = pid_nr(grp->tgid);
	grp->owner = current_euid();
	INIT_LIST_HEAD(&grp->link);
	INIT_LIST_HEAD(&grp->places);
	INIT_LIST_HEAD(&grp->dms);
	INIT_LIST_HEAD(&grp->formers);
	return grp;
}

static void vbs_group_show(struct vbs_group *grp)
{
	grp->id = ++vbs_group_last_id;
	list_add_tail_rcu(&grp->link, &vbs_groups);
}

/**
 * vbs_group_of - the group of a process
 * @tgid: the process
 *
 * Context: vbs_vm_mutex
 */
struct vbs_group *vbs_group_of(struct pid *tgid)
{
	struct vbs_group *grp;

	lockdep_assert_held(&vbs_vm_mutex);
	list_for_each_entry(grp, &vbs_groups, link)
		if (grp->tgid == tgid)
			return grp;
	return NULL;
}

/*
 * The last thread looks for the mark after it has taken itself off signal->live, which
 * is a full barrier: one of both sees the other.
 */
static bool vbs_mark_lasts(struct signal_struct *sig)
{
	smp_mb();	/* the mark, before the look */
	return !(sig->flags & SIGNAL_GROUP_EXIT) && atomic_read(&sig->live);
}

/**
 * vbs_group_mark - threads that are created from now on find the group
 * @p: a task of the process
 * @old: what they find now
 * @grp: what they will
 *
 * A thread that was linked to its process before is found by who walks the threads
 * after this; one that is linked after this finds the mark when it is.
 *
 * Return: false if the process is about to end, or is marked otherwise.
 */
bool vbs_group_mark(struct task_struct *p, struct vbs_group *old, struct vbs_group *grp)
{
	unsigned long flags;
	bool ok;

	lockdep_assert_held(&vbs_vm_mutex);
	if (!lock_task_sighand(p, &flags))
		return false;
	ok = p->signal->vbs_group == old;
	if (ok)
		WRITE_ONCE(p->signal->vbs_group, grp);
	if (ok && grp && !vbs_mark_lasts(p->signal)) {
		WRITE_ONCE(p->signal->vbs_group, old);
		ok = false;
	}
	unlock_task_sighand(p, &flags);
	if (ok && grp && list_empty(&grp->link))
		vbs_group_show(grp);
	return ok;
}

/**
 * vbs_group_end - give all back
 * @grp: the group, which no thread finds any more
 * @wait: its threads live
 */
void vbs_group_end(struct vbs_group *grp, bool wait)
{
	struct vbs_place *pl, *tmp;

	lockdep_assert_held(&vbs_vm_mutex);
	vbs_group_tell_vms(grp, 0);
	list_for_each_entry_safe(pl, tmp, &grp->places, link)
		vbs_place_remove(pl, wait);
	list_for_each_entry_safe(pl, tmp, &grp->dms, link)
		vbs_place_remove(pl, wait);
	vbs_formers_end(&grp->formers, false);
	if (!list_empty(&grp->link))
		list_del_rcu(&grp->link);
	put_pid(grp->tgid);
	kfree_rcu(grp, rcu);
}

/**
 * vbs_group_undo - a process's virtual machines leave their servers
 * @grp: the group, or NULL
 * @restore: its threads get the policies back that they had
 *
 * Context: vbs_vm_mutex, may sleep
 */
void vbs_group_undo(struct vbs_group *grp, bool restore)
{
	struct task_struct *p;
	LIST_HEAD(formers);

	if (!grp)
		return;
	p = get_pid_task(grp->tgid, PIDTYPE_TGID);
	if (p) {
		vbs_group_mark(p, grp, NULL);
		put_task_struct(p);
	}
	list_splice_init(&grp->formers, &formers);
	vbs_group_end(grp, true);
	vbs_formers_end(&formers, restore);
}

/* ---- what threads find --------------------------------------------------- */

/* The first of them that @mask allows, or else the first */
static struct vbs_srv *vbs_group_server(struct vbs_group *grp, const struct cpumask *mask)
{
	struct list_head *list = READ_ONCE(grp->one) ? &grp->places : &grp->dms;
	struct vbs_srv *first = NULL;
	struct vbs_place *pl;

	list_for_each_entry_rcu(pl, list, link, lockdep_is_held(&vbs_vm_mutex)) {
		if (READ_ONCE(pl->srv->dissolving))
			continue;
		if (cpumask_test_cpu(READ_ONCE(pl->srv->cpu), mask))
			return pl->srv;
		first = first ?: pl->srv;
	}
	return first;
}

/**
 * vbs_in_group - are the virtual machines of a task's process in servers?
 * @p: current
 */
bool vbs_in_group(const struct task_struct *p)
{
	return static_branch_unlikely(&sched_vbs_vms) && READ_ONCE(p->signal->vbs_group);
}

/**
 * vbs_server_of_thread - where a thread that a task creates belongs
 * @p: current
 *
 * Context: RCU
 */
struct vbs_srv *vbs_server_of_thread(struct task_struct *p)
{
	struct vbs_group *grp;

	if (!vbs_in_group(p))
		return p->vbs.own;
	grp = READ_ONCE(p->signal->vbs_group);
	return grp ? vbs_group_server(grp, &p->cpus_mask) : p->vbs.own;
}

/**
 * vbs_group_server_get - the device model's server for a task
 * @grp: the group; RCU
 * @p: the task, which need not be of the process
 *
 * Return: the server, with a reference, or NULL.
 */
struct vbs_srv *vbs_group_server_get(struct vbs_group *grp, struct task_struct *p)
{
	struct vbs_srv *srv = vbs_group_server(grp, &p->cpus_mask);

	return srv && refcount_inc_not_zero(&srv->refs) ? srv : NULL;
}

static void vbs_group_count_outside(const struct task_struct *p)
{
	struct vbs_group *grp;

	rcu_read_lock();
	grp = READ_ONCE(p->signal->vbs_group);
	if (grp)
		atomic_inc(&grp->outside);
	rcu_read_unlock();
}

/**
 * vbs_is_inside - is a task where it belongs?
 * @grp: its process's group
 * @p: the task
 * @own: its server, read once, or NULL
 *
 * In the place of a vCPU who has not run one is there from a time when it was the
 * one server for all.
 *
 * Context: RCU
 */
bool vbs_is_inside(const struct vbs_group *grp, const struct task_struct *p,
		   const struct vbs_srv *own)
{
	return own && own->group == grp->nr && !READ_ONCE(own->dissolving) &&
	       (own->role != VBS_ROLE_VCPU || p->vbs.vcpu);
}

/* Is it to be put into a server of the group?  With a reference on that. */
static struct vbs_srv *vbs_thread_goes_to(struct task_struct *p)
{
	struct vbs_srv *srv = NULL;
	struct vbs_group *grp;

	rcu_read_lock();
	grp = READ_ONCE(p->signal->vbs_group);
	if (grp && vbs_may_stop(p) && !vbs_is_inside(grp, p, READ_ONCE(p->vbs.own)))
		srv = vbs_group_server_get(grp, p);
	rcu_read_unlock();
	return srv;
}

/* Has its server been ended while it was created?  Who ends one finds the born. */
static bool vbs_is_left_over(struct task_struct *p)
{
	struct vbs_srv *own;
	bool over;

	rcu_read_lock();
	own = READ_ONCE(p->vbs.own);
	over = own && READ_ONCE(own->dissolving);
	rcu_read_unlock();
	return over;
}

/**
 * __vbs_post_fork - a task looks again once others can see it
 * @p: the new task, which has not run
 *
 * Its creator may have been away for long since vbs_fork(), for a page perhaps.
 *
 * Context: may sleep; cpusets neither take in nor give away a task.
 */
void __vbs_post_fork(struct task_struct *p)
{
	struct vbs_srv *srv;

	if (vbs_is_left_over(p))
		vbs_expel(get_task_struct(p));
	srv = vbs_thread_goes_to(p);
	if (!srv)
		return;
	if (vbs_go_into(p, srv, false, false))
		vbs_group_count_outside(p);
	vbs_srv_put(srv);
}

static struct vbs_srv *vbs_worker_goes_to(struct task_struct *p)
{
	struct vbs_srv *srv = vbs_thread_goes_to(p);

	if (srv || vbs_in_group(p))
		return srv;
	rcu_read_lock();
	srv = READ_ONCE(current->vbs.own);
	if (srv && !refcount_inc_not_zero(&srv->refs))
		srv = NULL;
	rcu_read_unlock();
	return srv;
}

/**
 * __sched_vbs_worker - a worker of current's process has throttle points
 * @p: the worker, which has not run; it calls vbs_kthread_point()
 *
 * It joins the server of the device model, or its creator's, as other threads do.
 *
 * Context: may sleep.
 */
void __sched_vbs_worker(struct task_struct *p)
{
	struct vbs_srv *srv;

	srv = vbs_worker_goes_to(p);
	if (!srv)
		return;
	cgroup_threadgroup_change_begin(current);
	if (vbs_go_into(p, srv, false, false))
		vbs_group_count_outside(p);
	cgroup_threadgroup_change_end(current);
	vbs_srv_put(srv);
}
EXPORT_SYMBOL_GPL(__sched_vbs_worker);

/* ---- the end of a process ------------------------------------------------ */

static void vbs_group_leave(bool wait)
{
	struct vbs_group *grp;

	mutex_lock(&vbs_vm_mutex);
	grp = current->signal->vbs_group;
	if (grp) {
		vbs_group_mark(current, grp, NULL);
		vbs_group_end(grp, wait);
	}
	mutex_unlock(&vbs_vm_mutex);
}

/**
 * __sched_vbs_exit_group - the last thread of a process exits
 *
 * Context: current, may sleep.
 */
void __sched_vbs_exit_group(void)
{
	if (READ_ONCE(current->signal->vbs_group))
		vbs_group_leave(false);
}

/**
 * vbs_group_exec_privileged - an exec has gained privilege
 *
 * Context: current, the only thread; may sleep.
 */
void vbs_group_exec_privileged(void)
{
	if (READ_ONCE(current->signal->vbs_group))
		vbs_group_leave(true);
}
