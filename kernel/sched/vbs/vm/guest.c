// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: what guests may do, and what they ask for of their vCPU's server.
 *
 * A guest can use less of its cap than it is given, or the same with another period, at
 * the cost of its own server: the switch is the core's, and each release is charged.
 */

/**
 * vbs_group_tell_vms - its virtual machines may do what the configuration says
 * @grp: the group
 * @may: SCHED_VBS_GUEST_*
 */
void vbs_group_tell_vms(const struct vbs_group *grp, u32 may)
{
	struct sched_vbs_vm *vm;

	lockdep_assert_held(&vbs_vm_mutex);
	list_for_each_entry(vm, &vbs_vms, link)
		if (vm->tgid == grp->tgid)
			WRITE_ONCE(vm->guest_may, may);
}

/*
 * The server of the vCPU that current runs, if that is its own and current is in it: a
 * thread that runs several stays in the place of one, perhaps another guest's.  That is
 * nobody's to switch, nor what its own guest is supplied with.  Under RCU
 */
static struct vbs_srv *vbs_guest_server(const struct sched_vbs_vcpu *vcpu)
{
	const struct vbs_place *pl = rcu_dereference(vcpu->place);
	struct vbs_srv *srv = READ_ONCE(current->vbs.own);

	return pl && srv == pl->srv && READ_ONCE(srv->role) == VBS_ROLE_VCPU &&
		!READ_ONCE(srv->pooled) ? srv : NULL;
}

/* Of the process's configuration, which may be undone meanwhile; under RCU */
static u64 vbs_guest_least_period(const struct vbs_group *grp)
{
	return grp ? READ_ONCE(grp->guest_period) : U64_MAX;
}

static const struct vbs_group *vbs_guest_group(void)
{
	return READ_ONCE(current->signal->vbs_group);
}

static void vbs_guest_fill(struct sched_vbs_guest *g, struct rq *rq, struct vbs_srv *srv)
{
	const struct vbs_server *s = &srv->core;
	u64 now;

	update_rq_clock(rq);
	if (srv->attached)
		vbs_update_server(rq, srv);
	now = vbs_clock(rq);
	g->runtime = s->runtime;
	g->period = s->period;
	g->cap = s->cap_next;
	g->left = srv->attached ? vbs_budget_left(s) : s->runtime;
	g->until = s->deadline > now ? s->deadline - now : 0;
}

/**
 * sched_vbs_guest_get - the server of the vCPU that current runs
 * @vcpu: the vCPU
 * @g: out
 *
 * Context: interrupts enabled.
 * Return: 0; -EPERM, it has no server of its own.
 */
int sched_vbs_guest_get(const struct sched_vbs_vcpu *vcpu, struct sched_vbs_guest *g)
{
	const struct vbs_group *grp;
	struct vbs_srv *srv;
	struct rq_flags rf;
	struct rq *rq;

	memset(g, 0, sizeof(*g));
	guard(rcu)();
	srv = vbs_guest_server(vcpu);
	if (!srv)
		return -EPERM;
	grp = vbs_guest_group();
	g->least_period = vbs_guest_least_period(grp);
	g->count = grp ? READ_ONCE(grp->count) : 0;
	rq = vbs_lock_home(srv, &rf);
	vbs_guest_fill(g, rq, srv);
	rq_unlock_irqrestore(rq, &rf);
	return 0;
}
EXPORT_SYMBOL_GPL(sched_vbs_guest_get);

/*
 * Its cap stays, and its timeline, whatever the thread is bound to.  RCU keeps the
 * server in memory, not current in it: whoever ends it, or takes current out, may have
 * held the lock until now.
 */
static int vbs_guest_switch(struct rq *rq, const struct sched_vbs_vcpu *vcpu,
			    struct vbs_srv *srv, const struct sched_attr *attr)
{
	struct vbs_params par = {
		.runtime	= attr->sched_runtime,
		.period		= attr->sched_period,
		.align		= srv->core.align,
		.cap		= srv->core.cap_next,
	};

	if (srv->gone || vbs_guest_server(vcpu) != srv)
		return -EPERM;
	if (!rq->vbs.core->release_cost)
		return -EINVAL;
	if (vbs_params_in_cap(&par) != VBS_REJECT_NONE)
		return -ERANGE;
	return vbs_switch_to(rq, srv, current, &par, srv->timeline);
}

/**
 * sched_vbs_guest_switch - another resource within the cap, in constant time
 * @vcpu: the vCPU that current runs
 * @runtime: ns
 * @period: ns
 *
 * Context: interrupts enabled.
 * Return: 0; -EPERM, it has no server of its own; -EINVAL, numbers that no server can
 * have, a period below what the guest may ask for, or what a release costs is not known
 * and cannot be charged; -ERANGE, above the cap.
 */
int sched_vbs_guest_switch(const struct sched_vbs_vcpu *vcpu, u64 runtime, u64 period)
{
	const struct sched_attr attr = { .sched_runtime = runtime, .sched_period = period };
	struct vbs_srv *srv;
	struct rq_flags rf;
	struct rq *rq;
	int ret;

	guard(rcu)();
	srv = vbs_guest_server(vcpu);
	if (!srv)
		return -EPERM;
	if (!vbs_in_limits(&attr) || period < vbs_guest_least_period(vbs_guest_group()))
		return -EINVAL;
	rq = vbs_lock_home(srv, &rf);
	ret = vbs_guest_switch(rq, vcpu, srv, &attr);
	rq_unlock_irqrestore(rq, &rf);
	return ret;
}
EXPORT_SYMBOL_GPL(sched_vbs_guest_switch);
