// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the scheduling class.
 *
 * A server with budget and a runnable member competes by earliest deadline on
 * its CPU; among its members the order is FIFO with a slice.  A member that
 * runs counts as in the kernel, since it may be at any time; whether it is at
 * the boundary to user mode is known when it calls schedule() there.
 *
 * The class decides nothing about servers: it tells the core what its members
 * do, and picks from the server that the core puts first.
 *
 * Context: the runqueue lock is held throughout, the clock is updated.
 */

/* ---- charging ---------------------------------------------------------- */

/*
 * What the running member has executed since the last charge: rq_clock_task, less
 * interrupt time that it will leave out later (@task), and no more than has passed by the
 * VBS clock (@clock).  Time that is lost is nobody's; where the VBS clock waits until it
 * is known whether it is, what is beyond is charged when it goes on.
 */
static u64 vbs_executed(const struct vbs_rq *v, u64 task, u64 clock)
{
	s64 delta = min_t(s64, task - v->charged_task, clock - v->charged);

	return max_t(s64, delta, 0);
}

/* The same, which is to be charged at once */
static u64 vbs_take_executed(struct rq *rq)
{
	struct vbs_rq *v = &rq->vbs;
	u64 clock = vbs_clock(rq), task, delta;

	if (clock == v->charged)
		return 0;
	task = rq_clock_task(rq) - vbs_irq_pending(rq);
	delta = vbs_executed(v, task, clock);
	if (!delta)
		return 0;
	v->charged_task = v->lost == v->charged_lost ? v->charged_task + delta : task;
	v->charged_lost = v->lost;
	v->charged = clock;
	return delta;
}

/*
 * What the running member's server would be charged now; @irq: interrupt time that is
 * not in it
 */
static u64 vbs_uncharged(struct rq *rq, struct vbs_srv *srv, u64 *irq)
{
	*irq = vbs_irq_pending(rq);
	return vbs_executed(&rq->vbs, rq_clock_task(rq) - *irq, vbs_clock(rq)) +
		atomic64_read(&srv->owed);
}

/* What timers of its guests have taken */
static u64 vbs_take_owed(struct vbs_srv *srv)
{
	return unlikely(atomic64_read(&srv->owed)) ? atomic64_xchg(&srv->owed, 0) : 0;
}

/**
 * vbs_update_curr - charge the running member's server
 * @rq: its runqueue, locked, rq->vbs.curr set
 *
 * A member that runs away from its server is charged when it comes home.
 */
void vbs_update_curr(struct rq *rq)
{
	struct task_struct *p = rq->vbs.curr;
	struct vbs_srv *srv = p->vbs.server;
	u64 delta = vbs_take_executed(rq);

	if (unlikely(!delta))
		return;
	/* The task's own accounts say the same. */
	p->se.exec_start = rq_clock_task(rq) - delta;
	update_curr_common(rq);
	p->vbs.slice += delta;
	if (likely(p->vbs.counted))
		vbs_charge(&srv->core, delta + vbs_take_owed(srv));
	else
		p->vbs.pending += delta;
}

/**
 * vbs_update_server - charge a server up to now, if it is running
 * @rq: its runqueue
 * @srv: the server
 */
void vbs_update_server(struct rq *rq, struct vbs_srv *srv)
{
	if (rq->vbs.curr && rq->vbs.curr->vbs.server == srv)
		vbs_update_curr(rq);
}

static void update_curr_vbs(struct rq *rq)
{
	if (rq->vbs.curr && rq->vbs.curr == vbs_rq_curr(rq))
		vbs_update_curr(rq);
}

/*
 * Where the running member is: the mark is its own, and stable in schedule().  The
 * server does not borrow for whom it is lent to.
 */
static __always_inline void vbs_update_mode(struct task_struct *p, bool kernel)
{
	if (!p->vbs.counted || p->vbs.kernel == kernel || p->vbs.lent)
		return;
	p->vbs.kernel = kernel;
	vbs_member_mode(&p->vbs.server->core, kernel);
}

/* A signal by which it is stopped, unless it has a handler */
static bool vbs_stop_signal(struct task_struct *p)
{
	unsigned long set = p->pending.signal.sig[0] |
			    p->signal->shared_pending.signal.sig[0];

	return set & ~p->blocked.sig[0] & SIG_KERNEL_STOP_MASK;
}

/*
 * It is killed, or to be stopped, frozen or traced: others wait for that.  Any signal
 * takes a vCPU out of its guest, where its virtual machine waits for it.
 */
static bool vbs_cannot_wait(struct task_struct *p)
{
	if (!task_sigpending(p))
		return false;
	if (p->vbs.vcpu)
		return true;
	return __fatal_signal_pending(p) || freezing(p) || vbs_stop_signal(p) ||
		(READ_ONCE(p->jobctl) & (JOBCTL_PENDING_MASK | JOBCTL_TRAP_FREEZE));
}

/*
 * Not at the boundary, or there with what __sched_vbs_signal() tells, which leaves
 * a task alone that has the CPU still: it came after the task looked for work and
 * before this lock was taken.
 */
static bool vbs_in_kernel(struct task_struct *p)
{
	return !READ_ONCE(p->vbs.boundary) || vbs_cannot_wait(p);
}

/*
 * Charge the running member, see where it is, and put its server in place.  Whatever is
 * picked then sets the timer.
 */
static void vbs_refresh_curr(struct rq *rq)
{
	struct task_struct *p = rq->vbs.curr;

	rq->vbs.refreshed = cpu_of(rq) == smp_processor_id() ? rq_clock(rq) : 0;
	vbs_update_curr(rq);
	if (p->vbs.counted && p->vbs.queued) {
		vbs_update_mode(p, vbs_in_kernel(p));
		vbs_settle(rq->vbs.core, &p->vbs.server->core, vbs_clock(rq));
	}
}

/*
 * balance, pick and put_prev of one schedule() all want it, and one of them is
 * enough: at one rq_clock nothing is charged, the mark of the boundary stays, and
 * whoever else changes the server meanwhile puts it in place himself; a signal
 * asks for another look (vbs_look_again()).  Where core scheduling picks for a
 * sibling the member runs on and the mark may change.
 */
static bool vbs_is_refreshed(struct rq *rq)
{
	return rq->vbs.refreshed == rq_clock(rq);
}

/* ---- preemption -------------------------------------------------------- */

static bool vbs_before_curr(struct rq *rq, struct vbs_server *s)
{
	struct task_struct *curr = vbs_rq_curr(rq);
	struct vbs_server *cs;

	if (curr->sched_class != &vbs_sched_class)
		return sched_class_above(&vbs_sched_class, curr->sched_class);
	cs = &curr->vbs.server->core;
	if (!curr->vbs.counted || cs->state != VBS_READY)
		return true;
	return vbs_key_before(s->ready.key, cs->ready.key);
}

/**
 * vbs_preempt_curr - reschedule if the first server goes before what runs
 * @rq: locked
 *
 * Return: whether it does.
 */
bool vbs_preempt_curr(struct rq *rq)
{
	struct vbs_server *s = vbs_first_ready(rq->vbs.core);

	if (!s || !vbs_before_curr(rq, s))
		return false;
	vbs_pick_again(rq);
	resched_curr(rq);
	return true;
}

static void wakeup_preempt_vbs(struct rq *rq, struct task_struct *p, int flags)
{
	if (unlikely(p->vbs.stray && is_migration_disabled(p)))
		resched_curr(rq);
	else
		vbs_preempt_curr(rq);
}

/* To the tail, behind those who come until it has stopped. */
static void vbs_end_turn(struct vbs_srv *srv, struct task_struct *p)
{
	p->vbs.slice = 0;
	p->vbs.seq = ++srv->seq;
	p->vbs.turn_over = true;
}

/*
 * The slice is over, with @ahead of what has been charged: to the tail, if anybody
 * waits.
 */
static bool vbs_rotate(struct rq *rq, struct task_struct *p, u64 ahead)
{
	struct vbs_srv *srv = p->vbs.server;

	if (p->vbs.slice + ahead < (u64)sysctl_vbs_slice * NSEC_PER_USEC)
		return false;
	if (!p->vbs.counted || vbs_nr_eligible(&srv->core) < 2)
		return false;
	vbs_update_curr(rq);
	vbs_end_turn(srv, p);
	resched_curr(rq);
	return true;
}

/**
 * vbs_check_curr - must the running member stop?
 * @rq: this CPU's, locked
 *
 * If so schedule() will find out, at the boundary or in the kernel, and charge it.
 * A budget that is over before the interrupt is, for which nobody is charged, would
 * bring the next interrupt at once, and so on for ever: schedule() sets the timer,
 * and what that takes is the member's.
 *
 * Return: the instant of the VBS clock at which to look again, U64_MAX if there is none
 * or schedule() will say.  Of a budget that is over: when the next is expected, to
 * program the hardware once, in the interrupt; if that has passed there is nothing to
 * be interrupted for before schedule(), and the timer would fire again and again.
 */
u64 vbs_check_curr(struct rq *rq)
{
	struct task_struct *p = rq->vbs.curr;
	struct vbs_srv *srv;
	u64 irq, ahead, left, next;

	if (!p)
		return U64_MAX;
	srv = p->vbs.server;
	next = srv->core.deadline;
	ahead = vbs_uncharged(rq, srv, &irq);
	if (!p->vbs.counted || srv->core.early || vbs_budget_left(&srv->core) <= ahead) {
		resched_curr(rq);
		if (!p->vbs.counted || srv->core.early || next <= vbs_clock(rq))
			return U64_MAX;
		return next;
	}
	if (vbs_rotate(rq, p, ahead))
		return U64_MAX;
	left = vbs_run_left(srv, p, ahead);
	if (left >= irq)
		return rq_clock(rq) - rq->vbs.lost + left;
	resched_curr(rq);
	return U64_MAX;
}

static void task_tick_vbs(struct rq *rq, struct task_struct *p, int queued)
{
	update_dl_rq_load_avg(rq_clock_pelt(rq), rq, 1);
	cpufreq_update_util(rq, 0);
	if (!rq->vbs.curr)
		return;
	vbs_update_curr(rq);
	if (p->vbs.counted && !vbs_budget_left(&p->vbs.server->core))
		resched_curr(rq);
	vbs_rotate(rq, p, 0);
}

/* ---- the lists of runnable members ------------------------------------- */

/*
 * Each list is in the order of seq: whoever is put at the tail is given the last
 * place of all, whoever is put at the head has been picked before all others.
 */
static struct list_head *vbs_list_of(struct vbs_srv *srv, struct task_struct *p)
{
	if (p->vbs.lent)
		return &srv->lent;
	return p->vbs.kernel ? &srv->kernel : &srv->user;
}

static void vbs_list_tail(struct vbs_srv *srv, struct task_struct *p)
{
	p->vbs.turn_over = false;
	p->vbs.seq = ++srv->seq;
	list_add_tail(&p->vbs.run, vbs_list_of(srv, p));
}

/* Whoever stopped running goes on first, unless its turn is over. */
static void vbs_list_stopped(struct vbs_srv *srv, struct task_struct *p)
{
	if (p->vbs.turn_over)
		vbs_list_tail(srv, p);
	else
		list_add(&p->vbs.run, vbs_list_of(srv, p));
}

static struct task_struct *vbs_list_first(struct list_head *list)
{
	return list_first_entry_or_null(list, struct task_struct, vbs.run);
}

static struct task_struct *vbs_earlier(struct task_struct *a, struct task_struct *b)
{
	if (!a || !b)
		return a ?: b;
	return a->vbs.seq <= b->vbs.seq ? a : b;
}

/* The next member in FIFO order that may run: the running one is in no list. */
static struct task_struct *vbs_pick_member(struct rq *rq, struct vbs_srv *srv)
{
	struct task_struct *p = vbs_list_first(&srv->kernel);
	struct task_struct *curr = rq->vbs.curr;

	if (!srv->core.early) {
		if (!list_empty(&srv->user))
			p = vbs_earlier(p, vbs_list_first(&srv->user));
		if (unlikely(!list_empty(&srv->lent)))
			p = vbs_earlier(p, vbs_list_first(&srv->lent));
	}
	if (curr && curr->vbs.server == srv && curr->vbs.queued &&
	    curr->vbs.counted && (curr->vbs.kernel || !srv->core.early))
		p = vbs_earlier(curr, p);
	return p;
}

/* ---- enqueue, dequeue -------------------------------------------------- */

static void vbs_count(struct rq *rq, struct task_struct *p, int flags)
{
	struct vbs_srv *srv = p->vbs.server;
	u64 owed = p->vbs.pending + vbs_take_owed(srv);

	/* A child has never run: it holds nothing of the kernel's. */
	p->vbs.kernel = !p->vbs.lent && !(flags & ENQUEUE_INITIAL) &&
		!READ_ONCE(p->vbs.boundary);
	p->vbs.counted = true;
	srv->core.nr_lent += p->vbs.lent;
	p->vbs.slice = 0;
	p->vbs.overrun_seen = srv->overruns;
	vbs_born(p);
	if (unlikely(owed)) {
		vbs_charge(&srv->core, owed);
		p->vbs.pending = 0;
	}
	vbs_list_tail(srv, p);
	vbs_member_add(rq->vbs.core, &srv->core, p->vbs.kernel, vbs_clock(rq));
}

/* The running member has company now: its slice counts. */
static void vbs_arm_slice(struct rq *rq, struct vbs_srv *srv)
{
	struct task_struct *curr = rq->vbs.curr;

	if (curr && curr->vbs.server == srv && curr->vbs.counted)
		vbs_arm_run(rq, srv, curr);
}

static void enqueue_task_vbs(struct rq *rq, struct task_struct *p, int flags)
{
	struct vbs_srv *srv = p->vbs.server;

	p->vbs.queued = true;
	if (unlikely(!vbs_is_home(rq, srv))) {
		vbs_stray_add(rq, p);
		return;
	}
	vbs_update_server(rq, srv);
	vbs_attach(rq, srv);
	if (!p->vbs.counted)
		vbs_count(rq, p, flags);
	else if (vbs_rq_curr(rq) != p)	/* saved and restored */
		vbs_list_tail(srv, p);
	vbs_arm_release(rq);
	vbs_arm_slice(rq, srv);
}

static bool dequeue_task_vbs(struct rq *rq, struct task_struct *p, int flags)
{
	vbs_update_server(rq, p->vbs.server);
	vbs_stray_catch_up(rq, p);
	p->vbs.queued = false;
	if (p->vbs.stray)
		vbs_stray_del(rq, p);
	else
		list_del_init(&p->vbs.run);
	if (p->vbs.counted && !(flags & DEQUEUE_SAVE)) {
		vbs_uncount(rq, p);
		if (!(flags & DEQUEUE_SLEEP))	/* else schedule() picks, which does */
			vbs_arm_release(rq);
	}
	return true;
}

/*
 * With other runnable members: to the tail, no more.  The last runnable one
 * gives up the rest of the instance.
 */
static void yield_task_vbs(struct rq *rq)
{
	struct task_struct *p = vbs_rq_curr(rq);
	struct vbs_srv *srv = p->vbs.server;

	if (!p->vbs.counted)
		return;
	update_rq_clock(rq);
	vbs_update_curr(rq);
	if (srv->core.nr_kernel + srv->core.nr_user > 1)
		vbs_end_turn(srv, p);
	else
		vbs_yield(&srv->core);
	rq_clock_skip_update(rq);
}

/* ---- pick -------------------------------------------------------------- */

/*
 * A member's clamps hold while it runs: one that is throttled, or waits for another
 * server, holds no frequency.
 */
static void vbs_clamps_hold(struct rq *rq, struct task_struct *p)
{
	unsigned long least = uclamp_rq_get(rq, UCLAMP_MIN);

	uclamp_rq_runs(rq, p, true);
	if (uclamp_rq_get(rq, UCLAMP_MIN) > least)
		cpufreq_update_util(rq, 0);
}

static int balance_vbs(struct rq *rq, struct task_struct *prev, struct rq_flags *rf)
{
	struct vbs_rq *v = &rq->vbs;
	u64 at;

	/* On its way down a CPU can free nothing any more: others will. */
	if (unlikely(!cpu_online(cpu_of(rq))))
		return true;
	if (v->core && vbs_next_release(v->core, &at) && at <= vbs_clock(rq))
		vbs_release_due(v->core, vbs_clock(rq), VBS_RELEASE_BATCH);
	/* What has no budget left makes room, which may have to be filled. */
	if (v->curr)
		vbs_refresh_curr(rq);
	return sched_stop_runnable(rq) || sched_vbs_runnable(rq);
}

/*
 * Only a server that was entered early can be first without a member that may
 * run: its release has come since, or it has to wait for it.
 */
static struct task_struct *vbs_pick(struct rq *rq)
{
	struct vbs_cpu *c = rq->vbs.core;
	struct task_struct *p;
	struct vbs_server *s;

	while ((s = vbs_first_ready(c))) {
		if (unlikely(s->early))
			vbs_settle(c, s, vbs_clock(rq));
		p = vbs_pick_member(rq, to_vbs_srv(s));
		if (p)
			return p;
		if (WARN_ON_ONCE(s == vbs_first_ready(c)))
			return NULL;
	}
	return NULL;
}

/*
 * The member runs, or runs on: it may enter the kernel at any time.  Where the
 * server only lends to the kernel, or a signal is due, it has to look again
 * before it returns to user mode.
 */
static void vbs_go_on(struct rq *rq, struct task_struct *p)
{
	struct vbs_srv *srv = p->vbs.server;

	rq->vbs.refreshed = 0;
	vbs_update_mode(p, true);
	if (unlikely((srv->core.early && !p->vbs.lent) ||
		     (p->vbs.overrun_signal && p->vbs.overrun_seen != srv->overruns)))
		vbs_stop_at_boundary(p);
	vbs_arm_run(rq, srv, p);
}

#ifdef CONFIG_SCHED_CORE
static int task_is_throttled_vbs(struct task_struct *p, int cpu)
{
	struct vbs_srv *srv = p->vbs.server;

	return !p->vbs.counted || vbs_left_behind(cpu_rq(cpu), p) ||
		!vbs_nr_eligible(&srv->core) ||
		(srv->core.early && !p->vbs.kernel);
}

/*
 * Who has been picked may not be let run, and without a word the running member may be
 * made to go on, though it is not first.
 */
static void vbs_may_go_on(struct rq *rq)
{
	struct task_struct *p = rq->vbs.curr;

	if (!sched_core_enabled(rq))
		return;
	if (p && p->vbs.queued && !task_is_throttled_vbs(p, cpu_of(rq)))
		vbs_go_on(rq, p);
	else
		vbs_arm_release(rq);
}
#else
static void vbs_may_go_on(struct rq *rq) { }
#endif

static struct task_struct *pick_task_vbs(struct rq *rq)
{
	struct task_struct *p;

	if (!rq->vbs.core)
		return NULL;
	if (rq->vbs.curr && !vbs_is_refreshed(rq))
		vbs_refresh_curr(rq);
	p = vbs_pick(rq);
	if (!p) {
		vbs_arm_release(rq);
	} else if (p == rq->vbs.curr) {
		p->vbs.turn_over = false;
		vbs_go_on(rq, p);
	}
	if (p != rq->vbs.curr)
		vbs_may_go_on(rq);
	return p;
}

static void put_prev_task_vbs(struct rq *rq, struct task_struct *p,
			      struct task_struct *next)
{
	update_dl_rq_load_avg(rq_clock_pelt(rq), rq, 1);
	vbs_clock_run_on(rq);
	if (!vbs_is_refreshed(rq)) {
		vbs_refresh_curr(rq);
		vbs_arm_release(rq);
	}
	uclamp_rq_runs(rq, p, false);
	rq->vbs.curr = NULL;
	if (!p->vbs.queued)
		return;
	if (p->vbs.counted)
		vbs_list_stopped(p->vbs.server, p);
	else
		vbs_stray_add(rq, p);
}

static void set_next_task_vbs(struct rq *rq, struct task_struct *p, bool first)
{
	u64 now = vbs_clock(rq), task = rq_clock_task(rq);
	struct vbs_rq *v = &rq->vbs;

	p->se.exec_start = task;
	v->charged_task = task - vbs_irq_pending(rq);
	v->charged = now;
	v->charged_lost = v->lost;
	list_del_init(&p->vbs.run);
	v->curr = p;
	v->refreshed = 0;
	vbs_clamps_hold(rq, p);
	if (first && vbs_rq_curr(rq)->sched_class != &vbs_sched_class) {
		update_dl_rq_load_avg(rq_clock_pelt(rq), rq, 0);
		vbs_push_others(rq);
	}
	if (!p->vbs.counted) {
		if (!is_migration_disabled(p))
			resched_curr(rq);
		return;
	}
	vbs_runs(&p->vbs.server->core, now);
	p->vbs.turn_over = false;
	vbs_go_on(rq, p);
}

#ifdef CONFIG_SMP
static int select_task_rq_vbs(struct task_struct *p, int cpu, int flags)
{
	return READ_ONCE(p->vbs.server->cpu);
}
#endif

/* ---- coming and going -------------------------------------------------- */

static void switched_to_vbs(struct rq *rq, struct task_struct *p)
{
	if (task_current(rq, p))
		resched_curr(rq);
	else if (task_on_rq_queued(p))
		vbs_preempt_curr(rq);
}

/* It has joined another server. */
static void prio_changed_vbs(struct rq *rq, struct task_struct *p, int oldprio)
{
	switched_to_vbs(rq, p);
}

#ifdef CONFIG_SCHED_CORE
/**
 * vbs_prio_less - which of two members goes after the other?
 * @a: one
 * @b: the other, of the same core
 *
 * Deadlines of two CPUs differ by their lost time.  For a comparison that is over
 * at once: they change while a member is queued.
 */
bool vbs_prio_less(const struct task_struct *a, const struct task_struct *b)
{
	const struct vbs_srv *sa = a->vbs.server, *sb = b->vbs.server;
	u64 da = sa->core.deadline + READ_ONCE(cpu_rq(sa->cpu)->vbs.lost);
	u64 db = sb->core.deadline + READ_ONCE(cpu_rq(sb->cpu)->vbs.lost);

	return (s64)(da - db) > 0;
}
#endif

DEFINE_SCHED_CLASS(vbs) = {
	.enqueue_task		= enqueue_task_vbs,
	.dequeue_task		= dequeue_task_vbs,
	.yield_task		= yield_task_vbs,

	.wakeup_preempt		= wakeup_preempt_vbs,

	.balance		= balance_vbs,
	.pick_task		= pick_task_vbs,
	.put_prev_task		= put_prev_task_vbs,
	.set_next_task		= set_next_task_vbs,

#ifdef CONFIG_SMP
	.select_task_rq		= select_task_rq_vbs,
	.set_cpus_allowed	= set_cpus_allowed_common,
	.switched_from		= switched_from_vbs,
#endif

	.task_tick		= task_tick_vbs,

	.switched_to		= switched_to_vbs,
	.prio_changed		= prio_changed_vbs,

	.update_curr		= update_curr_vbs,

#ifdef CONFIG_SCHED_CORE
	.task_is_throttled	= task_is_throttled_vbs,
#endif
};
