// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: virtual machines, their vCPUs, and the threads that run them.
 *
 * A vCPU has a place, or there was no room for one: then it runs in the device
 * model's server, until another thread runs it or the process is configured again.
 */

/* Scratch of who holds vbs_vm_mutex */
static struct cpumask vbs_vm_mask;

/* ---- who there is -------------------------------------------------------- */

static struct sched_vbs_vcpu *vbs_next_vcpu_in(struct sched_vbs_vm *vm,
					       struct sched_vbs_vcpu *prev)
{
	struct list_head *at = prev ? prev->link.next : vm->vcpus.next;

	return at == &vm->vcpus ? NULL : list_entry(at, struct sched_vbs_vcpu, link);
}

/**
 * vbs_group_next_vcpu - walk the vCPUs of all VMs of a group
 * @grp: the group
 * @prev: the one before, or NULL
 */
struct sched_vbs_vcpu *vbs_group_next_vcpu(const struct vbs_group *grp,
					   struct sched_vbs_vcpu *prev)
{
	struct sched_vbs_vcpu *vcpu = prev ? vbs_next_vcpu_in(prev->vm, prev) : NULL;
	struct sched_vbs_vm *vm;

	lockdep_assert_held(&vbs_vm_mutex);
	if (vcpu)
		return vcpu;
	vm = prev ? prev->vm : list_entry(&vbs_vms, struct sched_vbs_vm, link);
	list_for_each_entry_continue(vm, &vbs_vms, link) {
		if (vm->tgid == grp->tgid)
			vcpu = vbs_next_vcpu_in(vm, NULL);
		if (vcpu)
			return vcpu;
	}
	return NULL;
}

/* The thread that has run it last, with a reference, or NULL */
struct task_struct *vbs_vcpu_thread(const struct sched_vbs_vcpu *vcpu)
{
	struct task_struct *p;

	rcu_read_lock();
	p = pid_task(rcu_dereference(*vcpu->runs), PIDTYPE_PID);
	if (p && !tryget_task_struct(p))
		p = NULL;
	rcu_read_unlock();
	return p;
}

/**
 * vbs_thread_runs_vcpu - of the group's
 * @grp: the group
 * @p: the thread
 */
bool vbs_thread_runs_vcpu(const struct vbs_group *grp, struct task_struct *p)
{
	struct sched_vbs_vcpu *vcpu = NULL;
	bool runs = false;

	rcu_read_lock();
	while (!runs && (vcpu = vbs_group_next_vcpu(grp, vcpu)))
		runs = rcu_dereference(*vcpu->runs) == task_pid(p);
	rcu_read_unlock();
	return runs;
}

static int vbs_cmp_pids(const void *a, const void *b)
{
	const struct pid *pa = *(struct pid *const *)a, *pb = *(struct pid *const *)b;

	return (pa > pb) - (pa < pb);
}

/**
 * vbs_runners_find - all threads of a group that run vCPUs, to look up many
 * @grp: the group
 * @r: out: they are known by their pids, which are not held
 *
 * A process has as many threads, and vCPUs, as it likes.
 *
 * Return: 0, or -ENOMEM
 */
int vbs_runners_find(const struct vbs_group *grp, struct vbs_runners *r)
{
	struct sched_vbs_vcpu *vcpu = NULL;
	struct vbs_group_sum n;

	vbs_group_count(grp, &n);
	r->n = 0;
	r->pids = kvmalloc_array(n.vcpus + 1, sizeof(*r->pids), GFP_KERNEL);
	if (!r->pids)
		return -ENOMEM;
	rcu_read_lock();
	while ((vcpu = vbs_group_next_vcpu(grp, vcpu)))
		r->pids[r->n++] = rcu_dereference(*vcpu->runs);
	rcu_read_unlock();
	sort(r->pids, r->n, sizeof(*r->pids), vbs_cmp_pids, NULL);
	return 0;
}

/**
 * vbs_runners_have - is a thread one of them?
 * @r: from vbs_runners_find(), under the same vbs_vm_mutex
 * @p: the thread
 */
bool vbs_runners_have(const struct vbs_runners *r, struct task_struct *p)
{
	struct pid *pid = task_pid(p);

	return bsearch(&pid, r->pids, r->n, sizeof(*r->pids), vbs_cmp_pids);
}

/**
 * vbs_group_count - what there is, for information
 * @grp: the group
 * @n: out
 */
void vbs_group_count(const struct vbs_group *grp, struct vbs_group_sum *n)
{
	struct sched_vbs_vcpu *vcpu = NULL;
	struct sched_vbs_vm *vm;
	struct vbs_place *pl;

	memset(n, 0, sizeof(*n));
	list_for_each_entry(vm, &vbs_vms, link)
		n->vms += vm->tgid == grp->tgid;
	while ((vcpu = vbs_group_next_vcpu(grp, vcpu))) {
		n->vcpus++;
		n->unplaced += !rcu_access_pointer(vcpu->place);
	}
	list_for_each_entry(pl, &grp->places, link)
		n->places += !READ_ONCE(pl->srv->dissolving);
}

/* ---- places for them ----------------------------------------------------- */

static struct vbs_place *vbs_place_unused(const struct vbs_group *grp)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, &grp->places, link)
		if (!pl->vcpu && !READ_ONCE(pl->srv->dissolving))
			return pl;
	return NULL;
}

/* Where a task may run, in vbs_vm_mask */
const struct cpumask *vbs_vm_mask_of(struct task_struct *p)
{
	unsigned long flags;

	lockdep_assert_held(&vbs_vm_mutex);
	raw_spin_lock_irqsave(&p->pi_lock, flags);
	cpumask_copy(&vbs_vm_mask, &p->cpus_mask);
	raw_spin_unlock_irqrestore(&p->pi_lock, flags);
	return &vbs_vm_mask;
}

/* For a vCPU that the process has made since: what it may book is limited. */
static struct vbs_place *vbs_place_more(struct vbs_group *grp)
{
	const struct vbs_tenant to = {
		.role		= VBS_ROLE_VCPU,
		.group		= grp->nr,
		.owner		= grp->owner,
		.timeline	= grp->timeline,
	};
	struct vbs_group_sum n;
	struct vbs_place *pl;
	struct task_struct *p;
	int cpu;

	vbs_group_count(grp, &n);
	if (grp->one || n.places >= grp->most)
		return NULL;
	p = get_pid_task(grp->tgid, PIDTYPE_TGID);
	if (!p)
		return NULL;
	pl = vbs_place_add(grp, &grp->places, &grp->vcpu, vbs_vm_mask_of(p),
			   &to, &cpu);
	put_task_struct(p);
	return IS_ERR(pl) ? NULL : pl;
}

static struct vbs_place *vbs_vcpu_place(const struct sched_vbs_vcpu *vcpu)
{
	return rcu_dereference_protected(vcpu->place, lockdep_is_held(&vbs_vm_mutex));
}

static bool vbs_vcpu_assign(struct vbs_group *grp, struct sched_vbs_vcpu *vcpu)
{
	struct vbs_place *pl;

	if (rcu_access_pointer(vcpu->place))
		return true;
	pl = vbs_place_unused(grp) ?: vbs_place_more(grp);
	if (!pl)
		return false;
	pl->vcpu = vcpu;
	rcu_assign_pointer(vcpu->place, pl);
	return true;
}

static void vbs_vcpu_give_up(struct sched_vbs_vcpu *vcpu)
{
	struct vbs_place *pl = vbs_vcpu_place(vcpu);

	if (!pl)
		return;
	pl->vcpu = NULL;
	RCU_INIT_POINTER(vcpu->place, NULL);
}

static bool vbs_places_have_members(const struct list_head *list)
{
	struct vbs_place *pl;

	list_for_each_entry(pl, list, link)
		if (READ_ONCE(pl->srv->dissolving) && READ_ONCE(pl->srv->nr_members))
			return true;
	return false;
}

static void vbs_places_clear(struct list_head *list, bool wait)
{
	struct vbs_place *pl, *tmp;

	list_for_each_entry_safe(pl, tmp, list, link)
		if (READ_ONCE(pl->srv->dissolving))
			vbs_place_remove(pl, wait);
}

/**
 * vbs_group_clear - threads leave the servers that take no more of them
 * @grp: the group
 *
 * They enter those that do, if there are any.
 */
void vbs_group_clear(struct vbs_group *grp)
{
	struct task_struct *p = get_pid_task(grp->tgid, PIDTYPE_TGID);
	pid_t tid = 0;

	if (p && (vbs_places_have_members(&grp->places) || vbs_places_have_members(&grp->dms)))
		vbs_group_gather(grp, p, &tid);
	vbs_places_clear(&grp->places, p);
	vbs_places_clear(&grp->dms, p);
	if (p)
		put_task_struct(p);
}

/**
 * vbs_group_trim - give back places that no vCPU needs
 * @grp: the group
 */
void vbs_group_trim(struct vbs_group *grp)
{
	struct vbs_group_sum n;
	struct vbs_place *pl;

	vbs_group_count(grp, &n);
	list_for_each_entry(pl, &grp->places, link) {
		if (n.places <= max(grp->least, n.vcpus))
			break;
		if (pl->vcpu || READ_ONCE(pl->srv->dissolving))
			continue;
		vbs_take_no_more(pl->srv);
		n.places--;
	}
	vbs_group_clear(grp);
}

/* ---- threads ------------------------------------------------------------- */

/* An empty place goes where the thread may run. */
static int vbs_place_follow(struct vbs_place *pl, struct task_struct *p)
{
	int ret;

	vbs_spare_drop(&pl->spare);
	ret = vbs_spare_fill(&pl->spare);
	return ret ?: vbs_place_move(pl->srv, vbs_vm_mask_of(p), &pl->spare);
}

static void vbs_vcpu_goes_outside(struct vbs_group *grp, struct task_struct *p)
{
	struct sched_attr attr = {
		.size		= sizeof(attr),
		.sched_policy	= SCHED_NORMAL,
		.sched_nice	= task_nice(p),
	};

	atomic_inc(&grp->outside);
	if (task_has_vbs_policy(p))
		sched_setattr_nocheck(p, &attr);
}

/* Into the place, wherever that has to be for it; or the device model's server */
static void vbs_vcpu_enter(struct vbs_group *grp, struct task_struct *p,
			   struct vbs_place *pl)
{
	int ret = pl ? vbs_group_enter(grp, p, pl->srv, true) : -EBUSY;

	if (ret == -EINVAL && !vbs_place_follow(pl, p))
		ret = vbs_group_enter(grp, p, pl->srv, true);
	if (!ret || ret == -ESRCH)
		return;
	if (vbs_group_enter_dm(grp, p))
		vbs_vcpu_goes_outside(grp, p);
}

/*
 * Somebody runs a second vCPU: no thread moves twice.  The server in which it stays is no
 * more for the guest of one vCPU alone to switch.
 */
static bool vbs_vcpu_is_pooled(struct vbs_group *grp, struct task_struct *p,
			       const struct vbs_place *pl)
{
	struct vbs_srv *own;
	bool pooled;

	rcu_read_lock();
	own = READ_ONCE(p->vbs.own);
	pooled = own && p->vbs.vcpu && !(pl && own == pl->srv) &&
		 vbs_is_inside(grp, p, own) && own->role != VBS_ROLE_DM;
	if (pooled)
		WRITE_ONCE(own->pooled, true);
	rcu_read_unlock();
	if (pooled)
		atomic_inc(&grp->pooled);
	return pooled;
}

/**
 * vbs_group_place_vcpus - each vCPU gets a place, if there is room, and its thread
 *	enters
 * @grp: the group
 */
void vbs_group_place_vcpus(struct vbs_group *grp)
{
	struct sched_vbs_vcpu *vcpu = NULL;
	struct task_struct *p;
	struct vbs_place *pl;

	while ((vcpu = vbs_group_next_vcpu(grp, vcpu))) {
		vbs_vcpu_assign(grp, vcpu);
		/* Pairs with the barrier of who runs it: one of both sees the other. */
		smp_mb();
		pl = vbs_vcpu_place(vcpu);
		p = vbs_vcpu_thread(vcpu);
		if (!p)
			continue;
		if (!vbs_vcpu_is_pooled(grp, p, pl) && !vbs_former_keep(grp, p))
			vbs_vcpu_enter(grp, p, pl);
		put_task_struct(p);
	}
}

/* The common case, without the mutex */
static int vbs_vcpu_enter_place(struct sched_vbs_vcpu *vcpu)
{
	struct vbs_srv *srv = NULL;
	struct vbs_place *pl;
	bool poll = false;
	int ret;

	rcu_read_lock();
	pl = rcu_dereference(vcpu->place);
	if (pl && refcount_inc_not_zero(&pl->srv->refs)) {
		srv = pl->srv;
		poll = READ_ONCE(pl->grp->poll);
	}
	rcu_read_unlock();
	if (!srv)
		return -ENOENT;
	cgroup_threadgroup_change_begin(current);
	ret = vbs_go_into(current, srv, true, poll);
	cgroup_threadgroup_change_end(current);
	vbs_srv_put(srv);
	return ret;
}

static void vbs_vcpu_find_place(struct sched_vbs_vcpu *vcpu)
{
	struct vbs_group *grp;

	mutex_lock(&vbs_vm_mutex);
	grp = vbs_group_of(vcpu->vm->tgid);
	if (grp) {
		vbs_vcpu_assign(grp, vcpu);
		vbs_vcpu_enter(grp, current, vbs_vcpu_place(vcpu));
	}
	mutex_unlock(&vbs_vm_mutex);
}

/* Has current another place already?  Then it stays there. */
static bool vbs_vcpu_stays(struct sched_vbs_vcpu *vcpu)
{
	struct vbs_place *pl;
	bool stays = false;

	rcu_read_lock();
	pl = rcu_dereference(vcpu->place);
	if (pl)
		stays = vbs_vcpu_is_pooled(pl->grp, current, pl);
	rcu_read_unlock();
	return stays;
}

/**
 * __sched_vbs_vcpu_runs - see sched_vbs_vcpu_runs()
 * @vcpu: the vCPU
 */
void __sched_vbs_vcpu_runs(struct sched_vbs_vcpu *vcpu)
{
	smp_mb();	/* see vbs_group_place_vcpus() */
	if (vbs_vcpu_stays(vcpu))
		return;
	if (dl_policy(current->policy) || vbs_vcpu_enter_place(vcpu))
		vbs_vcpu_find_place(vcpu);
}
EXPORT_SYMBOL_GPL(__sched_vbs_vcpu_runs);

/**
 * __sched_vbs_vcpu_timer - see sched_vbs_vcpu_timer()
 * @vcpu: the vCPU
 *
 * A release costs two interrupts and two switches.  So half of that is for a guest that
 * has to be woken up, and the half of the half for one that was running.  While the vCPU
 * is stopped, by its user perhaps, a periodic timer goes on: it owes no more than a budget.
 */
void __sched_vbs_vcpu_timer(struct sched_vbs_vcpu *vcpu)
{
	unsigned int cost = READ_ONCE(sysctl_vbs_release_cost) / 2;
	struct task_struct *p;
	struct vbs_srv *srv;

	guard(rcu)();
	p = pid_task(rcu_dereference(*vcpu->runs), PIDTYPE_PID);
	srv = p ? READ_ONCE(p->vbs.own) : NULL;
	if (srv && atomic64_read(&srv->owed) < READ_ONCE(srv->core.runtime))
		atomic64_add(p == current ? cost / 2 : cost, &srv->owed);
}
EXPORT_SYMBOL_GPL(__sched_vbs_vcpu_timer);

/* ---- VMs ----------------------------------------------------------------- */

/**
 * sched_vbs_vm_create - a process has a virtual machine
 * @vm: zero
 *
 * Context: current is of the process; may sleep.
 */
void sched_vbs_vm_create(struct sched_vbs_vm *vm)
{
	struct vbs_group *grp;

	INIT_LIST_HEAD(&vm->vcpus);
	vm->tgid = get_pid(task_tgid(current));
	mutex_lock(&vbs_vm_mutex);
	grp = vbs_group_of(vm->tgid);
	vm->guest_may = grp ? grp->guest_may : 0;
	list_add_tail(&vm->link, &vbs_vms);
	mutex_unlock(&vbs_vm_mutex);
}
EXPORT_SYMBOL_GPL(sched_vbs_vm_create);

static bool vbs_has_vms(struct pid *tgid)
{
	struct sched_vbs_vm *vm;

	list_for_each_entry(vm, &vbs_vms, link)
		if (vm->tgid == tgid)
			return true;
	return false;
}

/**
 * sched_vbs_vm_destroy - it has not any more; with the last one its servers go
 * @vm: the VM, without vCPUs
 *
 * Context: any process; may sleep.
 */
void sched_vbs_vm_destroy(struct sched_vbs_vm *vm)
{
	if (!vm->tgid)
		return;
	mutex_lock(&vbs_vm_mutex);
	list_del(&vm->link);
	if (!vbs_has_vms(vm->tgid))
		vbs_group_undo(vbs_group_of(vm->tgid), false);
	mutex_unlock(&vbs_vm_mutex);
	put_pid(vm->tgid);
	vm->tgid = NULL;
}
EXPORT_SYMBOL_GPL(sched_vbs_vm_destroy);

/**
 * sched_vbs_vcpu_create - a virtual machine has one vCPU more
 * @vm: the VM
 * @vcpu: zero
 * @runs: where the hypervisor keeps the thread that has run it last
 *
 * Context: may sleep.
 * Return: 0; -EBUSY: there is no room for its place, and it was said that there has
 * to be.
 */
int sched_vbs_vcpu_create(struct sched_vbs_vm *vm, struct sched_vbs_vcpu *vcpu,
			  struct pid __rcu **runs)
{
	struct vbs_group *grp;
	int ret = 0;

	vcpu->vm = vm;
	vcpu->runs = runs;
	mutex_lock(&vbs_vm_mutex);
	grp = vbs_group_of(vm->tgid);
	if (grp && !vbs_vcpu_assign(grp, vcpu) && grp->strict)
		ret = -EBUSY;
	if (!ret)
		list_add_tail(&vcpu->link, &vm->vcpus);
	else
		vcpu->vm = NULL;
	mutex_unlock(&vbs_vm_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(sched_vbs_vcpu_create);

/**
 * sched_vbs_vcpu_destroy - a vCPU is gone
 * @vcpu: the vCPU, or zero
 *
 * Context: may sleep.
 */
void sched_vbs_vcpu_destroy(struct sched_vbs_vcpu *vcpu)
{
	struct vbs_group *grp;

	if (!vcpu->vm)
		return;
	mutex_lock(&vbs_vm_mutex);
	list_del(&vcpu->link);
	vbs_vcpu_give_up(vcpu);
	grp = vbs_group_of(vcpu->vm->tgid);
	if (grp)
		vbs_group_trim(grp);
	mutex_unlock(&vbs_vm_mutex);
	vcpu->vm = NULL;
}
EXPORT_SYMBOL_GPL(sched_vbs_vcpu_destroy);
