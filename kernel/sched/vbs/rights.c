// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: who may change a server, EPERM.  The caller's rights are looked at where that
 * may sleep; whether they are those for the server that is changed then, under its lock.
 */

/*
 * Return: the number of @p's server, which no other will ever have, if the caller
 * is its owner, it works for nobody else and the call stays within it; else 0.
 */
static u64 vbs_owned(struct task_struct *p, const struct sched_attr *attr)
{
	struct vbs_srv *srv;
	u64 id = 0;

	rcu_read_lock();
	srv = READ_ONCE(p->vbs.own);
	if (srv && uid_eq(srv->owner, current_euid()) && !READ_ONCE(srv->nr_kthreads) &&
	    attr->sched_vbs_cap <= READ_ONCE(srv->core.cap_next))
		id = READ_ONCE(srv->id);
	rcu_read_unlock();
	return id;
}

/**
 * vbs_spare_permit - which servers may the caller take to another CPU?
 * @spare: what the move takes; notes it
 * @p: the member, who may be in another server when it comes to that
 *
 * Context: may sleep.
 * Return: whether the one that @p is in now is among them.
 */
bool vbs_spare_permit(struct vbs_spare *spare, struct task_struct *p)
{
	static const struct sched_attr same;

	spare->owned = vbs_owned(p, &same);
	spare->priv = spare->owned ? ns_capable_noaudit(&init_user_ns, CAP_SYS_NICE) :
				     capable(CAP_SYS_NICE);
	return spare->owned || spare->priv;
}

/**
 * vbs_change_permit - may the caller?
 * @chg: prepared
 * @p: the target, which the caller may renice
 * @attr: what is asked
 *
 * To enter or to raise the cap takes CAP_SYS_NICE; anything else it or the
 * server's owner, who joins another task only if he may ptrace the leader.  A thread
 * of the kernel works for everybody: what becomes of it, and of a server that it is in,
 * takes CAP_SYS_NICE.
 *
 * Context: may sleep.
 * Return: 0 or -EPERM.
 */
int vbs_change_permit(struct vbs_change *chg, struct task_struct *p,
		      const struct sched_attr *attr)
{
	struct task_struct *of = chg->leader ?: p;

	if (!chg->active)
		return 0;
	chg->owned = p->flags & PF_KTHREAD ? 0 : vbs_owned(of, attr);
	if (chg->owned && (!chg->leader ||
			   ptrace_may_access(of, PTRACE_MODE_ATTACH_REALCREDS)))
		return 0;
	chg->owned = 0;
	chg->priv = capable(CAP_SYS_NICE);
	if (chg->priv)
		return 0;
	vbs_reject(p, VBS_REJECT_PRIVILEGE, attr->sched_vbs_cap, 0, -1);
	return -EPERM;
}

/*
 * Is @srv still what vbs_owned() has looked at?  A virtual machine's server is whose it
 * is who has configured that last.
 */
static bool vbs_still_owned(u64 id, const struct vbs_srv *srv)
{
	return id && srv && srv->id == id && uid_eq(srv->owner, current_euid()) &&
	       !READ_ONCE(srv->nr_kthreads);
}

static bool vbs_permitted(const struct vbs_change *chg, const struct vbs_srv *srv)
{
	return chg->priv || vbs_still_owned(chg->owned, srv);
}
