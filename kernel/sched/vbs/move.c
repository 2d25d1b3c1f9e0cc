// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: servers on several CPUs.
 *
 * Servers are partitioned: one CPU each.  A move is a switch to the same
 * (lambda, pi): the next release is at max(t, z) on the new CPU, and the old
 * one stays booked until z.
 */

/* ---- moving one -------------------------------------------------------- */

/*
 * Its @n queued members stay behind as strays, and follow.  Not when srv->cpu has
 * changed: then the lists belong to whoever holds the lock of the other runqueue.
 */
static void vbs_leave_behind(struct rq *rq, struct vbs_srv *srv, unsigned int n)
{
	struct task_struct *p = rq->vbs.curr;

	list_splice_tail_init(&srv->kernel, &rq->vbs.strays);
	list_splice_tail_init(&srv->user, &rq->vbs.strays);
	list_splice_tail_init(&srv->lent, &rq->vbs.strays);
	vbs_strays_left(rq, n);
	if (!p || p->vbs.server != srv)
		return;
	if (p->vbs.queued)
		vbs_stray_count(rq, p);
	resched_curr(rq);
}

/*
 * No member counts any more, nor one that it is lent to: the core forgets them, in
 * constant time.  Those in its lists find out by vbs_left_behind().
 *
 * Return: how many are in the lists.
 */
static unsigned int vbs_uncount_all(struct rq *rq, struct vbs_srv *srv)
{
	unsigned int n = vbs_members_forget(&srv->core);
	struct task_struct *p = rq->vbs.curr;

	if (p && p->vbs.server == srv && p->vbs.counted) {
		p->vbs.counted = false;
		n--;
	}
	srv->left_seq = srv->seq;
	vbs_settle(rq->vbs.core, &srv->core, vbs_clock(rq));
	return n;
}

/* Its own stay with the booking. */
static void vbs_take_spare_nodes(struct vbs_srv *srv, struct vbs_spare *spare)
{
	int i;

	for (i = 0; i < VBS_NODES_PER_ENT; i++)
		swap(srv->spare.node[i], spare->node[i]);
}

/* An instant in the clock of another CPU; one that has passed does not matter. */
static u64 vbs_convert(u64 z, int from, int to)
{
	u64 now = vbs_clock_of(from);

	return z > now ? vbs_clock_of(to) + (z - now) : 0;
}

static unsigned int vbs_detach(struct rq *rq, struct vbs_srv *srv,
			       struct vbs_spare *spare)
{
	struct vbs_booked *booked = spare ? spare->booked : NULL;
	unsigned int n;

	vbs_update_server(rq, srv);
	vbs_attach(rq, srv);
	n = vbs_uncount_all(rq, srv);
	list_del_init(&srv->look);
	if (vbs_vacate(rq, srv, booked, &srv->bookings)) {
		spare->booked = NULL;
		vbs_take_spare_nodes(srv, spare);
	}
	return n;
}

/**
 * vbs_move - a server leaves its CPU for another
 * @rq: the CPU's, locked, clock updated
 * @srv: the server; @to is booked
 * @to: where it goes
 * @spare: what the booking that stays behind is made of, or NULL if the CPU
 *	goes; what is left over is the caller's
 */
static void vbs_move(struct rq *rq, struct vbs_srv *srv, int to,
		     struct vbs_spare *spare)
{
	int from = srv->cpu;
	u64 z;

	vbs_leave_behind(rq, srv, vbs_detach(rq, srv, spare));
	srv->consumed_before = srv->core.stats.consumed;
	z = vbs_convert(vbs_termination(&srv->core), from, to);
	raw_spin_lock(&srv->lock);
	srv->core.z = z;
	srv->core.z_rem = 0;
	/* The server is the other runqueue's from here on: pairs with vbs_is_home(). */
	smp_store_release(&srv->cpu, to);
	raw_spin_unlock(&srv->lock);
	vbs_books_arrive(srv, from);
	trace_sched_vbs_migrate(srv->id, from, to, z);
}

/* ---- sched_setaffinity(), cpusets -------------------------------------- */

/**
 * vbs_spare_alloc - before an affinity change
 * @p: the task
 *
 * Context: may sleep.
 * Return: what a move takes, or NULL.
 */
struct vbs_spare *vbs_spare_alloc(struct task_struct *p)
{
	struct vbs_spare *spare;

	spare = kzalloc(sizeof(*spare), GFP_KERNEL);
	if (!spare)
		return NULL;
	vbs_spare_permit(spare, p);
	if (!vbs_spare_fill(spare))
		return spare;
	kfree(spare);
	return NULL;
}

/**
 * vbs_spare_free - after it
 * @spare: or NULL
 */
void vbs_spare_free(struct vbs_spare *spare)
{
	if (!spare)
		return;
	vbs_spare_drop(spare);
	kfree(spare);
}

/* A lone member takes the server along: who joins now might not be allowed there. */
static bool vbs_begin_moving(struct vbs_srv *srv)
{
	bool lone;

	raw_spin_lock(&srv->lock);
	lone = srv->nr_members == 1;
	srv->moving = lone;
	raw_spin_unlock(&srv->lock);
	return lone;
}

static void vbs_end_moving(struct vbs_srv *srv)
{
	raw_spin_lock(&srv->lock);
	srv->moving = false;
	raw_spin_unlock(&srv->lock);
}

/* The mask that will be in force: a cpuset's change is cut to the user's. */
static const struct cpumask *vbs_new_mask(struct rq *rq, struct task_struct *p,
					  const struct affinity_context *ctx)
{
	if (p->user_cpus_ptr && !(ctx->flags & SCA_USER) &&
	    cpumask_and(rq->scratch_mask, ctx->new_mask, p->user_cpus_ptr))
		return rq->scratch_mask;
	return ctx->new_mask;
}

/* The task may have gone to another server since its caller's rights were looked at. */
static bool vbs_spare_permits(const struct vbs_spare *spare, const struct vbs_srv *srv)
{
	return spare->priv || vbs_still_owned(spare->owned, srv);
}

static int vbs_move_alone(struct rq *rq, struct task_struct *p, struct vbs_srv *srv,
			  const struct cpumask *mask, struct affinity_context *ctx)
{
	u32 spare = 0;
	int ret, to;

	if ((ctx->flags & SCA_USER) && !vbs_spare_permits(ctx->vbs_spare, srv)) {
		vbs_reject(p, VBS_REJECT_PRIVILEGE, 0, 0, srv->cpu);
		return -EPERM;
	}
	update_rq_clock(rq);
	ret = vbs_books_move(srv, mask, &spare, &to);
	if (ret) {
		vbs_reject(p, VBS_REJECT_NO_ROOM, srv->core.cap_next, spare, to);
		return ret;
	}
	vbs_move(rq, srv, to, ctx->vbs_spare);
	return 0;
}

static int vbs_move_into(struct rq *rq, struct task_struct *p, struct vbs_srv *srv,
			 const struct cpumask *mask, struct affinity_context *ctx)
{
	int ret;

	if (!cpumask_intersects(mask, cpu_active_mask) ||
	    ((ctx->flags & SCA_CHECK) && (p->flags & PF_NO_SETAFFINITY)))
		return -EINVAL;
	if (!vbs_begin_moving(srv)) {
		vbs_reject(p, VBS_REJECT_AFFINITY, 0, 0, srv->cpu);
		return -EINVAL;
	}
	ret = vbs_move_alone(rq, p, srv, mask, ctx);
	vbs_end_moving(srv);
	return ret;
}

/*
 * A place is being found for it, by the masks that its members have; or the cpuset has
 * changed since the mask was cut to it, and the server may not find its way back.
 */
static bool vbs_stays_as_it_is(struct task_struct *p, struct vbs_srv *srv,
			       const struct affinity_context *ctx)
{
	if (vbs_goes_offline(srv))
		return true;
	return (ctx->flags & SCA_USER) &&
		(READ_ONCE(srv->plan) || !sched_vbs_in_cpuset(p, ctx->new_mask));
}

/*
 * The change of a cpuset cannot fail any more.  What the user had asked for is
 * left out where it would make that fail.
 */
static int vbs_follow(struct rq *rq, struct task_struct *p, struct vbs_srv *srv,
		      struct affinity_context *ctx)
{
	const struct cpumask *mask = vbs_new_mask(rq, p, ctx);
	int ret;

	ctx->vbs_whole = false;
	if (vbs_stays_as_it_is(p, srv, ctx))
		return -EBUSY;
	if (cpumask_test_cpu(srv->cpu, mask))
		return 0;
	if (!ctx->vbs_spare)	/* nor has anybody asked yet whether it may */
		return -EAGAIN;
	ret = vbs_move_into(rq, p, srv, mask, ctx);
	if (!ret || mask == ctx->new_mask ||
	    !cpumask_test_cpu(srv->cpu, ctx->new_mask))
		return ret;
	ctx->vbs_whole = true;
	return 0;
}

/**
 * vbs_move_first - a task's mask is about to change
 * @p: the task, its pi_lock held until the mask has been set
 * @ctx: the change
 *
 * A lone member takes its server along, if another CPU of the mask has room.
 *
 * Return: 0 if the mask may be set; -EAGAIN if ctx->vbs_spare is missing; or
 * why not.
 */
int vbs_move_first(struct task_struct *p, struct affinity_context *ctx)
{
	struct vbs_srv *srv = p->vbs.own;
	struct rq_flags rf;
	struct rq *rq;
	int ret;

	lockdep_assert_held(&p->pi_lock);
	if (!srv || (ctx->flags & (SCA_MIGRATE_DISABLE | SCA_MIGRATE_ENABLE)))
		return 0;
	rq = vbs_lock_home(srv, &rf);
	ret = vbs_follow(rq, p, srv, ctx);
	rq_unlock_irqrestore(rq, &rf);
	return ret;
}

/**
 * vbs_set_affinity - may the mask be set?
 * @p: the task, its pi_lock held
 * @ctx: the change
 *
 * Return: 0, or -EAGAIN if its server is, or may soon be, outside of the new
 * mask.
 */
int vbs_set_affinity(struct task_struct *p, const struct affinity_context *ctx)
{
	struct vbs_srv *srv = p->vbs.own;

	if (!srv || (ctx->flags & (SCA_MIGRATE_DISABLE | SCA_MIGRATE_ENABLE)))
		return 0;
	if (vbs_stays_as_it_is(p, srv, ctx) ||
	    !cpumask_test_cpu(READ_ONCE(srv->cpu), ctx->new_mask))
		return -EAGAIN;
	return 0;
}

/**
 * vbs_home - where a task belongs
 * @p: the task, its pi_lock held
 * @cpu: if it is not a member
 */
int vbs_home(struct task_struct *p, int cpu)
{
	struct vbs_srv *srv = p->vbs.own;

	return srv ? READ_ONCE(srv->cpu) : cpu;
}

/**
 * __vbs_cpu_allowed - may the scheduler put a SCHED_VBS task there?
 * @p: the task
 * @cpu: the CPU
 *
 * Only where its server is, unless that CPU is gone, or is not in its mask yet:
 * it is a stray then, and taken home.
 *
 * Context: @p's pi_lock or the lock of its runqueue, which keep it in its server.
 */
bool __vbs_cpu_allowed(struct task_struct *p, int cpu)
{
	struct vbs_srv *srv = p->vbs.own;
	int home;

	lockdep_assert(lockdep_is_held(&p->pi_lock) ||
		       lockdep_is_held(__rq_lockp(task_rq(p))));
	if (!srv || p->vbs.lent)
		return true;
	home = READ_ONCE(srv->cpu);
	return cpu == home || !cpu_active(home) ||
		!cpumask_test_cpu(home, p->cpus_ptr);
}
