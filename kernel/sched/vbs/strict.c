// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: prctl(PR_VBS_MOVE), a move that takes nothing from the server.
 *
 * A move ends the instance, and the next one is released at max(t, z) on the new
 * CPU. Let e be what the instance has executed.
 *	without budget	nothing of the instance is left, and z <= y <= d for e <= lambda: the
 *			next release is no later than it would have been, but for debt
 *	blocked, t >= y	its next activation begins a new instance anyway
 *	waiting for s	s = max(s, z) there, as here
 * In all other cases up to lambda - e of this instance is lost, and lambda follows
 * by max(t, z) + pi.  A strict move is only one of the three, and where it has to be
 * through by d, only if d is further away than the worst of the last moves took.
 * This is decided under the lock under which the move is done, so what was found
 * is what is moved.
 */

/* What a move took, ns: the worst, which those after it wear off by 1/64 each */
static u64 vbs_move_worst;

/* Moves run beside one another: of two that end at once one may count for nothing */
static void vbs_move_took(u64 ns)
{
	u64 worst = READ_ONCE(vbs_move_worst);

	WRITE_ONCE(vbs_move_worst, max(ns, worst - DIV_ROUND_UP_ULL(worst, 64)));
}

/*
 * One bad move must not forbid all later ones: a refusal counts as one that took
 * nothing.  But only once a second, whoever is refused: to ask again and again must not
 * wear off what all rely on.
 */
static void vbs_move_refused(void)
{
	static unsigned long last;
	unsigned long now = ktime_get_seconds(), before = READ_ONCE(last);

	if (now != before && cmpxchg(&last, before, now) == before)
		vbs_move_took(0);
}

/*
 * z <= d but for what the instance ran beyond its budget, which either way is paid: as
 * debt of a release at d, or at the cap by a release at z.
 */
static int vbs_throttled_lost(const struct vbs_server *s, u64 now, u64 *again)
{
	*again = s->deadline > now ? s->deadline - now : 0;
	return *again && *again >= READ_ONCE(vbs_move_worst) ? 0 : -ETIME;
}

/*
 * Would a move take nothing?  Else @again is after how many ns it may, at the
 * earliest: the rest of the budget, or until y.
 */
static int vbs_nothing_lost(struct rq *rq, const struct vbs_server *s, u64 *again)
{
	u64 now = vbs_clock(rq), y = vbs_zero_lag(s);

	*again = 0;
	if (s->ended)
		return 0;
	switch (s->state) {
	case VBS_IDLE:
		if (now >= y)
			return 0;
		*again = y - now;
		return -EAGAIN;
	case VBS_THROTTLED:
		return vbs_throttled_lost(s, now, again);
	default:
		*again = vbs_budget_left(s);
		return -EAGAIN;
	}
}

static int vbs_move_there(struct rq *rq, struct task_struct *p, struct vbs_srv *srv, int cpu,
			  struct vbs_spare *spare)
{
	u32 most = 0;
	int ret, to;

	ret = vbs_books_move(srv, cpumask_of(cpu), &most, &to);
	if (ret)
		vbs_reject(p, VBS_REJECT_NO_ROOM, srv->core.cap_next, most, cpu);
	else
		vbs_move(rq, srv, to, spare);
	return ret;
}

/* Its only member may run there, and nobody joins who may not */
static int vbs_move_locked(struct rq *rq, struct task_struct *p, struct vbs_srv *srv, int cpu,
			   unsigned long flags, struct vbs_spare *spare, u64 *again)
{
	int ret;

	if (srv->cpu == cpu)
		return 0;
	if (!vbs_spare_permits(spare, srv))
		return -EPERM;
	if (vbs_is_about_to_move(srv))
		return -EBUSY;
	if (!cpu_active(cpu) || !cpumask_test_cpu(cpu, p->cpus_ptr) || is_migration_disabled(p))
		return -EINVAL;
	update_rq_clock(rq);
	vbs_update_server(rq, srv);
	ret = flags & VBS_MOVE_RELAX ? 0 : vbs_nothing_lost(rq, &srv->core, again);
	if (ret)
		return ret;
	if (!vbs_begin_moving(srv)) {
		vbs_reject(p, VBS_REJECT_AFFINITY, 0, 0, srv->cpu);
		return -EINVAL;
	}
	ret = vbs_move_there(rq, p, srv, cpu, spare);
	vbs_end_moving(srv);
	return ret;
}

static int vbs_move_once(struct task_struct *p, int cpu, unsigned long flags,
			 struct vbs_spare *spare, u64 *again)
{
	unsigned long irqs;
	struct vbs_srv *srv;
	struct rq_flags rf;
	int ret = -EINVAL, from;
	struct rq *rq;
	u64 begin;

	raw_spin_lock_irqsave(&p->pi_lock, irqs);
	srv = p->vbs.own;
	if (srv) {
		begin = local_clock();
		rq = vbs_lock_home(srv, &rf);
		from = srv->cpu;
		ret = vbs_move_locked(rq, p, srv, cpu, flags, spare, again);
		rq_unlock_irqrestore(rq, &rf);
		if (!ret && from != cpu)
			vbs_move_took(local_clock() - begin);
	}
	raw_spin_unlock_irqrestore(&p->pi_lock, irqs);
	return ret;
}

/* As for sched_setaffinity(), and the server's owner or CAP_SYS_NICE */
static int vbs_move_permit(struct vbs_spare *spare, struct task_struct *p)
{
	const struct cred *cred = current_cred(), *of;
	bool same;

	rcu_read_lock();
	of = __task_cred(p);
	same = uid_eq(cred->euid, of->euid) || uid_eq(cred->euid, of->uid);
	rcu_read_unlock();
	if ((same || capable(CAP_SYS_NICE)) && vbs_spare_permit(spare, p))
		return security_task_setscheduler(p);
	vbs_reject(p, VBS_REJECT_PRIVILEGE, 0, 0, -1);
	return -EPERM;
}

/* Not more often than that: a look costs others the runqueue lock */
#define VBS_MOVE_STEP	(20 * NSEC_PER_USEC)

/* Until a move takes nothing, or @until */
static int vbs_move_within(struct task_struct *p, int cpu, unsigned long flags,
			   struct vbs_spare *spare, ktime_t until)
{
	ktime_t next;
	u64 again;
	int ret;

	for (;;) {
		ret = vbs_move_permit(spare, p);
		if (!ret)
			ret = vbs_move_once(p, cpu, flags, spare, &again);
		if (ret != -EAGAIN && ret != -ETIME)
			return ret;
		if (ret == -ETIME)
			vbs_move_refused();
		next = ktime_add_ns(ktime_get(), max_t(u64, again, VBS_MOVE_STEP));
		if (ktime_compare(next, until) > 0)
			return ret;
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_hrtimeout(&next, HRTIMER_MODE_ABS);
		if (signal_pending(current))
			return -EINTR;
		if (READ_ONCE(p->exit_state))
			return -ESRCH;
	}
}

static int vbs_move_task(struct task_struct *p, int cpu, unsigned long flags, u64 within)
{
	ktime_t until = ktime_add_ns(ktime_get(), within);
	struct vbs_spare none = { }, *spare;
	int ret;

	/* Before the first server there is none to be moved, and nothing to allocate from */
	if (!static_branch_unlikely(&sched_vbs_used))
		return vbs_move_permit(&none, p) ?: -EINVAL;
	spare = vbs_spare_alloc(p);
	if (!spare)
		return -ENOMEM;
	ret = vbs_move_within(p, cpu, flags, spare, until);
	vbs_spare_free(spare);
	return ret;
}

/**
 * vbs_prctl_move - prctl(PR_VBS_MOVE)
 * @tid: the only member of a server, 0 for the caller
 * @cpu: where it is to go; its mask has it
 * @flags: VBS_MOVE_STRICT or VBS_MOVE_RELAX
 * @within: of a strict move: how long to wait for an instant at which it takes
 *	nothing, ns, at most VBS_MOVE_WITHIN_MAX
 *
 * Context: may sleep.
 * Return: 0; -EAGAIN: it would lose budget; -ETIME: too little time is left until
 * its release; -EBUSY: no room, or it is about to be moved otherwise; -EINVAL,
 * -EPERM, -ESRCH, -EINTR, -ENOMEM.
 */
int vbs_prctl_move(unsigned long tid, unsigned long cpu, unsigned long flags,
		   unsigned long within)
{
	struct task_struct *p;
	int ret;

	if (cpu >= nr_cpu_ids || flags > VBS_MOVE_RELAX || within > VBS_MOVE_WITHIN_MAX ||
	    (flags == VBS_MOVE_RELAX && within) || tid > PID_MAX_LIMIT)
		return -EINVAL;
	if (tid)
		p = find_get_task_by_vpid(tid);
	else
		p = get_task_struct(current);
	if (!p)
		return -ESRCH;
	ret = vbs_move_task(p, cpu, flags, within);
	put_task_struct(p);
	return ret;
}
