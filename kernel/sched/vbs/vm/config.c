// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: what is configured for a process's virtual machines, all or nothing.
 *
 * All that can be refused comes first: numbers, rights, masks, bookings.  Then the
 * process is marked and its threads enter; one that cannot undoes all of it.
 * Another configuration of the same kind first raises the caps that it needs, and
 * gives back what it has raised if it does not get all; one of another kind is
 * booked beside the present one, which it replaces.
 *
 * Order of errors: -EBADF, -ESRCH (the process); -EINVAL, -ERANGE for the numbers;
 * -EPERM; -EOPNOTSUPP; -EINVAL for masks and the number of vCPUs; -EBUSY.
 */

/* A configuration that has been checked */
struct vbs_wanted {
	struct vbs_params		vcpu;
	struct vbs_params		dm;
	bool				one;
	struct sched_vbs_vm_config	*cfg;
};

static int vbs_wanted_resource(struct vbs_params *par, const struct sched_vbs_resource *r)
{
	struct sched_attr attr = {
		.sched_runtime	= r->runtime,
		.sched_period	= r->period,
		.sched_vbs_cap	= r->cap,
		.sched_flags	= r->align ? SCHED_FLAG_VBS_ALIGN : 0,
	};

	return vbs_params_of(par, &attr, current);
}

static int vbs_wanted_fill(struct vbs_wanted *w, struct sched_vbs_vm_config *cfg)
{
	int ret;

	w->cfg = cfg;
	w->one = !cfg->dm.period;
	if (!cfg->vcpu.period)
		return 0;
	if (w->one && (cfg->dm.runtime || cfg->dm.cap || cfg->dm.align || cfg->split ||
		       cfg->places > 1))
		return -EINVAL;
	ret = vbs_wanted_resource(&w->vcpu, &cfg->vcpu);
	return ret ?: w->one ? 0 : vbs_wanted_resource(&w->dm, &cfg->dm);
}

/* ---- booking ------------------------------------------------------------- */

static int vbs_book_place(struct vbs_group *grp, struct task_struct *p,
			  const struct vbs_wanted *w)
{
	enum vbs_role role = w->one ? VBS_ROLE_ONE : VBS_ROLE_VCPU;
	struct vbs_place *pl;

	if (w->cfg->test)
		role = VBS_ROLE_NONE;
	pl = vbs_place_add(grp, &grp->places, &w->vcpu, vbs_vm_mask_of(p), role,
			   &w->cfg->err_cpu);
	return PTR_ERR_OR_ZERO(pl);
}

static unsigned int vbs_least_places(const struct vbs_wanted *w)
{
	return w->one ? 1 : w->cfg->places;
}

/* In the order of the vCPUs, each where its thread may run */
static int vbs_book_places(struct vbs_group *grp, struct task_struct *p,
			   const struct vbs_wanted *w)
{
	struct sched_vbs_vcpu *vcpu = NULL;
	struct task_struct *t;
	unsigned int n = 0;
	int ret = 0;

	while (!ret && (vcpu = vbs_group_next_vcpu(grp, vcpu))) {
		t = vbs_vcpu_thread(vcpu);
		ret = vbs_book_place(grp, t ?: p, w);
		if (t)
			put_task_struct(t);
		n++;
	}
	for (; !ret && n < vbs_least_places(w); n++)
		ret = vbs_book_place(grp, p, w);
	return ret;
}

static bool vbs_is_device_model(const struct vbs_group *grp, struct task_struct *t)
{
	return !t->exit_state && vbs_may_stop(t) && !vbs_thread_runs_vcpu(grp, t);
}

/* What all of them allow */
static int vbs_dm_common(struct vbs_group *grp, struct task_struct *p,
			 struct cpumask *mask, pid_t *err_tid)
{
	struct task_struct *t;
	int ret = 0;

	cpumask_copy(mask, cpu_active_mask);
	rcu_read_lock();
	for_each_thread(p, t) {
		if (!vbs_is_device_model(grp, t))
			continue;
		if (cpumask_and(mask, mask, &t->cpus_mask))
			continue;
		*err_tid = task_pid_vnr(t);
		ret = -EINVAL;
		break;
	}
	rcu_read_unlock();
	return ret;
}

static bool vbs_dm_has_mask(const struct vbs_group *grp, const struct cpumask *mask)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, &grp->dms, link)
		if (cpumask_equal(pl->mask, mask))
			return true;
	return false;
}

/* One that no server is for yet */
static bool vbs_dm_next_mask(struct vbs_group *grp, struct task_struct *p,
			     struct cpumask *mask)
{
	struct task_struct *t;
	bool found = false;

	rcu_read_lock();
	for_each_thread(p, t) {
		if (!vbs_is_device_model(grp, t) || vbs_dm_has_mask(grp, &t->cpus_mask))
			continue;
		cpumask_copy(mask, &t->cpus_mask);
		found = true;
		break;
	}
	rcu_read_unlock();
	return found;
}

static int vbs_book_dm(struct vbs_group *grp, const struct vbs_wanted *w,
		       const struct cpumask *mask)
{
	enum vbs_role role = w->cfg->test ? VBS_ROLE_NONE : VBS_ROLE_DM;

	return PTR_ERR_OR_ZERO(vbs_place_add(grp, &grp->dms, &w->dm, mask, role,
					     &w->cfg->err_cpu));
}

static int vbs_book_dms(struct vbs_group *grp, struct task_struct *p,
			const struct vbs_wanted *w)
{
	static struct cpumask mask;	/* vbs_vm_mutex's */
	int ret = 0;

	if (w->one)
		return 0;
	if (!w->cfg->split) {
		ret = vbs_dm_common(grp, p, &mask, &w->cfg->err_tid);
		return ret ?: vbs_book_dm(grp, w, &mask);
	}
	while (!ret && vbs_dm_next_mask(grp, p, &mask))
		ret = vbs_book_dm(grp, w, &mask);
	return ret;
}

/* ---- a new group --------------------------------------------------------- */

static void vbs_group_set(struct vbs_group *grp, const struct vbs_wanted *w)
{
	grp->vcpu = w->vcpu;
	grp->dm = w->dm;
	grp->timeline = timeline_binding() ?: grp->timeline;
	grp->one = w->one;
	grp->least = vbs_least_places(w);
	grp->split = w->cfg->split;
	grp->strict = w->cfg->strict;
	WRITE_ONCE(grp->poll, w->cfg->poll);
}

static bool vbs_group_has_several(struct vbs_group *grp)
{
	struct vbs_group_sum n;

	vbs_group_count(grp, &n);
	return n.vcpus > 1;
}

static struct vbs_group *vbs_group_build(struct task_struct *p, const struct vbs_wanted *w,
					 int *ret)
{
	struct vbs_group *grp = vbs_group_alloc(p);

	*ret = -ENOMEM;
	if (!grp)
		return NULL;
	vbs_group_set(grp, w);
	if (w->one && vbs_group_has_several(grp))
		*ret = -EINVAL;
	else
		*ret = vbs_book_dms(grp, p, w) ?: vbs_book_places(grp, p, w);
	if (!*ret)
		return grp;
	vbs_group_end(grp, false);
	return NULL;
}

static void vbs_group_forsake(struct vbs_group *grp)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, &grp->places, link) {
		if (pl->vcpu)
			RCU_INIT_POINTER(pl->vcpu->place, NULL);
		pl->vcpu = NULL;
	}
}

/* Its threads enter, which live in @from, if there is one, till then. */
static int vbs_group_install(struct task_struct *p, struct vbs_group *grp,
			     struct vbs_group *from, pid_t *err_tid)
{
	if (!vbs_group_mark(p, from, grp))
		return -ESRCH;
	if (from)
		vbs_group_forsake(from);
	vbs_group_place_vcpus(grp);
	return vbs_group_gather(grp, p, err_tid);
}

static void vbs_group_back_out(struct task_struct *p, struct vbs_group *grp,
			       struct vbs_group *old)
{
	LIST_HEAD(formers);
	pid_t tid;

	vbs_group_forsake(grp);
	list_splice_init(&grp->formers, &formers);
	if (old)
		vbs_group_install(p, old, grp, &tid);
	else
		vbs_group_mark(p, grp, NULL);
	vbs_group_end(grp, true);
	vbs_formers_end(&formers, true);
}

static int vbs_group_replace(struct task_struct *p, struct vbs_group *old,
			     const struct vbs_wanted *w)
{
	struct vbs_group *grp;
	int ret;

	grp = vbs_group_build(p, w, &ret);
	if (!grp)
		return ret;
	if (w->cfg->test) {
		vbs_group_end(grp, false);
		return 0;
	}
	ret = vbs_group_install(p, grp, old, &w->cfg->err_tid);
	if (ret) {
		vbs_group_back_out(p, grp, old);
		return ret;
	}
	if (old) {
		list_splice_init(&old->formers, &grp->formers);
		vbs_group_end(old, true);
	}
	return 0;
}

/* ---- another resource ---------------------------------------------------- */

/* @raise: the cap alone, and no less than it is */
static int vbs_place_switch(struct vbs_place *pl, const struct vbs_params *to, bool raise)
{
	struct vbs_server *s = &pl->srv->core;
	struct vbs_params par = *to;
	struct rq_flags rf;
	struct rq *rq;
	int ret;

	rq = vbs_lock_home(pl->srv, &rf);
	if (raise)
		par = (struct vbs_params){
			.runtime = s->runtime, .period = s->period, .align = s->align,
			.cap = max(s->cap_next, to->cap),
		};
	/* An administrator may have ended it meanwhile. */
	ret = pl->srv->gone ? -EBUSY : vbs_switch_to(rq, pl->srv, current, &par);
	rq_unlock_irqrestore(rq, &rf);
	return ret;
}

/* Unless the resource has been switched to more than that meanwhile */
static void vbs_place_lower(struct vbs_place *pl)
{
	struct vbs_server *s = &pl->srv->core;
	struct vbs_params par;
	struct rq_flags rf;
	struct rq *rq;

	rq = vbs_lock_home(pl->srv, &rf);
	par = (struct vbs_params){
		.runtime = s->runtime, .period = s->period, .align = s->align,
		.cap = min(s->cap_next, pl->before),
	};
	if (!pl->srv->gone && vbs_params_in_cap(&par) == VBS_REJECT_NONE)
		vbs_switch_to(rq, pl->srv, current, &par);
	rq_unlock_irqrestore(rq, &rf);
}

static void vbs_places_remember(struct list_head *list)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, list, link)
		pl->before = READ_ONCE(pl->srv->core.cap_next);
}

static int vbs_places_raise(struct list_head *list, const struct vbs_params *par,
			    int *err_cpu)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, list, link) {
		if (!vbs_place_switch(pl, par, true))
			continue;
		*err_cpu = READ_ONCE(pl->srv->cpu);
		return -EBUSY;
	}
	return 0;
}

static void vbs_places_lower(struct list_head *list)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, list, link)
		vbs_place_lower(pl);
}

/*
 * The caps are booked: it can fail only where an owner has lowered his own since, who
 * then has what he asked for.
 */
static void vbs_places_switch(struct list_head *list, const struct vbs_params *par)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, list, link)
		vbs_place_switch(pl, par, false);
}

/*
 * The places that there are not yet, at the list's end.  vCPUs beyond those that were
 * asked for get theirs where there is room, as those that are created later do.
 */
static int vbs_places_more(struct vbs_group *grp, struct task_struct *p,
			   const struct vbs_wanted *w, unsigned int *added)
{
	struct vbs_group_sum n;
	unsigned int want;
	int ret = 0;

	vbs_group_count(grp, &n);
	want = max(vbs_least_places(w), w->cfg->strict && !w->one ? n.vcpus : 0);
	for (*added = 0; !ret && n.places + *added < want; ++*added)
		ret = vbs_book_place(grp, p, w);
	if (ret)
		--*added;
	return ret;
}

static void vbs_places_fewer(struct vbs_group *grp, unsigned int n)
{
	while (n--)
		vbs_place_remove(list_last_entry(&grp->places, struct vbs_place, link),
				 true);
}

static int vbs_group_change(struct task_struct *p, struct vbs_group *grp,
			    const struct vbs_wanted *w)
{
	struct sched_vbs_vm_config *cfg = w->cfg;
	unsigned int added = 0;
	pid_t tid = 0;
	int ret;

	vbs_places_remember(&grp->places);
	vbs_places_remember(&grp->dms);
	ret = vbs_places_raise(&grp->places, &w->vcpu, &cfg->err_cpu) ?:
	      vbs_places_raise(&grp->dms, &w->dm, &cfg->err_cpu) ?:
	      vbs_places_more(grp, p, w, &added);
	if (ret || cfg->test) {
		vbs_places_fewer(grp, added);
		vbs_places_lower(&grp->places);
		vbs_places_lower(&grp->dms);
		return ret;
	}
	vbs_places_switch(&grp->places, &w->vcpu);
	vbs_places_switch(&grp->dms, &w->dm);
	vbs_group_set(grp, w);
	vbs_group_trim(grp);
	vbs_group_place_vcpus(grp);
	vbs_group_gather(grp, p, &tid);
	return 0;
}

/* ---- the call ------------------------------------------------------------ */

static bool vbs_places_gone(const struct list_head *list)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, list, link)
		if (READ_ONCE(pl->srv->dissolving))
			return true;
	return false;
}

/* The same servers, with other numbers? */
static bool vbs_group_is_alike(const struct vbs_group *grp, const struct vbs_wanted *w)
{
	return grp->one == w->one && !grp->split && !w->cfg->split &&
	       uid_eq(grp->owner, current_euid()) &&
	       !vbs_places_gone(&grp->places) && !vbs_places_gone(&grp->dms);
}

static int vbs_vm_set(struct task_struct *p, const struct vbs_wanted *w)
{
	struct vbs_group *grp = vbs_group_of(task_tgid(p));

	lockdep_assert_held(&vbs_vm_mutex);
	if (!w->cfg->vcpu.period) {
		if (!w->cfg->test)
			vbs_group_undo(grp, true);
		return 0;
	}
	if (grp && vbs_group_is_alike(grp, w))
		return vbs_group_change(p, grp, w);
	return vbs_group_replace(p, grp, w);
}

static int vbs_vm_configure(struct task_struct *p, struct sched_vbs_vm_config *cfg)
{
	struct vbs_wanted w = { };
	int ret;

	if (p->flags & PF_KTHREAD)
		return -EINVAL;
	ret = vbs_wanted_fill(&w, cfg);
	if (ret)
		return ret;
	if (!capable(CAP_SYS_NICE))
		return -EPERM;
	ret = security_task_setscheduler(p);
	if (ret)
		return ret;
	if (!READ_ONCE(sysctl_vbs_enable) && cfg->vcpu.period)
		return -EOPNOTSUPP;
	ret = vbs_enable();
	if (ret)
		return ret;
	static_branch_enable(&sched_vbs_vms);
	mutex_lock(&vbs_vm_mutex);
	ret = vbs_vm_set(p, &w);
	mutex_unlock(&vbs_vm_mutex);
	return ret;
}

/* Any thread of the process, with a reference */
static struct task_struct *vbs_vm_target(const struct sched_vbs_vm_config *cfg)
{
	struct task_struct *p;
	unsigned int flags;

	if (cfg->pidfd)
		return pidfd_get_task(cfg->pid, &flags);
	if (!cfg->pid)
		return get_task_struct(current);
	p = cfg->pid > 0 ? find_get_task_by_vpid(cfg->pid) : NULL;
	return p ?: ERR_PTR(-ESRCH);
}

/**
 * sched_vbs_vm_config - the servers of all VMs of a process, present and future
 * @cfg: what is wanted; err_tid and err_cpu are set
 *
 * Context: may sleep.
 * Return: 0, or an error with nothing changed: -EBADF or -ESRCH, the process;
 * -EINVAL, the numbers, a mask, a second vCPU in one server for all; -ERANGE, a
 * resource above its cap; -EPERM, no CAP_SYS_NICE; -EOPNOTSUPP, the class is off;
 * -EBUSY, no room; -ENOMEM.
 */
int sched_vbs_vm_config(struct sched_vbs_vm_config *cfg)
{
	struct task_struct *p;
	int ret;

	cfg->err_tid = 0;
	cfg->err_cpu = -1;
	p = vbs_vm_target(cfg);
	if (IS_ERR(p))
		return PTR_ERR(p);
	ret = vbs_vm_configure(p, cfg);
	put_task_struct(p);
	return ret;
}
EXPORT_SYMBOL_GPL(sched_vbs_vm_config);
