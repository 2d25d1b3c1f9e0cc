// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the servers that a configuration needs, booked before it holds.
 *
 * Those that the process has already are kept where they will do: their caps are
 * raised, and lowered again if not all can be had.  What is missing is booked, too;
 * what is left over ends when the configuration is adopted.
 *
 * Context: vbs_vm_mutex, may sleep.
 */

/*
 * Who is bound to no timeline, perhaps a tool, leaves what the group has, unless that
 * has been destroyed: its number may come again.
 */
static timeline_ref_t vbs_wanted_timeline(const struct vbs_group *grp)
{
	timeline_ref_t bound = timeline_binding();
	u64 now;

	if (bound)
		return bound;
	return timeline_ref_read_ns(grp->timeline, &now) == -ENODEV ? 0 : grp->timeline;
}

/* ---- the cap of a server that there is ----------------------------------- */

static struct vbs_params vbs_place_params(const struct vbs_place *pl, u32 cap)
{
	const struct vbs_server *s = &pl->srv->core;

	return (struct vbs_params){
		.runtime = s->runtime, .period = s->period, .align = s->align, .cap = cap,
	};
}

static int vbs_place_raise(struct vbs_place *pl, const struct vbs_params *to, int *err_cpu)
{
	struct vbs_params par;
	struct rq_flags rf;
	struct rq *rq;
	int ret = 0;

	rq = vbs_lock_home(pl->srv, &rf);
	par = vbs_place_params(pl, to->cap);
	/* An administrator may have ended it meanwhile. */
	if (pl->srv->gone)
		ret = -EBUSY;
	else if (par.cap > pl->srv->core.cap_next)
		ret = vbs_switch_to(rq, pl->srv, current, &par, pl->srv->timeline);
	rq_unlock_irqrestore(rq, &rf);
	if (ret)
		*err_cpu = READ_ONCE(pl->srv->cpu);
	return ret;
}

/* Unless the resource has been switched to more than that meanwhile */
static void vbs_place_lower(struct vbs_place *pl)
{
	struct vbs_params par;
	struct rq_flags rf;
	struct rq *rq;

	rq = vbs_lock_home(pl->srv, &rf);
	par = vbs_place_params(pl, pl->before);
	if (!pl->srv->gone && par.cap < pl->srv->core.cap_next &&
	    vbs_params_in_cap(&par) == VBS_REJECT_NONE)
		vbs_switch_to(rq, pl->srv, current, &par, pl->srv->timeline);
	rq_unlock_irqrestore(rq, &rf);
}

/*
 * The cap is booked: it can fail only where an owner has lowered his own since, who
 * then has what he asked for.
 */
static void vbs_place_switch(struct vbs_place *pl, const struct vbs_params *to,
			     enum vbs_role role)
{
	struct vbs_srv *srv = pl->srv;
	struct rq_flags rf;
	struct rq *rq;

	rq = vbs_lock_home(srv, &rf);
	if (!srv->gone) {
		srv->role = role;
		WRITE_ONCE(srv->pooled, false);
		srv->owner = current_euid();
		vbs_switch_to(rq, srv, current, to,
			      to->align ? vbs_wanted_timeline(pl->grp) : 0);
	}
	rq_unlock_irqrestore(rq, &rf);
}

/* ---- places -------------------------------------------------------------- */

static enum vbs_role vbs_wanted_role(const struct vbs_wanted *w)
{
	return w->one ? VBS_ROLE_ONE : VBS_ROLE_VCPU;
}

/* Who configures owns what is booked, whoever has configured before. */
static struct vbs_tenant vbs_wanted_tenant(const struct vbs_wanted *w,
					   const struct vbs_group *grp, enum vbs_role role)
{
	return (struct vbs_tenant){
		.role		= w->cfg->test ? VBS_ROLE_NONE : role,
		.group		= grp->nr,
		.owner		= current_euid(),
		.timeline	= vbs_wanted_timeline(grp),
	};
}

static int vbs_want_place(struct vbs_wanted *w, struct vbs_group *grp,
			  struct task_struct *p)
{
	const struct vbs_tenant to = vbs_wanted_tenant(w, grp, vbs_wanted_role(w));

	return PTR_ERR_OR_ZERO(vbs_place_add(grp, &w->places, &w->vcpu, vbs_vm_mask_of(p),
					     &to, &w->cfg->err_cpu));
}

static unsigned int vbs_least_places(const struct vbs_wanted *w)
{
	return w->one ? 1 : w->cfg->places;
}

/*
 * vCPUs beyond those that were asked for get theirs where there is room, as those that
 * are created later do; but all have one to begin with.
 */
static unsigned int vbs_places_missing(const struct vbs_wanted *w, struct vbs_group *grp)
{
	unsigned int want = vbs_least_places(w);
	struct vbs_group_sum n;

	vbs_group_count(grp, &n);
	if (w->cfg->strict || !n.places)
		want = max(want, n.vcpus);
	return want > n.places ? want - n.places : 0;
}

static struct sched_vbs_vcpu *vbs_next_unplaced(const struct vbs_group *grp,
						struct sched_vbs_vcpu *vcpu)
{
	do
		vcpu = vbs_group_next_vcpu(grp, vcpu);
	while (vcpu && rcu_access_pointer(vcpu->place));
	return vcpu;
}

/* In the order of the vCPUs that have none, each where its thread may run */
static int vbs_want_places(struct vbs_wanted *w, struct vbs_group *grp,
			   struct task_struct *p)
{
	struct sched_vbs_vcpu *vcpu = vbs_next_unplaced(grp, NULL);
	unsigned int n = vbs_places_missing(w, grp);
	struct task_struct *t;
	int ret = 0;

	for (; !ret && n; n--) {
		t = vcpu ? vbs_vcpu_thread(vcpu) : NULL;
		ret = vbs_want_place(w, grp, t ?: p);
		if (t)
			put_task_struct(t);
		if (vcpu)
			vcpu = vbs_next_unplaced(grp, vcpu);
	}
	return ret;
}

static int vbs_raise_places(struct vbs_wanted *w, struct vbs_group *grp)
{
	struct vbs_place *pl;
	int ret = 0;

	list_for_each_entry(pl, &grp->places, link) {
		ret = vbs_place_raise(pl, &w->vcpu, &w->cfg->err_cpu);
		if (ret)
			break;
	}
	return ret;
}

/* ---- the device model ---------------------------------------------------- */

static bool vbs_is_device_model(const struct vbs_runners *r, struct task_struct *t)
{
	return !t->exit_state && vbs_may_stop(t) && !vbs_runners_have(r, t);
}

/* What all of them allow */
static int vbs_dm_common(const struct vbs_runners *r, struct task_struct *p,
			 struct cpumask *mask, pid_t *err_tid)
{
	struct task_struct *t;
	int ret = 0;

	cpumask_copy(mask, cpu_active_mask);
	rcu_read_lock();
	for_each_thread(p, t) {
		if (!vbs_is_device_model(r, t))
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

static bool vbs_dm_has_mask(const struct vbs_wanted *w, const struct vbs_group *grp,
			    const struct cpumask *mask)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, &grp->dms, link)
		if (pl->kept && cpumask_equal(pl->mask, mask))
			return true;
	list_for_each_entry(pl, &w->dms, link)
		if (cpumask_equal(pl->mask, mask))
			return true;
	return false;
}

/* One that no server is for yet, and whose it is */
static bool vbs_dm_next_mask(const struct vbs_wanted *w, const struct vbs_group *grp,
			     const struct vbs_runners *r, struct task_struct *p,
			     struct cpumask *mask, pid_t *tid)
{
	struct task_struct *t;
	bool found = false;

	rcu_read_lock();
	for_each_thread(p, t) {
		if (!vbs_is_device_model(r, t) || vbs_dm_has_mask(w, grp, &t->cpus_mask))
			continue;
		cpumask_copy(mask, &t->cpus_mask);
		*tid = task_pid_vnr(t);
		found = true;
		break;
	}
	rcu_read_unlock();
	return found;
}

/* One that there is and that will do, if possible one that was for the same mask */
static struct vbs_place *vbs_dm_that_fits(const struct vbs_group *grp,
					  const struct cpumask *mask)
{
	struct vbs_place *pl, *found = NULL;

	list_for_each_entry(pl, &grp->dms, link) {
		if (pl->kept || !cpumask_test_cpu(READ_ONCE(pl->srv->cpu), mask))
			continue;
		if (cpumask_equal(pl->mask, mask))
			return pl;
		found = found ?: pl;
	}
	return found;
}

static int vbs_want_dm(struct vbs_wanted *w, struct vbs_group *grp,
		       const struct cpumask *mask)
{
	const struct vbs_tenant to = vbs_wanted_tenant(w, grp, VBS_ROLE_DM);
	struct vbs_place *pl = vbs_dm_that_fits(grp, mask);
	int cpu;

	if (pl && !vbs_place_raise(pl, &w->dm, &cpu)) {
		pl->kept = true;
		cpumask_copy(pl->mask, mask);
		return 0;
	}
	return PTR_ERR_OR_ZERO(vbs_place_add(grp, &w->dms, &w->dm, mask, &to,
					     &w->cfg->err_cpu));
}

/*
 * The process chooses the masks of its threads.  Each costs a cap, and a walk over its
 * threads: so no more than an administrator allows of vCPUs.
 */
static int vbs_want_split_dms(struct vbs_wanted *w, struct vbs_group *grp,
			      const struct vbs_runners *r, struct task_struct *p,
			      struct cpumask *mask)
{
	unsigned int left = max(READ_ONCE(sysctl_vbs_vm_vcpus), 1U);
	int ret = 0;
	pid_t tid;

	while (!ret && vbs_dm_next_mask(w, grp, r, p, mask, &tid)) {
		if (!left--) {
			w->cfg->err_tid = tid;
			return -EINVAL;
		}
		ret = vbs_want_dm(w, grp, mask);
		cond_resched();
	}
	return ret;
}

static int vbs_want_dms_beside(struct vbs_wanted *w, struct vbs_group *grp,
			       const struct vbs_runners *r, struct task_struct *p)
{
	static struct cpumask mask;	/* vbs_vm_mutex's */
	int ret;

	if (w->cfg->split)
		return vbs_want_split_dms(w, grp, r, p, &mask);
	ret = vbs_dm_common(r, p, &mask, &w->cfg->err_tid);
	return ret ?: vbs_want_dm(w, grp, &mask);
}

static int vbs_want_dms(struct vbs_wanted *w, struct vbs_group *grp, struct task_struct *p)
{
	struct vbs_runners r;
	int ret;

	if (w->one)
		return 0;
	ret = vbs_runners_find(grp, &r);
	if (ret)
		return ret;
	ret = vbs_want_dms_beside(w, grp, &r, p);
	kvfree(r.pids);
	return ret;
}

/* ---- all or nothing ------------------------------------------------------ */

static void vbs_places_remember(struct list_head *list)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, list, link) {
		pl->before = READ_ONCE(pl->srv->core.cap_next);
		pl->kept = false;
	}
}

static void vbs_places_lower(struct list_head *list)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, list, link)
		vbs_place_lower(pl);
}

static void vbs_places_drop(struct list_head *list)
{
	struct vbs_place *pl, *tmp;

	list_for_each_entry_safe(pl, tmp, list, link)
		vbs_place_remove(pl, true);
}

static bool vbs_group_has_several(const struct vbs_group *grp)
{
	struct vbs_group_sum n;

	vbs_group_count(grp, &n);
	return n.vcpus > 1;
}

static int vbs_wanted_book(struct vbs_wanted *w, struct vbs_group *grp, struct task_struct *p)
{
	vbs_places_remember(&grp->places);
	vbs_places_remember(&grp->dms);
	if (w->one && vbs_group_has_several(grp))
		return -EINVAL;
	return vbs_raise_places(w, grp) ?: vbs_want_dms(w, grp, p) ?:
	       vbs_want_places(w, grp, p);
}

/* Give all back that vbs_wanted_book() has booked. */
static void vbs_wanted_drop(struct vbs_wanted *w, struct vbs_group *grp)
{
	vbs_places_drop(&w->places);
	vbs_places_drop(&w->dms);
	vbs_places_lower(&grp->places);
	vbs_places_lower(&grp->dms);
}

static void vbs_places_add(struct list_head *to, struct list_head *from)
{
	struct vbs_place *pl, *tmp;

	list_for_each_entry_safe(pl, tmp, from, link) {
		list_del(&pl->link);
		list_add_tail_rcu(&pl->link, to);
	}
}

static void vbs_group_set(struct vbs_group *grp, const struct vbs_wanted *w)
{
	struct vbs_group_sum n;

	vbs_group_count(grp, &n);
	grp->vcpu = w->vcpu;
	grp->dm = w->dm;
	grp->owner = current_euid();
	grp->timeline = vbs_wanted_timeline(grp);
	WRITE_ONCE(grp->one, w->one);
	grp->least = vbs_least_places(w);
	grp->most = max3(grp->least, n.vcpus, READ_ONCE(sysctl_vbs_vm_vcpus));
	grp->split = w->cfg->split;
	grp->strict = w->cfg->strict;
	WRITE_ONCE(grp->poll, w->cfg->poll);
	grp->guest_may = w->cfg->guest_may;
	WRITE_ONCE(grp->guest_period, w->cfg->guest_period ?: w->vcpu.period / 8);
	WRITE_ONCE(grp->count, grp->count + 1);
	vbs_group_tell_vms(grp, grp->guest_may);
}

/*
 * What was booked is the group's, whose servers that it needs no more take no more
 * threads.  A thread that is created meanwhile always finds one that does.
 */
static void vbs_wanted_adopt(struct vbs_wanted *w, struct vbs_group *grp)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, &grp->places, link)
		vbs_place_switch(pl, &w->vcpu, vbs_wanted_role(w));
	list_for_each_entry(pl, &grp->dms, link)
		if (pl->kept)
			vbs_place_switch(pl, &w->dm, VBS_ROLE_DM);
	list_for_each_entry(pl, &w->dms, link)
		pl->kept = true;
	vbs_places_add(&grp->places, &w->places);
	vbs_places_add(&grp->dms, &w->dms);
	vbs_group_set(grp, w);
	list_for_each_entry(pl, &grp->dms, link)
		if (!pl->kept)
			vbs_take_no_more(pl->srv);
}

/* They were checked before: the limits may have changed. */
static bool vbs_wanted_in_limits(const struct vbs_wanted *w)
{
	return vbs_params_in_limits(&w->vcpu) && (w->one || vbs_params_in_limits(&w->dm));
}

/**
 * vbs_wanted_take - all that a configuration needs is booked, and the group's
 * @w: the configuration
 * @grp: the group, without servers if it is new
 * @p: a task of the process
 *
 * Under the same limits from the first booking to the last switch: all of it, or none.
 *
 * Return: 0, or an error, with err_tid or err_cpu: then, or if it was only asked,
 * nothing has changed.
 */
int vbs_wanted_take(struct vbs_wanted *w, struct vbs_group *grp, struct task_struct *p)
{
	int ret;

	guard(mutex)(&vbs_limits_mutex);
	if (!vbs_wanted_in_limits(w))
		return -EINVAL;
	ret = vbs_wanted_book(w, grp, p);
	if (ret || w->cfg->test)
		vbs_wanted_drop(w, grp);
	else
		vbs_wanted_adopt(w, grp);
	return ret;
}
