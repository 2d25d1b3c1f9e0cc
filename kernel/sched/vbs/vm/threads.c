// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the threads of a process that enter the servers of its virtual
 * machines, and what they were before.
 *
 * Context: vbs_vm_mutex, may sleep.
 */

/* How often to walk where a walk has found more threads than it had room for */
#define VBS_GATHER_PASSES	10

/* ---- what they were ------------------------------------------------------ */

static void vbs_former_fill(struct sched_attr *attr, struct task_struct *p)
{
	attr->size = sizeof(*attr);
	attr->sched_policy = p->policy;
	attr->sched_nice = task_nice(p);
	if (p->sched_reset_on_fork)
		attr->sched_flags |= SCHED_FLAG_RESET_ON_FORK;
	if (task_has_dl_policy(p))
		__getparam_dl(p, attr);
	else if (task_has_rt_policy(p))
		attr->sched_priority = p->rt_priority;
}

static void vbs_former_drop(struct vbs_former *f)
{
	list_del(&f->link);
	put_task_struct(f->task);
	kfree(f);
}

/* Of a task; those of the dead go */
static struct vbs_former *vbs_former_of(struct list_head *formers, struct task_struct *p)
{
	struct vbs_former *f, *tmp, *found = NULL;

	list_for_each_entry_safe(f, tmp, formers, link) {
		if (f->task == p)
			found = f;
		else if (f->task->exit_state)
			vbs_former_drop(f);
	}
	return found;
}

/* Only where somebody configures: a thread may leave and enter as often as it likes. */
static int vbs_former_keep(struct vbs_group *grp, struct task_struct *p)
{
	struct vbs_former *f;

	if (p->policy == SCHED_NORMAL || task_has_vbs_policy(p))
		return 0;
	f = vbs_former_of(&grp->formers, p);
	if (!f) {
		f = kzalloc(sizeof(*f), GFP_KERNEL);
		if (!f)
			return -ENOMEM;
		f->task = get_task_struct(p);
		list_add_tail(&f->link, &grp->formers);
	}
	memset(&f->attr, 0, sizeof(f->attr));
	vbs_former_fill(&f->attr, p);
	return 0;
}

/**
 * vbs_formers_end - threads have left the servers
 * @formers: what they were
 * @restore: they are that again, where it fits
 */
void vbs_formers_end(struct list_head *formers, bool restore)
{
	struct vbs_former *f, *tmp;

	list_for_each_entry_safe(f, tmp, formers, link) {
		if (restore && !f->task->exit_state && f->task->policy == SCHED_NORMAL)
			sched_setattr_nocheck(f->task, &f->attr);
		vbs_former_drop(f);
	}
}

/* ---- entering ------------------------------------------------------------ */

/* SCHED_DEADLINE gives back what it has booked for it. */
static void vbs_leave_deadline(struct task_struct *p)
{
	struct sched_attr attr = {
		.size		= sizeof(attr),
		.sched_policy	= SCHED_NORMAL,
		.sched_nice	= task_nice(p),
	};

	if (dl_policy(p->policy))
		sched_setattr_nocheck(p, &attr);
}

/**
 * vbs_group_enter - a thread enters a server of its group
 * @grp: the group
 * @p: the thread
 * @srv: the server
 * @vcpu: it runs a vCPU
 *
 * Return: as vbs_go_into().
 */
int vbs_group_enter(struct vbs_group *grp, struct task_struct *p, struct vbs_srv *srv,
		    bool vcpu)
{
	int ret;

	vbs_leave_deadline(p);
	cgroup_threadgroup_change_begin(current);
	ret = vbs_go_into(p, srv, vcpu, vcpu && grp->poll);
	cgroup_threadgroup_change_end(current);
	return ret;
}

/**
 * vbs_group_enter_dm - a thread enters the device model's server
 * @grp: the group
 * @p: the thread
 */
int vbs_group_enter_dm(struct vbs_group *grp, struct task_struct *p)
{
	struct vbs_srv *srv;
	int ret;

	rcu_read_lock();
	srv = vbs_group_server_get(grp, p);
	rcu_read_unlock();
	if (!srv)
		return -EINVAL;
	ret = vbs_group_enter(grp, p, srv, false);
	vbs_srv_put(srv);
	return ret;
}

/* ---- the walk ------------------------------------------------------------ */

/* Those that are not inside, with references; no more than @max */
static unsigned int vbs_threads_outside(struct vbs_group *grp, struct task_struct *p,
					struct task_struct **found, unsigned int max)
{
	struct task_struct *t;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_thread(p, t) {
		if (n == max)
			break;
		if (!t->exit_state && vbs_may_stop(t) &&
		    !vbs_is_inside(grp, t, READ_ONCE(t->vbs.own)))
			found[n++] = get_task_struct(t);
	}
	rcu_read_unlock();
	return n;
}

/*
 * A vCPU that has no room goes on outside.  Of other threads each has to fit, for who
 * wants all or nothing; where the servers stay, those that do not are outside, too.
 */
static int vbs_gather_one(struct vbs_group *grp, struct task_struct *p)
{
	int ret = vbs_former_keep(grp, p) ?: vbs_group_enter_dm(grp, p);

	if (!ret || ret == -ESRCH)
		return 0;
	if (ret == -EINVAL && vbs_thread_runs_vcpu(grp, p)) {
		atomic_inc(&grp->outside);
		return 0;
	}
	return ret == -EAGAIN ? -EBUSY : ret;
}

static int vbs_gather_pass(struct vbs_group *grp, struct task_struct *p, bool *full,
			   pid_t *err_tid)
{
	unsigned int max = READ_ONCE(p->signal->nr_threads) + 16, n, i;
	struct task_struct **found;
	int ret = 0, err;

	found = kvmalloc_array(max, sizeof(*found), GFP_KERNEL);
	if (!found)
		return -ENOMEM;
	n = vbs_threads_outside(grp, p, found, max);
	*full = n == max;
	for (i = 0; i < n; i++) {
		err = vbs_gather_one(grp, found[i]);
		if (err)
			atomic_inc(&grp->outside);
		if (err && !ret) {
			ret = err;
			*err_tid = task_pid_vnr(found[i]);
		}
		put_task_struct(found[i]);
	}
	kvfree(found);
	return ret;
}

/**
 * vbs_group_gather - all threads of a process enter
 * @grp: the group, marked
 * @p: a task of the process
 * @err_tid: out: the thread that could not
 *
 * Whoever is linked after the mark was set looks at it then: see vbs_group_mark().  So
 * one walk finds all others, and who leaves meanwhile has what he asked for.
 *
 * Return: 0; -EINVAL: the mask of a thread excludes the server's CPU; -ENOMEM,
 * -EBUSY, -EOPNOTSUPP.
 */
int vbs_group_gather(struct vbs_group *grp, struct task_struct *p, pid_t *err_tid)
{
	int passes = VBS_GATHER_PASSES, ret;
	bool full = false;

	do {
		ret = vbs_gather_pass(grp, p, &full, err_tid);
		cond_resched();
	} while (!ret && full && --passes);
	return ret;
}
