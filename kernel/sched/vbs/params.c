// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: sched_setattr() and sched_getattr().
 *
 * Order of tests: ESRCH (target); EINVAL for what flags and numbers show
 * alone; ESRCH (leader); EPERM; EINVAL for what depends on target or leader;
 * ERANGE; EBUSY: nobody without rights learns about bookings.  Whatever fails
 * changes nothing.
 */

/**
 * vbs_reject - say why
 * @p: the task that was to be changed
 * @reason: the cause
 * @asked: the number that was asked for
 * @spare: what there is
 * @cpu: where, or -1
 */
void vbs_reject(struct task_struct *p, enum vbs_reject_reason reason, u64 asked,
		u64 spare, int cpu)
{
	u64 until;
	u32 held;

	if (!trace_sched_vbs_reject_enabled())
		return;
	held = vbs_held_on(cpu, &until);
	trace_sched_vbs_reject(p->pid, reason, asked, spare, cpu, held, until);
}

static bool vbs_joins(const struct sched_attr *attr)
{
	return attr->sched_flags & SCHED_FLAG_VBS_JOIN;
}

/* ---- EINVAL for what flags and numbers show alone ---------------------- */

static bool vbs_check_join(const struct sched_attr *attr)
{
	return !(attr->sched_flags & (SCHED_FLAG_VBS_ALIGN |
				      SCHED_FLAG_KEEP_PARAMS)) &&
		!attr->sched_runtime && !attr->sched_period &&
		!attr->sched_deadline && !attr->sched_vbs_cap &&
		attr->sched_vbs_leader > 0;
}

static bool vbs_check_runtime(const struct sched_attr *attr)
{
	u64 least = vbs_runtime_min();
	u64 most = (u64)READ_ONCE(sysctl_vbs_runtime_max) * NSEC_PER_USEC;

	return attr->sched_runtime >= least && attr->sched_runtime <= most &&
		attr->sched_runtime <= attr->sched_period;
}

static bool vbs_check_period(const struct sched_attr *attr)
{
	u64 least = (u64)READ_ONCE(sysctl_vbs_period_min) * NSEC_PER_USEC;
	u64 most = (u64)READ_ONCE(sysctl_vbs_period_max) * NSEC_PER_USEC;

	return attr->sched_period >= least && attr->sched_period <= most &&
		(!attr->sched_deadline ||
		 attr->sched_deadline == attr->sched_period);
}

/* Parameters of another class are not kept in place of a member's. */
static bool vbs_keeps_nothing(const struct task_struct *p, const struct sched_attr *attr)
{
	return (attr->sched_flags & SCHED_FLAG_KEEP_PARAMS) && task_has_vbs_policy(p);
}

static bool vbs_check_numbers(struct task_struct *p, bool active,
			      const struct sched_attr *attr)
{
	u64 flags = attr->sched_flags;

	if (!active)
		return !(flags & (SCHED_FLAG_VBS_JOIN | SCHED_FLAG_VBS_ALIGN)) &&
			!attr->sched_vbs_cap && !vbs_keeps_nothing(p, attr);
	if (flags & (SCHED_FLAG_RECLAIM | SCHED_FLAG_SUGOV))
		return false;
	if (attr->sched_vbs_cap > VBS_BW_UNIT)
		return false;
	if (vbs_joins(attr))
		return vbs_check_join(attr);
	if (flags & SCHED_FLAG_KEEP_PARAMS)	/* there have to be some */
		return task_has_vbs_policy(p);
	if (vbs_check_runtime(attr) && vbs_check_period(attr))
		return true;
	vbs_reject(p, VBS_REJECT_LIMITS,
		   vbs_check_period(attr) ? attr->sched_runtime : attr->sched_period,
		   0, -1);
	return false;
}

/* ---- an attempt, ESRCH ------------------------------------------------- */

/*
 * Between the test whether a cpuset takes a member in, and the change of its mask,
 * nobody becomes one.
 */
static void vbs_change_lock(struct vbs_change *chg)
{
	cgroup_threadgroup_change_begin(current);
	chg->locked = true;
}

static void vbs_change_drop(struct vbs_change *chg)
{
	if (chg->locked)
		cgroup_threadgroup_change_end(current);
	if (chg->srv)
		vbs_srv_free(chg->srv);
	if (chg->left)
		vbs_retire_srv(chg->left);
	if (chg->leader)
		put_task_struct(chg->leader);
	memset(chg, 0, sizeof(*chg));
}

/* The target, its server or the limits have changed since they were looked at. */
static int vbs_change_anew(struct vbs_change *chg)
{
	chg->again = true;
	return -EAGAIN;
}

/**
 * vbs_change_retry - an attempt at a change has ended
 * @chg: prepared, in whatever state
 *
 * Return: whether it takes another, from the start.
 */
bool vbs_change_retry(struct vbs_change *chg)
{
	bool again = chg->again;

	if (chg->entered)
		vbs_watch_start();
	vbs_change_drop(chg);
	return again;
}

/**
 * vbs_change_prepare - look at the numbers, find the leader
 * @chg: zero, or of a look at a policy that has changed since; to be passed along, and
 *	to vbs_change_retry() in the end
 * @p: the target
 * @policy: the policy asked for
 * @attr: the rest of it
 * @user: the caller's rights matter
 *
 * Return: 0, -EINVAL or -ESRCH.
 */
int vbs_change_prepare(struct vbs_change *chg, struct task_struct *p, int policy,
		       const struct sched_attr *attr, bool user)
{
	vbs_change_drop(chg);
	chg->active = vbs_policy(policy);
	chg->priv = !user;
	if (!vbs_check_numbers(p, chg->active, attr))
		return -EINVAL;
	if (!chg->active || !vbs_joins(attr))
		return 0;
	chg->leader = find_get_task_by_vpid(attr->sched_vbs_leader);
	return chg->leader ? 0 : -ESRCH;
}

/* ---- ERANGE ------------------------------------------------------------ */

static int vbs_check_range(struct task_struct *p, const struct vbs_params *par)
{
	enum vbs_reject_reason why = vbs_params_in_cap(par);

	if (par->cap > VBS_BW_UNIT)
		why = VBS_REJECT_ALIGN_SLACK;
	if (why == VBS_REJECT_NONE)
		return 0;
	vbs_reject(p, why, vbs_bandwidth(par), par->cap, -1);
	return -ERANGE;
}

static void vbs_get_params(struct vbs_params *par, const struct sched_attr *attr)
{
	par->runtime = attr->sched_runtime;
	par->period = attr->sched_period;
	par->align = attr->sched_flags & SCHED_FLAG_VBS_ALIGN;
	par->cap = attr->sched_vbs_cap;
}

/* On entry 0 means what the resource needs. */
static void vbs_least_cap(struct vbs_params *par)
{
	if (!par->cap)
		par->cap = min_t(u64, vbs_bandwidth(par), U32_MAX);
}

/* The limits may have changed since vbs_check_numbers(), which says so again. */
static bool vbs_in_limits(const struct sched_attr *attr)
{
	return vbs_check_runtime(attr) && vbs_check_period(attr);
}

/**
 * vbs_params_in_limits - for parameters that were checked some time ago
 * @par: the parameters
 *
 * Context: interrupts off, RCU or vbs_limits_mutex, until the server with them is in
 * the list of all or has them: see vbs_limit_set().
 */
bool vbs_params_in_limits(const struct vbs_params *par)
{
	const struct sched_attr attr = {
		.sched_runtime	= par->runtime,
		.sched_period	= par->period,
	};

	return vbs_in_limits(&attr);
}

/**
 * vbs_params_of - parameters of a server that is to be entered
 * @par: out
 * @attr: runtime, period, cap and SCHED_FLAG_VBS_ALIGN of it
 * @p: for whom, in the trace
 *
 * Return: 0, -EINVAL beyond the limits, or -ERANGE.
 */
int vbs_params_of(struct vbs_params *par, const struct sched_attr *attr,
		  struct task_struct *p)
{
	if (attr->sched_vbs_cap > VBS_BW_UNIT || !vbs_in_limits(attr)) {
		vbs_reject(p, VBS_REJECT_LIMITS,
			   vbs_check_period(attr) ? attr->sched_runtime :
						    attr->sched_period, 0, -1);
		return -EINVAL;
	}
	vbs_get_params(par, attr);
	vbs_least_cap(par);
	return vbs_check_range(p, par);
}

/* ---- changing a member where it is ------------------------------------- */

static int vbs_try_switch(struct vbs_change *chg, struct rq *rq,
			  struct task_struct *p, const struct sched_attr *attr)
{
	struct vbs_srv *srv = p->vbs.own;
	struct vbs_params par;

	if (!vbs_permitted(chg, srv) || !vbs_in_limits(attr))
		return vbs_change_anew(chg);
	vbs_get_params(&par, attr);
	if (!par.cap)
		par.cap = srv->core.cap_next;
	if (par.cap > srv->core.cap_next && !chg->priv)
		return -EPERM;
	if (vbs_check_range(p, &par))
		return -ERANGE;
	return vbs_switch_to(rq, srv, p, &par, vbs_timeline_for(srv, &par));
}

/* Without that flag the clamps stay, and they are what the policy wants. */
static bool vbs_changes_clamps(const struct sched_attr *attr)
{
	return attr->sched_flags & SCHED_FLAG_UTIL_CLAMP;
}

static bool vbs_wants_overrun(const struct sched_attr *attr)
{
	return attr->sched_flags & SCHED_FLAG_DL_OVERRUN;
}

/*
 * What a call says of the task, not of its server; under the lock of the task's
 * runqueue, where it says something new.  uclamp_update_active() has to follow,
 * without the lock.
 */
static void vbs_change_flags(struct task_struct *p, const struct sched_attr *attr,
			     int reset_on_fork)
{
	struct rq_flags rf;
	struct rq *rq;

	lockdep_assert_held(&p->pi_lock);
	if (p->sched_reset_on_fork == reset_on_fork && !vbs_changes_clamps(attr) &&
	    p->vbs.overrun_signal == vbs_wants_overrun(attr))
		return;
	rq = __task_rq_lock(p, &rf);
	p->sched_reset_on_fork = reset_on_fork;
	p->vbs.overrun_signal = vbs_wants_overrun(attr);
	__setscheduler_uclamp(p, attr);
	__task_rq_unlock(rq, &rf);
}

/* Other parameters, or with SCHED_FLAG_KEEP_PARAMS only flags */
static int vbs_change_params(struct vbs_change *chg, struct task_struct *p,
			     const struct sched_attr *attr)
{
	struct vbs_srv *srv = p->vbs.own;
	struct rq_flags rf;
	struct rq *rq;
	int ret = 0;

	rq = vbs_lock_home(srv, &rf);
	if (!(attr->sched_flags & SCHED_FLAG_KEEP_PARAMS))
		ret = vbs_try_switch(chg, rq, p, attr);
	else if (!vbs_permitted(chg, srv))
		ret = vbs_change_anew(chg);
	rq_unlock_irqrestore(rq, &rf);
	return ret;
}

/* It is asked to join the server that it is in. */
static bool vbs_joins_own(const struct vbs_change *chg, const struct vbs_srv *srv)
{
	return chg->leader && READ_ONCE(chg->leader->vbs.own) == srv &&
		vbs_permitted(chg, srv);
}

/*
 * What a member can be given where it is: no dequeue and enqueue, no cpuset lock;
 * constant time.
 */
static int vbs_change_member(struct vbs_change *chg, struct task_struct *p,
			     const struct sched_attr *attr, int reset_on_fork)
{
	struct vbs_srv *srv;
	unsigned long flags;
	int ret = 0;

	raw_spin_lock_irqsave(&p->pi_lock, flags);
	srv = p->vbs.own;
	if (srv && !chg->leader) {
		chg->done = true;
		ret = vbs_change_params(chg, p, attr);
	} else if (srv) {
		chg->done = vbs_joins_own(chg, srv);
	} else if (task_has_vbs_policy(p)) {
		ret = -ESRCH;	/* dead */
	}
	if (!ret && chg->done)
		vbs_change_flags(p, attr, reset_on_fork);
	raw_spin_unlock_irqrestore(&p->pi_lock, flags);
	if (!ret && chg->done && vbs_changes_clamps(attr))
		uclamp_update_active(p);
	return ret;
}

/**
 * vbs_change_begin - a change that is done here, or allocate for one that is not
 * @chg: permitted
 * @p: the target
 * @attr: what is asked
 * @reset_on_fork: SCHED_FLAG_RESET_ON_FORK
 *
 * Context: may sleep.
 * Return: 0, or the error; see vbs_change_is_done().
 */
int vbs_change_begin(struct vbs_change *chg, struct task_struct *p,
		     const struct sched_attr *attr, int reset_on_fork)
{
	int ret;

	if (!chg->active)
		return 0;
	if (task_has_vbs_policy(p)) {
		/* An owner lowers only, and may interrupt no CPU for it */
		if (chg->priv && attr->sched_vbs_cap)
			vbs_host_refresh();
		ret = vbs_change_member(chg, p, attr, reset_on_fork);
		if (ret || chg->done)
			return ret;
	}
	ret = vbs_enable();
	if (ret)
		return ret;
	if (!chg->leader) {
		vbs_host_refresh();
		chg->srv = vbs_srv_alloc();
		if (!chg->srv)
			return -ENOMEM;
	}
	vbs_change_lock(chg);
	return 0;
}

/* ---- entering and joining ---------------------------------------------- */

/* z of the last server, from CLOCK_MONOTONIC to the clock of the new CPU */
static void vbs_take_carried(struct vbs_srv *srv, struct task_struct *p)
{
	u64 mono;

	if (!p->vbs.carry_z)
		return;
	mono = ktime_get_mono_fast_ns();
	if (p->vbs.carry_z <= mono)
		return;
	srv->core.z = vbs_clock_of(srv->cpu) + (p->vbs.carry_z - mono);
	srv->core.borrows = p->vbs.carry_borrows;
}

static int vbs_check_enter(struct vbs_change *chg, struct task_struct *p,
			   const struct sched_attr *attr)
{
	struct vbs_srv *srv = chg->srv;
	struct vbs_params par;
	u32 spare = 0;

	if (!srv || !chg->priv || !vbs_in_limits(attr))
		return vbs_change_anew(chg);
	vbs_get_params(&par, attr);
	vbs_least_cap(&par);
	if (vbs_check_range(p, &par))
		return -ERANGE;
	vbs_server_init(&srv->core, &par, 0);
	srv->timeline = vbs_timeline_for(srv, &par);
	if (vbs_books_enter(srv, &p->vbs.bookings, &p->cpus_mask, &spare)) {
		vbs_reject(p, VBS_REJECT_NO_ROOM, par.cap, spare, srv->cpu);
		return -EBUSY;
	}
	vbs_take_carried(srv, p);
	srv->owner = __task_cred(p)->euid;
	srv->nr_members = 1;
	return 0;
}

static int vbs_check_leader(struct vbs_change *chg, struct task_struct *p)
{
	struct vbs_srv *srv = READ_ONCE(chg->leader->vbs.own);
	int ret;

	if (!vbs_permitted(chg, srv))
		return srv ? vbs_change_anew(chg) : -EINVAL;
	if (srv && srv == p->vbs.own)
		return vbs_change_anew(chg);
	if (srv && vbs_is_about_to_move(srv))
		return -EBUSY;
	ret = srv ? vbs_reserve(srv, &p->cpus_mask) : -EINVAL;
	if (ret == -EAGAIN)	/* in a moment it is elsewhere */
		return vbs_change_anew(chg);
	if (ret == -EINVAL)
		vbs_reject(p, VBS_REJECT_LEADER, 0, 0, srv ? srv->cpu : -1);
	if (!ret)
		chg->joined = srv;
	return ret;
}

/**
 * vbs_change_check - the last tests; nothing may fail after them
 * @chg: begun
 * @rq: the target's runqueue, locked
 * @p: the target, its pi_lock held
 * @attr: what is asked
 *
 * Return: 0 with everything booked, or the error; see vbs_change_retry().
 */
int vbs_change_check(struct vbs_change *chg, struct rq *rq, struct task_struct *p,
		     const struct sched_attr *attr)
{
	int ret;

	if (!chg->active)
		return vbs_keeps_nothing(p, attr) ? -EINVAL : 0;
	if (p->exit_state)
		return -ESRCH;
	if (!READ_ONCE(sysctl_vbs_enable))
		return -EOPNOTSUPP;
	if (!vbs_may_stop(p)) {
		vbs_reject(p, VBS_REJECT_KTHREAD, 0, 0, -1);
		return -EINVAL;
	}
	if (!chg->leader && (p->vbs.own ||
			     (attr->sched_flags & SCHED_FLAG_KEEP_PARAMS)))
		return vbs_change_anew(chg);
	rcu_read_lock();
	ret = chg->leader ? vbs_check_leader(chg, p) : vbs_check_enter(chg, p, attr);
	rcu_read_unlock();
	return ret;
}

/**
 * vbs_change_commit - the target becomes a member, or is one no longer
 * @chg: checked
 * @rq: the target's runqueue, locked
 * @p: the target, dequeued, its policy set
 * @attr: what was asked
 */
void vbs_change_commit(struct vbs_change *chg, struct rq *rq,
		       struct task_struct *p, const struct sched_attr *attr)
{
	struct vbs_srv *srv = chg->joined ?: chg->srv;

	if (p->vbs.lent && (chg->active || !vbs_prio(p->prio)))
		vbs_give_back(rq, p, p->vbs.server);
	if (chg->active || !task_has_vbs_policy(p))
		chg->left = vbs_leave(rq, p);
	if (!chg->active)
		return;
	p->vbs.overrun_signal = vbs_wants_overrun(attr);
	p->vbs.pending = 0;
	vbs_join(srv, p);
	if (!chg->joined) {
		vbs_books_publish(srv);
		trace_sched_vbs_admit(srv->id, srv->cpu, srv->core.cap,
				      srv->core.runtime, srv->core.period, p);
		chg->srv = NULL;
		chg->entered = true;
	}
	if (task_current(rq, p))
		resched_curr(rq);
}

/* ---- sched_getattr() --------------------------------------------------- */

static pid_t vbs_leader_nr(struct vbs_srv *srv)
{
	struct task_struct *leader = rcu_dereference(srv->leader);

	return leader ? task_pid_vnr(leader) : 0;
}

/**
 * vbs_getparam - the task's parameters, not its server's
 * @p: a SCHED_VBS task
 * @attr: to be filled
 */
void vbs_getparam(struct task_struct *p, struct sched_attr *attr)
{
	if (p->vbs.overrun_signal)
		attr->sched_flags |= SCHED_FLAG_DL_OVERRUN;
	attr->sched_nice = task_nice(p);
	attr->sched_priority = 0;
	attr->sched_vbs_cap = 0;
}

/**
 * vbs_getattr - the server's, for who may see them, as in /proc/vbs
 * @p: a task
 * @attr: to be filled
 */
void vbs_getattr(struct task_struct *p, struct sched_attr *attr)
{
	struct vbs_srv *srv;

	if (!task_has_vbs_policy(p) ||
	    !(ptrace_may_access(p, PTRACE_MODE_READ_REALCREDS |
				PTRACE_MODE_NOAUDIT) || vbs_sees_all()))
		return;
	rcu_read_lock();
	srv = READ_ONCE(p->vbs.own);
	if (srv) {
		attr->sched_runtime = READ_ONCE(srv->core.runtime);
		attr->sched_period = READ_ONCE(srv->core.period);
		attr->sched_deadline = attr->sched_period;
		attr->sched_vbs_cap = READ_ONCE(srv->core.cap_next);
		attr->sched_vbs_leader = vbs_leader_nr(srv);
		if (READ_ONCE(srv->core.align))
			attr->sched_flags |= SCHED_FLAG_VBS_ALIGN;
	}
	rcu_read_unlock();
}
