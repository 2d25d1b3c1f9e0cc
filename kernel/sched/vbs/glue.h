/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: the core's servers as the scheduler's, shared by the glue.
 *
 * Locks, outermost first:
 *	p->pi_lock, rq->lock of the server's CPU, srv->lock, vbs_books.lock
 * A server, attached to its CPU or not, is protected by the lock of runqueue
 * srv->cpu; srv->cpu changes under that lock and srv->lock; its list of members
 * under srv->lock; p->vbs.server under p->pi_lock and the lock of p's runqueue.
 * Servers are freed after a grace period.
 */
#ifndef _KERNEL_SCHED_VBS_GLUE_H
#define _KERNEL_SCHED_VBS_GLUE_H

#include <linux/timeline_types.h>

#include "core/core.h"

/*
 * What goes back to the slab outside of the runqueue lock.  The cache does not
 * tell what it is: the slab merges caches of one size.
 */
enum vbs_garbage_kind { VBS_GARBAGE_SRV, VBS_GARBAGE_BOOKED, VBS_GARBAGE_NODE };

struct vbs_garbage {
	struct llist_node	link;
	enum vbs_garbage_kind	kind;
};

/* A queue node as it is allocated */
struct vbs_node {
	union {
		struct vbs_qnode	node;
		struct vbs_garbage	garbage;
	};
};

/**
 * struct vbs_booked - the cap of a server that is gone from a CPU, until its z
 * @core: in the wait queue of that CPU
 * @chain: who may take it over; vbs_books.lock
 * @all: in vbs_books.held
 * @id: unique, rising in that list
 * @cpu: where it is booked
 * @owner: of the server
 * @leader: the server's last, in the initial pid namespace
 * @rcu: to free it
 * @garbage: to free it, before that
 */
struct vbs_booked {
	struct vbs_booking	core;
	struct list_head	chain;
	struct list_head	all;
	u64			id;
	int			cpu;
	kuid_t			owner;
	pid_t			leader;
	struct rcu_head		rcu;
	struct vbs_garbage	garbage;
};

/* What a server needs to leave a CPU and arrive on another */
struct vbs_spare {
	struct vbs_booked	*booked;
	struct vbs_node		*node[VBS_NODES_PER_ENT];
	bool			priv;	/* the caller may move the server */
};

/**
 * struct vbs_srv - a server
 * @core: its state
 * @id: unique, rising in vbs_books.servers
 * @cpu: where it runs
 * @owner: effective uid of the task that entered first, at that moment
 * @timeline: whose multiples aligned releases keep to, 0 for CLOCK_MONOTONIC
 * @attached: @core is attached to @cpu's queues
 * @lock: protects @members, @nr_members, @nr_loans
 * @members: oldest first
 * @nr_members: their number, and places reserved for some to come
 * @nr_loans: temporary members, which are in no list; @lock
 * @leader: first of @members, for RCU readers
 * @leader_pid: the same, or the last there was, in the initial pid namespace
 * @moving: a lone member takes it to another CPU: nobody joins meanwhile; @lock
 * @dissolving: takes no more members: all there are will be SCHED_NORMAL
 * @fair: members that go on as fair tasks; @lock
 * @look: in rq->vbs.look
 * @kernel: runnable members preempted in the kernel, FIFO
 * @user: runnable members at the user boundary, FIFO
 * @lent: runnable tasks that it is lent to, FIFO
 * @seq: the last place given out in the FIFO order
 * @nr_counted: members accounted in rq->nr_running
 * @overruns: exhaustions, for SIGXCPU
 * @consumed_before: core.stats.consumed when it came to @cpu
 * @spare: booking for the day that the server leaves, and until @attached nodes
 * @bookings: caps of this server that other CPUs still hold; vbs_books.lock
 * @next_cpu: where it goes when its CPU goes offline; vbs_books.lock
 * @next_amount: what is booked there
 * @all: in vbs_books.servers
 * @refs: on its memory; the list's own is given back after a grace period
 * @gone: no longer in the list; vbs_books.lock
 * @end_work: ends the server on its CPU when the last member left elsewhere
 * @rcu: to free it
 * @garbage: to free it, before that
 */
struct vbs_srv {
	struct vbs_server	core;
	u64			id;
	int			cpu;
	kuid_t			owner;
	timeline_ref_t		timeline;
	bool			attached;

	raw_spinlock_t		lock;
	struct list_head	members;
	unsigned int		nr_members;
	unsigned int		nr_loans;
	struct task_struct __rcu *leader;
	pid_t			leader_pid;
	bool			moving;
	bool			dissolving;

	struct list_head	fair;
	struct list_head	look;
	struct list_head	kernel;
	struct list_head	user;
	struct list_head	lent;
	u64			seq;
	unsigned int		nr_counted;
	u32			overruns;
	u64			consumed_before;

	struct vbs_spare	spare;
	struct list_head	bookings;
	int			next_cpu;
	u32			next_amount;
	struct list_head	all;
	refcount_t		refs;
	bool			gone;
	struct irq_work		end_work;
	struct rcu_head		rcu;
	struct vbs_garbage	garbage;
};

/* A booking as it is shown; @left: ns until it is over */
struct vbs_held {
	u64			id;
	int			cpu;
	u32			amount;
	u64			left;
	kuid_t			owner;
	pid_t			leader;
};

/**
 * struct vbs_cpu_sum - of one CPU, for information
 * @servers: how many
 * @held: what is booked for servers that are gone
 */
struct vbs_cpu_sum {
	unsigned int		servers;
	u32			held;
};

/**
 * struct vbs_books - what is booked, system-wide
 * @lock: a leaf; taken to enter and leave, and where a cap changes or a booking
 *	is over: by no pick, charge, release or switch within a cap
 * @adm: caps per CPU
 * @scratch: for a search
 * @servers: all, for RCU readers
 * @held: bookings of servers that are gone, for RCU readers
 * @sum: per CPU
 * @demoted: tasks that have lost their membership to an administrator
 * @last_id: of a server
 * @last_held: id of a booking
 * @leaving: the CPU that goes offline, or -1; readers have interrupts off
 */
struct vbs_books {
	raw_spinlock_t		lock;
	struct vbs_admission	adm;
	struct cpumask		*scratch;
	struct list_head	servers;
	struct list_head	held;
	struct vbs_cpu_sum	*sum;
	atomic_t		demoted;
	u64			last_id;
	u64			last_held;
	int			leaving;
};

extern struct vbs_books vbs_books;
extern unsigned int sysctl_vbs_period_min;
extern unsigned int sysctl_vbs_period_max;
extern unsigned int sysctl_vbs_runtime_max;
extern unsigned int sysctl_vbs_slice;
extern unsigned int sysctl_vbs_release_cost;
extern unsigned int sysctl_vbs_enable;
extern unsigned int sysctl_vbs_offline_demote;

/* An instance has to hold twice what its release costs. */
static inline u64 vbs_runtime_min(void)
{
	return max_t(u64, VBS_RUNTIME_MIN, 2ULL * READ_ONCE(sysctl_vbs_release_cost));
}

#define to_vbs_srv(s)	container_of(s, struct vbs_srv, core)

/* What runs, of whatever class; the lock keeps it there. */
static inline struct task_struct *vbs_rq_curr(struct rq *rq)
{
	return rcu_dereference_protected(rq->curr,
					 lockdep_is_held(__rq_lockp(rq)));
}

/* Who keeps it alive; its lock is held */
static inline unsigned int vbs_nr_kept(const struct vbs_srv *srv)
{
	return srv->nr_members + srv->nr_loans;
}

/* Where it is, all that was done to the server on its last CPU is seen. */
static inline bool vbs_is_home(struct rq *rq, struct vbs_srv *srv)
{
	/* Pairs with the release in vbs_move(). */
	return smp_load_acquire(&srv->cpu) == cpu_of(rq);
}

u64 vbs_clock_moved(struct rq *rq);
void vbs_clock_run_on(struct rq *rq);

/**
 * vbs_clock - the CPU's VBS clock: rq_clock less the time it did not run
 * @rq: its runqueue, locked, clock updated
 *
 * Never decreases from call to call.
 */
static inline u64 vbs_clock(struct rq *rq)
{
	u64 now = rq_clock(rq) - rq->vbs.lost;

	return likely(now == rq->vbs.seen) ? now : vbs_clock_moved(rq);
}

/*
 * Its CPU goes offline: masks and members of a server stay as they are while a
 * place is found for it elsewhere.
 */
static inline bool vbs_goes_offline(const struct vbs_srv *srv)
{
	return READ_ONCE(srv->cpu) == READ_ONCE(vbs_books.leaving);
}

/* clock.c */
u64 vbs_clock_of(int cpu);
u64 vbs_irq_pending(struct rq *rq);

/* timer.c */
void vbs_arm_budget(struct rq *rq, struct vbs_srv *srv, struct task_struct *p);
void vbs_rearm_budget(struct rq *rq, struct vbs_srv *srv, struct task_struct *p);
void vbs_arm_poll(struct rq *rq);
void vbs_arm_release(struct rq *rq);
void vbs_expect_release(struct rq *rq, u64 at);
void vbs_init_timers(struct rq *rq);

/* alloc.c */
int vbs_enable(void);
struct vbs_srv *vbs_srv_alloc(void);
void vbs_srv_free(struct vbs_srv *srv);
void vbs_srv_put(struct vbs_srv *srv);
int vbs_spare_fill(struct vbs_spare *spare);
void vbs_spare_drop(struct vbs_spare *spare);
void vbs_discard_srv(struct rq *rq, struct vbs_srv *srv);
void vbs_discard_booked(struct rq *rq, struct vbs_booked *b);
void vbs_discard_nodes(struct rq *rq);
void vbs_init_free_work(struct rq *rq);

/* books.c */
int vbs_books_enter(struct vbs_srv *srv, struct list_head *bookings,
		    const struct cpumask *mask, u32 *spare);
int vbs_books_raise(struct vbs_srv *srv, u32 cap, u32 *spare);
int vbs_books_move(struct vbs_srv *srv, const struct cpumask *mask, u32 *spare,
		   int *cpu);
int vbs_books_evacuate(struct vbs_srv *srv, const struct cpumask *mask);
int vbs_books_evacuated(struct vbs_srv *srv, bool undo);
void vbs_books_release(int cpu, u32 amount);
void vbs_books_hold(struct vbs_booked *b, int cpu, u32 amount,
		    struct list_head *chain);
void vbs_books_over(struct vbs_booked *b);
void vbs_books_publish(struct vbs_srv *srv);
void vbs_books_unpublish(struct vbs_srv *srv);
void vbs_books_arrive(struct vbs_srv *srv, int from);
struct vbs_booked *vbs_books_hold_more(struct list_head *chain, int cpu, u32 amount);
void vbs_books_disown(struct list_head *bookings);
void vbs_books_inherit(struct list_head *to, struct list_head *from);
struct vbs_srv *vbs_next_server(struct vbs_srv *prev);
bool vbs_next_held(struct vbs_held *held);
u32 vbs_held_on(int cpu, u64 *until);

/* member.c */
int vbs_reserve(struct vbs_srv *srv, const struct cpumask *mask);
void vbs_join(struct vbs_srv *srv, struct task_struct *p);
void vbs_init_end(struct vbs_srv *srv);
struct rq *vbs_lock_home(struct vbs_srv *srv, struct rq_flags *rf);
void vbs_leave(struct rq *rq, struct task_struct *p);
void vbs_born(struct vbs_srv *srv);
void vbs_attach(struct rq *rq, struct vbs_srv *srv);
bool vbs_vacate(struct rq *rq, struct vbs_srv *srv, struct vbs_booked *booked,
		struct list_head *chain);
void vbs_uncount(struct rq *rq, struct task_struct *p);

/* inherit.c */
void vbs_give_back(struct rq *rq, struct task_struct *p, struct vbs_srv *srv);
void vbs_end_loan(struct rq *rq, struct task_struct *p);
void vbs_recall_loan(struct task_struct *p);
#ifdef CONFIG_RT_MUTEXES
int vbs_own_prio(struct task_struct *p, int prio);
void vbs_drop_boost(void);
#else
static inline int vbs_own_prio(struct task_struct *p, int prio) { return prio; }
static inline void vbs_drop_boost(void) { }
#endif

/* boundary.c */
void vbs_stop_at_boundary(struct task_struct *p);

/* dissolve.c */
void vbs_dissolve(struct vbs_srv *srv);
void vbs_dissolve_all(void);

/* proc.c */
bool vbs_sees_all(void);

/* env.c */
void vbs_add_running(struct rq *rq, int delta);

/* hotplug.c */
#ifdef CONFIG_SMP
void vbs_rescue(void);
#else
static inline void vbs_rescue(void) { }
#endif

/* stray.c */
void vbs_stray_count(struct rq *rq, struct task_struct *p);
void vbs_stray_add(struct rq *rq, struct task_struct *p);
void vbs_stray_del(struct rq *rq, struct task_struct *p);
void vbs_init_strays(struct rq *rq);
struct task_struct *vbs_stray_pinned(struct rq *rq);

/* fair.c */
void vbs_look_later(struct rq *rq, struct vbs_srv *srv);
void vbs_come_back_now(void);
void vbs_forget_fair(struct task_struct *p);
void vbs_change_class(struct rq *rq, struct task_struct *p,
		      void (*change)(struct rq *, struct task_struct *, struct vbs_srv *),
		      struct vbs_srv *srv);
void vbs_unlock_task(struct rq *rq, struct task_struct *p, struct rq_flags *rf);
void vbs_init_look(struct rq *rq);

/* class.c */
void vbs_update_curr(struct rq *rq);
void vbs_update_server(struct rq *rq, struct vbs_srv *srv);
void vbs_preempt_curr(struct rq *rq);
void vbs_check_curr(struct rq *rq);

/* capacity.c */
void vbs_books_online(int cpu, bool online);

/* deadline.c */
int vbs_dl_book(int cpu, u32 bw);
u32 vbs_dl_spare(int cpu);

/* params.c */
bool vbs_may_move(struct task_struct *p);
void vbs_reject(struct task_struct *p, enum vbs_reject_reason reason, u64 asked,
		u64 spare, int cpu);

#endif /* _KERNEL_SCHED_VBS_GLUE_H */
