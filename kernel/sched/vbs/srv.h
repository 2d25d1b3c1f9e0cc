/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: a server as the scheduler knows it, around the core's.
 *
 * Locks, outermost first:
 *	p->pi_lock, rq->lock of the server's CPU, srv->lock, vbs_books.lock
 * A server, attached to its CPU or not, is protected by the lock of runqueue
 * srv->cpu; srv->cpu changes under that lock and srv->lock; its list of members
 * under srv->lock; p->vbs.server under p->pi_lock and the lock of p's runqueue.
 * Servers are freed after a grace period.
 */
#ifndef _KERNEL_SCHED_VBS_SRV_H
#define _KERNEL_SCHED_VBS_SRV_H

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
	u64			owned;	/* the caller may move this one as its owner, or 0 */
	bool			priv;	/* the caller may move any */
};

/* Whose threads a server that is kept for a virtual machine is for */
enum vbs_role { VBS_ROLE_NONE, VBS_ROLE_VCPU, VBS_ROLE_DM, VBS_ROLE_ONE };

/**
 * struct vbs_tenant - whose a server is that is kept
 * @role: of whom it is for
 * @group: the process, in the initial pid namespace
 * @owner: who commands it
 * @timeline: whose multiples aligned releases keep to
 */
struct vbs_tenant {
	enum vbs_role		role;
	pid_t			group;
	kuid_t			owner;
	timeline_ref_t		timeline;
};

/**
 * struct vbs_srv - a server
 * @core: its state
 * @id: unique, rising in vbs_books.servers
 * @cpu: where it runs
 * @owner: effective uid of the task that entered first, at that moment
 * @timeline: whose multiples aligned releases keep to, 0 for CLOCK_MONOTONIC
 * @attached: @core is attached to @cpu's queues
 * @lock: protects @members, @born, @nr_members, @nr_kthreads, @nr_loans
 * @members: oldest first
 * @born: those that have been enqueued, oldest first
 * @nr_members: their number, and places reserved for some to come
 * @nr_kthreads: threads of the kernel among them, for which its owner has no say
 * @nr_loans: temporary members, which are in no list; @lock
 * @leader: first of @born, for RCU readers
 * @leader_pid: the same, or the last there was, in the initial pid namespace
 * @moving: a lone member takes it to another CPU: nobody joins meanwhile; @lock
 * @plan: a cpuset is about to move it: masks and members stay as they are; @lock
 * @dissolving: takes no more members: all there are will be SCHED_NORMAL
 * @place: stays without members; @lock
 * @role: of a place
 * @pooled: one of its threads has run another vCPU since it was configured
 * @group: the process whose place it is, in the initial pid namespace
 * @fair: members that go on as fair tasks; @lock
 * @look: in rq->vbs.look
 * @kernel: runnable members preempted in the kernel, FIFO
 * @user: runnable members at the user boundary, FIFO
 * @lent: runnable tasks that it is lent to, FIFO
 * @seq: the last place given out in the FIFO order
 * @left_seq: the same when it left a CPU last: who had a place then counts no more
 * @nr_counted: members accounted in rq->nr_running
 * @overruns: exhaustions, for SIGXCPU
 * @owed: ns that timers of its guests have taken, to be charged; anybody adds to it
 * @consumed_before: core.stats.consumed when it came to @cpu
 * @budget: what a member reads without a system call, or NULL
 * @spare: booking for the day that the server leaves, and while it is not @attached
 *	nodes
 * @bookings: caps of this server that other CPUs still hold; vbs_books.lock
 * @next_cpu: where it goes when its CPU goes offline, or a cpuset's masks change;
 *	vbs_books.lock
 * @next_amount: what is booked there
 * @all: in vbs_books.servers, or among those kept for others to come
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
	struct list_head	born;
	unsigned int		nr_members;
	unsigned int		nr_kthreads;
	unsigned int		nr_loans;
	struct task_struct __rcu *leader;
	pid_t			leader_pid;
	bool			moving;
	bool			dissolving;
	bool			place;
	enum vbs_role		role;
	bool			pooled;
	pid_t			group;
	struct vbs_plan		*plan;

	struct list_head	fair;
	struct list_head	look;
	struct list_head	kernel;
	struct list_head	user;
	struct list_head	lent;
	u64			seq;
	u64			left_seq;
	unsigned int		nr_counted;
	u32			overruns;
	atomic64_t		owed;
	u64			consumed_before;

	struct page		*budget;
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

#define to_vbs_srv(s)	container_of(s, struct vbs_srv, core)

/* Who keeps it alive; its lock is held */
static inline unsigned int vbs_nr_kept(const struct vbs_srv *srv)
{
	return srv->nr_members + srv->nr_loans + srv->place;
}

/* May somebody enter it?  Its lock is held. */
static inline bool vbs_is_open_to_join(const struct vbs_srv *srv)
{
	return (srv->nr_members || srv->place) && !srv->dissolving;
}

/* Where it is, all that was done to the server on its last CPU is seen. */
static inline bool vbs_is_home(struct rq *rq, struct vbs_srv *srv)
{
	/* Pairs with the release in vbs_move(). */
	return smp_load_acquire(&srv->cpu) == cpu_of(rq);
}

/*
 * A server that leaves a CPU leaves its queued members there, in constant time: they
 * are said to count still, and are strays.  It may be back already.
 */
static inline bool vbs_left_behind(struct rq *rq, const struct task_struct *p)
{
	return p->vbs.counted && (!vbs_is_home(rq, p->vbs.server) ||
				  p->vbs.seq <= p->vbs.server->left_seq);
}

/* alloc.c */
int vbs_enable(void);
struct vbs_srv *vbs_srv_alloc(void);
void vbs_srv_free(struct vbs_srv *srv);
void vbs_srv_put(struct vbs_srv *srv);
int vbs_spare_fill(struct vbs_spare *spare);
void vbs_spare_drop(struct vbs_spare *spare);
void vbs_retire_srv(struct vbs_srv *srv);
void vbs_discard_srv(struct rq *rq, struct vbs_srv *srv);
void vbs_discard_booked(struct rq *rq, struct vbs_booked *b);
void vbs_discard_nodes(struct rq *rq);
void vbs_init_free_work(struct rq *rq);

/* budget.c */
void vbs_budget_drop(struct vbs_srv *srv);

#endif /* _KERNEL_SCHED_VBS_SRV_H */
