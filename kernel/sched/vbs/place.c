// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: places: servers that are booked and stay, with members or without.
 *
 * A vCPU has one, whoever runs it.  To enter a place is a join that allocates
 * nothing and can fail only for the mask of who enters; a place without members
 * can be moved for that.
 */

/* How often to look again at a server that is just being moved, once a ms */
#define VBS_ENTER_TRIES		200

/* ---- booking ------------------------------------------------------------- */

/*
 * What a CPU that goes offline waits for, and vbs_dissolve_all(): interrupts are off
 * until it is seen.
 */
static int vbs_place_enter_books(struct vbs_srv *srv, const struct vbs_params *par,
				 const struct cpumask *mask, bool show)
{
	LIST_HEAD(none);
	unsigned long flags;
	u32 spare = 0;
	int ret = -EINVAL;

	local_irq_save(flags);
	if (!READ_ONCE(sysctl_vbs_enable))
		ret = -EOPNOTSUPP;
	else if (vbs_params_in_limits(par))
		ret = vbs_books_enter(srv, &none, mask, &spare);
	if (!ret && show)
		vbs_books_publish(srv);
	local_irq_restore(flags);
	if (ret == -EBUSY)
		vbs_reject(current, VBS_REJECT_NO_ROOM, srv->core.cap, spare, srv->cpu);
	return ret;
}

/**
 * vbs_place_create - book a server without members
 * @par: its parameters, checked before: the limits may have changed
 * @mask: where it may be
 * @to: whose it will be; VBS_ROLE_NONE: nobody's, to be asked only, and given back
 *	by vbs_place_unbook()
 * @cpu: out: the best CPU, or -1
 *
 * Context: may sleep; vbs_enable() has succeeded.
 * Return: the server, with a reference, or -ENOMEM, -EINVAL beyond the limits,
 * -EOPNOTSUPP, -EBUSY.
 */
struct vbs_srv *vbs_place_create(const struct vbs_params *par, const struct cpumask *mask,
				 const struct vbs_tenant *to, int *cpu)
{
	struct vbs_srv *srv = vbs_srv_alloc();
	int ret;

	if (!srv)
		return ERR_PTR(-ENOMEM);
	vbs_server_init(&srv->core, par, 0);
	srv->timeline = par->align ? to->timeline : 0;
	srv->owner = to->owner;
	srv->place = true;
	srv->role = to->role;
	srv->group = to->group;
	srv->leader_pid = to->group;
	refcount_inc(&srv->refs);
	ret = vbs_place_enter_books(srv, par, mask, to->role != VBS_ROLE_NONE);
	*cpu = srv->cpu;
	if (ret) {
		vbs_srv_free(srv);
		return ERR_PTR(ret);
	}
	if (to->role == VBS_ROLE_NONE)
		return srv;
	trace_sched_vbs_admit(srv->id, srv->cpu, srv->core.cap, srv->core.runtime,
			      srv->core.period, NULL);
	vbs_watch_start();
	return srv;
}

/**
 * vbs_place_unbook - it was only a question
 * @srv: of VBS_ROLE_NONE; the caller's reference stays
 */
void vbs_place_unbook(struct vbs_srv *srv)
{
	vbs_books_release(srv->cpu, vbs_booked(srv));
	vbs_srv_put(srv);
}

/* ---- entering ------------------------------------------------------------ */

static void vbs_become_member(struct rq *rq, struct task_struct *p, struct vbs_srv *srv)
{
	struct vbs_srv *over;

	if (p->vbs.lent)
		vbs_give_back(rq, p, p->vbs.server);
	over = vbs_leave(rq, p);
	if (over)
		vbs_discard_srv(rq, over);
	p->policy = SCHED_VBS;
	p->rt_priority = 0;
	p->timer_slack_ns = 0;
	p->vbs.overrun_signal = false;
	p->vbs.pending = 0;
	vbs_default_clamps(p);
	vbs_join(srv, p);
}

static int vbs_may_enter(struct task_struct *p, struct vbs_srv *srv)
{
	if (p->exit_state)
		return -ESRCH;
	if (!READ_ONCE(sysctl_vbs_enable))
		return -EOPNOTSUPP;
	if (!vbs_may_stop(p) || dl_policy(p->policy))
		return -EINVAL;
	if (p->vbs.own == srv)
		return 0;
	return vbs_is_about_to_move(srv) ? -EAGAIN : 0;
}

static int vbs_go_into_once(struct task_struct *p, struct vbs_srv *srv, bool vcpu, bool poll)
{
	struct rq_flags rf;
	struct rq *rq;
	int ret;

	rq = task_rq_lock(p, &rf);
	ret = vbs_may_enter(p, srv);
	if (!ret && p->vbs.own != srv) {
		ret = vbs_reserve(srv, &p->cpus_mask);
		if (!ret) {
			update_rq_clock(rq);
			vbs_change_class(rq, p, vbs_become_member, srv);
		}
	}
	if (!ret) {
		p->vbs.vcpu = vcpu;
		p->vbs.poll = poll;
	}
	vbs_unlock_task(rq, p, &rf);
	if (!ret)
		rt_mutex_adjust_pi(p);
	return ret;
}

/**
 * vbs_go_into - make a task a member of a place
 * @p: the task
 * @srv: the place, referenced
 * @vcpu: it is stopped on its way to guest mode alone
 * @poll: it may poll when its guest halts
 *
 * Context: may sleep; cpusets neither take in nor give away a task meanwhile.
 * Return: 0; -EINVAL if the mask of @p excludes the server's CPU, or the server is
 * over; -EAGAIN if the server is still being moved; -ESRCH, -EOPNOTSUPP.
 */
int vbs_go_into(struct task_struct *p, struct vbs_srv *srv, bool vcpu, bool poll)
{
	int tries = VBS_ENTER_TRIES, ret;

	for (;;) {
		ret = vbs_go_into_once(p, srv, vcpu, poll);
		if (ret != -EAGAIN || !--tries)
			return ret;
		fsleep(USEC_PER_MSEC);
	}
}

#ifdef CONFIG_SMP
/* The server stays empty while it moves. */
static int vbs_begin_moving_empty(struct vbs_srv *srv)
{
	guard(raw_spinlock)(&srv->lock);
	if (srv->nr_members || srv->moving || srv->plan || srv->dissolving)
		return -EBUSY;
	srv->moving = true;
	return 0;
}

static int vbs_move_empty(struct rq *rq, struct vbs_srv *srv, const struct cpumask *mask,
			  struct vbs_spare *spare)
{
	u32 room = 0;
	int ret, to;

	ret = vbs_begin_moving_empty(srv);
	if (ret)
		return ret;
	update_rq_clock(rq);
	ret = vbs_books_move(srv, mask, &room, &to);
	if (!ret)
		vbs_move(rq, srv, to, spare);
	vbs_end_moving(srv);
	return ret;
}

/**
 * vbs_place_move - to where somebody may enter it
 * @srv: the place
 * @mask: where that is
 * @spare: filled; what is left over is the caller's
 *
 * Return: 0, or -EBUSY: it has members, or there is no room.
 */
int vbs_place_move(struct vbs_srv *srv, const struct cpumask *mask,
		   struct vbs_spare *spare)
{
	struct rq_flags rf;
	struct rq *rq;
	int ret;

	rq = vbs_lock_home(srv, &rf);
	if (cpumask_test_cpu(srv->cpu, mask))
		ret = 0;
	else if (vbs_goes_offline(srv))
		ret = -EBUSY;
	else
		ret = vbs_move_empty(rq, srv, mask, spare);
	rq_unlock_irqrestore(rq, &rf);
	return ret;
}
#else
int vbs_place_move(struct vbs_srv *srv, const struct cpumask *mask,
		   struct vbs_spare *spare)
{
	return -EBUSY;
}
#endif
