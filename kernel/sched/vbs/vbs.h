/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: what kernel/sched/ knows of the class.  Included by sched.h.
 */
#ifndef _KERNEL_SCHED_VBS_VBS_H
#define _KERNEL_SCHED_VBS_VBS_H

#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/sched/signal.h>
#include <linux/sched/vbs.h>
#include <linux/smp.h>
#include <uapi/linux/sched/types.h>

struct affinity_context;
struct dl_bw;
struct rq;
struct vbs_cpu;
struct vbs_spare;

static inline bool vbs_policy(int policy)
{
	return IS_ENABLED(CONFIG_SCHED_VBS) && policy == SCHED_VBS;
}

static inline bool task_has_vbs_policy(const struct task_struct *p)
{
	return vbs_policy(p->policy);
}

#ifdef CONFIG_SCHED_VBS

/**
 * struct vbs_rq - SCHED_VBS on one CPU, protected by the runqueue lock
 * @core: queues and pool, NULL until the class is used
 * @curr: the member that has the CPU, or NULL
 * @nr_running: members that may be picked
 * @lost: ns during which the CPU did not run; VBS clock = rq_clock - lost
 * @seen: the VBS clock when it was read last
 * @refreshed: rq_clock when schedule() last put the server of @curr in place, or
 *	0 if @curr has been told to go on since
 * @steal: steal time in rq_clock_task when the VBS clock was read last
 * @irq: interrupt time in it then
 * @slept: time in suspend that has been found
 * @stood_until: sched_clock when the CPU was last said to have stood still
 * @charged: VBS clock up to which @curr has been charged
 * @charged_task: the same of rq_clock_task, less interrupt time that is not its time
 * @charged_lost: @lost at the last charge
 * @timer: fires when @curr has used its budget or slice, or at the earliest release
 * @timer_at: VBS clock at which it fires, U64_MAX if it is not armed
 * @hangs: of hrtimer_interrupt() when it was armed last
 * @csd: arms it when the request comes from another CPU
 * @stray_work: takes strays to their server's CPU
 * @look_work: lets members of @look go on as fair tasks, or come back
 * @free_work: frees what @free collected under the lock
 * @strays: queued tasks whose server is on another CPU
 * @look: servers for @look_work, in turn
 * @look_paid: rq_clock up to which the pace of @look_work is used up
 * @free: dead servers, bookings and nodes
 */
struct vbs_rq {
	struct vbs_cpu		*core;
	struct task_struct	*curr;
	unsigned int		nr_running;
	u64			lost;
	u64			seen;
	u64			refreshed;
	u64			steal;
	u64			irq;
	u64			slept;
	u64			stood_until;
	u64			charged;
	u64			charged_task;
	u64			charged_lost;
	struct hrtimer		timer;
	u64			timer_at;
	unsigned int		hangs;
#ifdef CONFIG_SMP
	call_single_data_t	csd;
#endif
	struct irq_work		stray_work;
	struct irq_work		look_work;
	struct irq_work		free_work;
	struct list_head	strays;
	struct list_head	look;
	u64			look_paid;
	struct llist_head	free;
};

/**
 * struct vbs_change - a sched_setattr() that enters, joins or switches
 * @srv: the new server, allocated; NULL once it is in use
 * @joined: the server that is joined, with a place reserved
 * @left: the server that has ended, as its last member has left
 * @leader: whose server is joined
 * @owned: id of the server that the caller may command as its owner, or 0
 * @priv: the caller has shown CAP_SYS_NICE
 * @active: the target policy is SCHED_VBS
 * @done: a member has got what was asked, where it is
 * @entered: there is a new server
 * @again: something has changed meanwhile: all from the start
 * @locked: cpusets take in and give away no task meanwhile
 */
struct vbs_change {
	struct vbs_srv		*srv;
	struct vbs_srv		*joined;
	struct vbs_srv		*left;
	struct task_struct	*leader;
	u64			owned;
	bool			priv;
	bool			active;
	bool			done;
	bool			entered;
	bool			again;
	bool			locked;
};

void init_vbs_rq(struct rq *rq);
void init_vbs_entity(struct task_struct *p);

int vbs_change_prepare(struct vbs_change *chg, struct task_struct *p, int policy,
		       const struct sched_attr *attr, bool user);
int vbs_change_permit(struct vbs_change *chg, struct task_struct *p,
		      const struct sched_attr *attr);
int vbs_change_begin(struct vbs_change *chg, struct task_struct *p,
		     const struct sched_attr *attr, int reset_on_fork);
int vbs_change_check(struct vbs_change *chg, struct rq *rq, struct task_struct *p,
		     const struct sched_attr *attr);
void vbs_change_commit(struct vbs_change *chg, struct rq *rq,
		       struct task_struct *p, const struct sched_attr *attr);
bool vbs_change_retry(struct vbs_change *chg);
void vbs_getparam(struct task_struct *p, struct sched_attr *attr);
void vbs_getattr(struct task_struct *p, struct sched_attr *attr);

static inline bool vbs_change_is_done(const struct vbs_change *chg)
{
	return chg->done;
}

void vbs_fork(struct task_struct *p, bool thread);
void __vbs_post_fork(struct task_struct *p);
void vbs_cancel_fork(struct task_struct *p);
void vbs_task_exit(struct task_struct *p);
void __vbs_task_blocks(struct rq *rq, struct task_struct *p);

/* Its server may be over, or the mark of its process been set, since vbs_fork(). */
static inline void vbs_post_fork(struct task_struct *p)
{
	if (static_branch_unlikely(&sched_vbs_used) &&
	    (p->vbs.own || p->signal->vbs_group))
		__vbs_post_fork(p);
}

/* In schedule(), the runqueue lock held: it blocks; who is fair was so till then. */
static inline void vbs_task_blocks(struct rq *rq, struct task_struct *p)
{
	if (static_branch_unlikely(&sched_vbs_used) && p->vbs.fair)
		__vbs_task_blocks(rq, p);
}

#ifdef CONFIG_RT_MUTEXES
int __vbs_inherit_prio(struct task_struct *p, struct task_struct *waiter, int prio);
bool __vbs_keeps_loan(struct task_struct *p, struct task_struct *waiter);
void __vbs_lend(struct rq *rq, struct task_struct *p, struct task_struct *waiter);

/**
 * vbs_inherit_prio - the priority of the owner of an rt_mutex
 * @p: the owner, its pi_lock held
 * @waiter: the first of those that wait for it
 * @prio: the owner's own
 */
static inline int vbs_inherit_prio(struct task_struct *p, struct task_struct *waiter,
				   int prio)
{
	int its = READ_ONCE(waiter->prio);

	if (static_branch_unlikely(&sched_vbs_used) &&
	    (vbs_prio(its) || READ_ONCE(waiter->vbs.server)))
		return __vbs_inherit_prio(p, waiter, prio);
	return min(prio, its);
}

/* Has an owner what this waiter lends already?  A loan of another one ends here. */
static inline bool vbs_keeps_loan(struct task_struct *p, struct task_struct *waiter)
{
	return static_branch_unlikely(&sched_vbs_used) && p->vbs.lent &&
		__vbs_keeps_loan(p, waiter);
}

/* It is in a server, which may be lent beside its priority. */
static inline bool vbs_may_be_lent(struct task_struct *waiter)
{
	return static_branch_unlikely(&sched_vbs_used) && waiter &&
		READ_ONCE(waiter->vbs.server);
}

/* The priority has been set. */
static inline void vbs_lend(struct rq *rq, struct task_struct *p,
			    struct task_struct *waiter)
{
	if (vbs_may_be_lent(waiter))
		__vbs_lend(rq, p, waiter);
}

/* It has another policy, and gave back what it was lent. */
static inline void vbs_lend_again(struct rq *rq, struct task_struct *p)
{
	vbs_lend(rq, p, rt_mutex_get_top_task(p));
}

/*
 * An owner that is fair in its server's place comes back to that when it blocks, which
 * is not kept from it by its pi_lock: so once more under the lock of its runqueue.
 */
static inline int vbs_prio_again(struct task_struct *p, struct task_struct *waiter, int prio)
{
	if (!static_branch_unlikely(&sched_vbs_used))
		return prio;
	return waiter ? vbs_inherit_prio(p, waiter, p->normal_prio) : p->normal_prio;
}
#else
static inline void vbs_lend_again(struct rq *rq, struct task_struct *p) { }
#endif

bool vbs_prio_less(const struct task_struct *a, const struct task_struct *b);

#ifdef CONFIG_CPUSETS
void vbs_dl_clear(struct dl_bw *dl_b);
#else
static inline void vbs_dl_clear(struct dl_bw *dl_b) { }	/* nobody adds it up again */
#endif
u64 vbs_booked_with(struct dl_bw *dl_b);
unsigned long __vbs_booked_util(int cpu);

/* What a CPU has to be able to do for its servers: SCHED_CAPACITY_SCALE is all */
static inline unsigned long vbs_booked_util(int cpu)
{
	return static_branch_unlikely(&sched_vbs_used) ? __vbs_booked_util(cpu) : 0;
}

int vbs_capacity_check(int cpu, u64 fair_bw);
void vbs_capacity_update(void);

#ifdef CONFIG_SMP
extern struct cpumask vbs_busy_cpus;

/**
 * vbs_leave_out - where a task of a lower class need not go
 * @mask: CPUs, not empty; those that have members to run are taken out
 *
 * Context: the task may be pulled already.
 * Return: false if none is left.
 */
static inline bool vbs_leave_out(struct cpumask *mask)
{
	if (!static_branch_unlikely(&sched_vbs_used))
		return true;
	smp_mb();	/* pairs with vbs_set_busy() */
	return cpumask_andnot(mask, mask, &vbs_busy_cpus);
}

/* Are there others in both masks? */
static inline bool vbs_leaves_any(const struct cpumask *a, const struct cpumask *b)
{
	int cpu;

	if (!static_branch_unlikely(&sched_vbs_used))
		return true;
	for_each_cpu_and(cpu, a, b)
		if (!cpumask_test_cpu(cpu, &vbs_busy_cpus))
			return true;
	return false;
}

/* One CPU that need not be looked at */
static inline bool vbs_leaves_out(int cpu)
{
	return static_branch_unlikely(&sched_vbs_used) &&
	       cpumask_test_cpu(cpu, &vbs_busy_cpus);
}

struct vbs_spare *vbs_spare_alloc(struct task_struct *p);
void vbs_spare_free(struct vbs_spare *spare);
int vbs_move_first(struct task_struct *p, struct affinity_context *ctx);
int vbs_set_affinity(struct task_struct *p, const struct affinity_context *ctx);
int vbs_home(struct task_struct *p, int cpu);
bool __vbs_cpu_allowed(struct task_struct *p, int cpu);
int vbs_cpu_deactivate(unsigned int cpu);
void vbs_cpu_activate(unsigned int cpu);

static inline bool vbs_cpu_allowed(struct task_struct *p, int cpu)
{
	return !vbs_task(p) || __vbs_cpu_allowed(p, cpu);
}
#endif

#else /* !CONFIG_SCHED_VBS */

struct vbs_change { };

static inline bool vbs_prio_less(const struct task_struct *a,
				 const struct task_struct *b)
{
	return false;
}

static inline int vbs_change_prepare(struct vbs_change *chg, struct task_struct *p,
				     int policy, const struct sched_attr *attr,
				     bool user)
{
	return attr->sched_flags & (SCHED_FLAG_VBS_JOIN | SCHED_FLAG_VBS_ALIGN) ?
		-EINVAL : 0;
}

static inline int vbs_change_permit(struct vbs_change *chg, struct task_struct *p,
				    const struct sched_attr *attr)
{
	return 0;
}

static inline int vbs_change_begin(struct vbs_change *chg, struct task_struct *p,
				   const struct sched_attr *attr,
				   int reset_on_fork)
{
	return 0;
}

static inline bool vbs_change_is_done(const struct vbs_change *chg)
{
	return false;
}

static inline int vbs_change_check(struct vbs_change *chg, struct rq *rq,
				   struct task_struct *p,
				   const struct sched_attr *attr)
{
	return 0;
}

static inline void vbs_change_commit(struct vbs_change *chg, struct rq *rq,
				     struct task_struct *p,
				     const struct sched_attr *attr) { }

static inline bool vbs_change_retry(struct vbs_change *chg) { return false; }

static inline void vbs_getparam(struct task_struct *p, struct sched_attr *attr) { }

static inline void vbs_getattr(struct task_struct *p, struct sched_attr *attr) { }

static inline void init_vbs_rq(struct rq *rq) { }

static inline void init_vbs_entity(struct task_struct *p) { }

static inline void vbs_fork(struct task_struct *p, bool thread) { }

static inline void vbs_post_fork(struct task_struct *p) { }

static inline void vbs_cancel_fork(struct task_struct *p) { }

static inline void vbs_task_exit(struct task_struct *p) { }

static inline void vbs_task_blocks(struct rq *rq, struct task_struct *p) { }

static inline int vbs_inherit_prio(struct task_struct *p, struct task_struct *waiter,
				   int prio)
{
	return min(prio, waiter->prio);
}

static inline bool vbs_keeps_loan(struct task_struct *p, struct task_struct *waiter)
{
	return false;
}

static inline bool vbs_may_be_lent(struct task_struct *waiter) { return false; }

static inline void vbs_lend(struct rq *rq, struct task_struct *p,
			    struct task_struct *waiter) { }

static inline void vbs_lend_again(struct rq *rq, struct task_struct *p) { }

static inline int vbs_prio_again(struct task_struct *p, struct task_struct *waiter, int prio)
{
	return prio;
}

static inline bool vbs_leave_out(struct cpumask *mask) { return true; }

static inline bool vbs_leaves_any(const struct cpumask *a, const struct cpumask *b)
{
	return true;
}

static inline bool vbs_leaves_out(int cpu) { return false; }

static inline void vbs_dl_clear(struct dl_bw *dl_b) { }

static inline u64 vbs_booked_with(struct dl_bw *dl_b) { return 0; }

static inline unsigned long vbs_booked_util(int cpu) { return 0; }

static inline int vbs_capacity_check(int cpu, u64 fair_bw) { return 0; }

static inline void vbs_capacity_update(void) { }

static inline struct vbs_spare *vbs_spare_alloc(struct task_struct *p) { return NULL; }

static inline void vbs_spare_free(struct vbs_spare *spare) { }

static inline int vbs_move_first(struct task_struct *p,
				 struct affinity_context *ctx) { return 0; }

static inline int vbs_set_affinity(struct task_struct *p,
				   const struct affinity_context *ctx) { return 0; }

static inline bool vbs_cpu_allowed(struct task_struct *p, int cpu) { return true; }

static inline int vbs_home(struct task_struct *p, int cpu) { return cpu; }

static inline int vbs_cpu_deactivate(unsigned int cpu) { return 0; }

static inline void vbs_cpu_activate(unsigned int cpu) { }

#endif /* CONFIG_SCHED_VBS */

#endif /* _KERNEL_SCHED_VBS_VBS_H */
