// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: what is configured for a process's virtual machines, all or nothing.
 *
 * All that can be refused comes first: numbers, rights, masks, bookings.  Then the
 * process is marked and its threads enter; if one cannot, all of it is undone.
 * Where another configuration replaces one, the servers that it finds are kept.
 *
 * Order of errors: -EBADF, -ESRCH (the process); -EINVAL, -ERANGE for the numbers;
 * -EPERM; -EOPNOTSUPP; -EINVAL for masks and the number of vCPUs; -EBUSY.
 */

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
	INIT_LIST_HEAD(&w->places);
	INIT_LIST_HEAD(&w->dms);
	if (!cfg->vcpu.period)
		return 0;
	if (w->one && (cfg->dm.runtime || cfg->dm.cap || cfg->dm.align || cfg->split ||
		       cfg->places > 1))
		return -EINVAL;
	ret = vbs_wanted_resource(&w->vcpu, &cfg->vcpu);
	return ret ?: w->one ? 0 : vbs_wanted_resource(&w->dm, &cfg->dm);
}

/* ---- the call ------------------------------------------------------------ */

static int vbs_group_begin(struct task_struct *p, struct vbs_wanted *w)
{
	struct vbs_group *grp = vbs_group_alloc(p);
	int ret;

	if (!grp)
		return -ENOMEM;
	ret = vbs_wanted_take(w, grp, p);
	if (ret || w->cfg->test) {
		vbs_group_end(grp, false);
		return ret;
	}
	if (!vbs_group_mark(p, NULL, grp)) {
		vbs_group_end(grp, false);
		return -ESRCH;
	}
	vbs_group_place_vcpus(grp);
	ret = vbs_group_gather(grp, p, &w->cfg->err_tid);
	if (ret)
		vbs_group_undo(grp, true);
	return ret;
}

/*
 * A thread whose mask changes meanwhile may find no server: it is counted.  Where the
 * class is turned off meanwhile no server is left.
 */
static int vbs_group_change(struct task_struct *p, struct vbs_group *grp,
			    struct vbs_wanted *w)
{
	pid_t tid = 0;
	int ret;

	vbs_group_clear(grp);
	ret = vbs_wanted_take(w, grp, p);
	if (ret || w->cfg->test)
		return ret;
	vbs_group_place_vcpus(grp);
	ret = vbs_group_gather(grp, p, &tid);
	vbs_group_trim(grp);
	return ret == -EOPNOTSUPP ? ret : 0;
}

static int vbs_vm_set(struct task_struct *p, struct vbs_wanted *w)
{
	struct vbs_group *grp = vbs_group_of(task_tgid(p));

	lockdep_assert_held(&vbs_vm_mutex);
	if (w->cfg->vcpu.period && !READ_ONCE(sysctl_vbs_enable))
		return -EOPNOTSUPP;
	if (w->cfg->vcpu.period)
		return grp ? vbs_group_change(p, grp, w) : vbs_group_begin(p, w);
	if (!w->cfg->test)
		vbs_group_undo(grp, true);
	return 0;
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
