/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS core: servers, their queue and admission, as plain C on plain
 * structs.  No function here sleeps, allocates or reads a clock: `now` is an
 * argument.  Compiles in user space too, against tests/unit/shim.h.
 *
 * Times are u64 nanoseconds of the CPU's VBS clock (rq_clock less lost time).
 * Bandwidths are fixed point, VBS_BW_UNIT is one CPU.
 *
 * Locking: all of a struct vbs_cpu, and of the servers and bookings that are
 * attached to it, is protected by the lock of that CPU's runqueue; struct
 * vbs_admission by its own lock, which nests inside.
 */
#ifndef _KERNEL_SCHED_VBS_CORE_CORE_H
#define _KERNEL_SCHED_VBS_CORE_CORE_H

#ifdef __KERNEL__
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/types.h>
#else
#include "shim.h"
#endif
#include <uapi/linux/sched/vbs.h>

/* ---- queue.c: constant-time queue ------------------------------------- */

#define VBS_KEY_SHIFT		10	/* the queue's unit: 1.024 us */
#define VBS_KEY_BITS		24	/* compared circularly: 17.2 s in all */
#define VBS_TOP_BITS		12
#define VBS_NODE_BITS		6
#define VBS_NODE_SLOTS		BIT(VBS_NODE_BITS)
#define VBS_TOP_SLOTS		BIT(VBS_TOP_BITS)
#define VBS_NODES_PER_ENT	2	/* a path needs one node on each lower level */

/* Keys are valid in [now - BEHIND, now + AHEAD]; add clamps to it. */
#define VBS_KEY_AHEAD		BIT_ULL(33)
#define VBS_KEY_BEHIND		(BIT_ULL(33) - BIT_ULL(20))

struct vbs_qent {
	struct list_head link;	/* FIFO among equal keys */
	u64 when;		/* ns, as given to vbs_queue_add(), not clamped */
	u32 key;
	bool queued;
};

struct vbs_qnode {
	u64 map;
	union {
		void *slot[VBS_NODE_SLOTS];	/* nodes and entries, see queue.c */
		struct vbs_qnode *next_free;
	};
};

/* Interchangeable nodes, donated by each entity that may be queued. */
struct vbs_pool {
	struct vbs_qnode *free;
	unsigned int nr_free;
	unsigned int nr;
};

struct vbs_queue {
	struct vbs_qent *first;
	struct vbs_pool *pool;
	unsigned int nr;
	u64 words;			/* which words of map are not zero */
	u64 map[VBS_TOP_SLOTS / 64];
	void *top[VBS_TOP_SLOTS];
};

void vbs_pool_give(struct vbs_pool *pool, struct vbs_qnode *node);
struct vbs_qnode *vbs_pool_take(struct vbs_pool *pool);
void vbs_queue_init(struct vbs_queue *q, struct vbs_pool *pool);
void vbs_queue_add(struct vbs_queue *q, struct vbs_qent *ent, u64 when, u64 now);
void vbs_queue_del(struct vbs_queue *q, struct vbs_qent *ent);
bool vbs_queue_holds(const struct vbs_queue *q, const struct vbs_qent *ent);

static inline struct vbs_qent *vbs_queue_first(const struct vbs_queue *q)
{
	return q->first;
}

/* Is key a before key b, circularly? */
static inline bool vbs_key_before(u32 a, u32 b)
{
	return ((a - b) & ((1U << VBS_KEY_BITS) - 1)) >> (VBS_KEY_BITS - 1);
}

/* ---- admit.c: caps booked per CPU ------------------------------------- */

#define VBS_BUCKETS		64
#define VBS_BUCKET_SHIFT	(VBS_BW_SHIFT - 6)

struct vbs_adm_cpu {
	u32 capacity;		/* C: what may be booked in all */
	u32 booked;
	bool online;		/* takes new servers */
	u8 bucket;		/* of the spare bandwidth, while online */
};

struct vbs_admission {
	struct vbs_adm_cpu *cpu;	/* nr_cpu_ids entries */
	u64 buckets;			/* which bucket has a CPU */
	struct cpumask *mask;		/* VBS_BUCKETS masks */
};

/* A cap that stays booked on a CPU until its owner's termination point. */
struct vbs_booking;

u64 vbs_bw_to_capacity(u32 bw, unsigned long capacity);
u32 vbs_bw_of_capacity(u32 left, unsigned long capacity);
void vbs_adm_set_capacity(struct vbs_admission *adm, int cpu, u32 capacity);
void vbs_adm_set_online(struct vbs_admission *adm, int cpu, bool online);
u32 vbs_adm_spare(const struct vbs_admission *adm, int cpu);
int vbs_adm_best(const struct vbs_admission *adm, const struct cpumask *mask,
		 u32 want, u32 *spare);
bool vbs_adm_fits(const struct vbs_admission *adm, int cpu, u32 bw);
void vbs_adm_book(struct vbs_admission *adm, int cpu, u32 bw);
void vbs_adm_free(struct vbs_admission *adm, int cpu, u32 bw);

/* ---- server.c: the state machine -------------------------------------- */

#define VBS_RUNTIME_MIN		10000ULL	/* ns */
#define VBS_PERIOD_LIMIT	1000000000ULL	/* what the arithmetic allows */
#define VBS_MAX_BORROWS		3
/* e saturates here, so that e * period < 2^63: 2^33 * 2^30 */
#define VBS_CONSUMED_MAX	BIT_ULL(33)
/*
 * A release further away than this waits under the key now + 8 s; who has a
 * deadline further away waits, too.
 */
#define VBS_WAIT_MAX		8000000000ULL

enum vbs_state {
	VBS_IDLE,	/* no runnable member */
	VBS_READY,	/* in the ready queue, keyed by deadline */
	VBS_THROTTLED,	/* in the wait queue until its deadline (next release) */
	VBS_WAITING,	/* in the wait queue until max(t, z), or an aligned release */
};

enum vbs_why {		/* why a server stopped, for the trace */
	VBS_WHY_BUDGET,
	VBS_WHY_YIELD,
	VBS_WHY_BORROW,
	VBS_WHY_FAIR,	/* members in the kernel go on as fair tasks */
	VBS_WHY_WAITING,
};

struct vbs_params {
	u64 runtime;		/* lambda, ns */
	u64 period;		/* pi, ns */
	u32 cap;		/* u */
	bool align;
};

struct vbs_stats {
	u64 consumed;
	u64 instances;
	u64 misses;
	u64 overruns;
	u64 overrun_worst;
	u64 switches;
	u64 switch_worst;
	u64 release_worst;
	u64 skipped;
	u64 fair;
};

/* What waits in the wait queue: a server for its release, or a booking. */
struct vbs_wait {
	struct vbs_qent ent;
	u64 due;		/* ent.when is at most VBS_WAIT_MAX away */
	bool is_server;
};

struct vbs_server {
	/* The instance */
	u64 release;		/* r */
	u64 deadline;		/* d */
	u64 consumed;		/* e */
	u64 start;		/* s, of a server that has ended */
	u64 z;			/* termination point, rounded down */
	u32 z_rem;		/* its remainder: z + z_rem/cap is exact */
	u32 cap;		/* of the present instance */

	/* The resource: in force, and the cap last asked for */
	u64 runtime;
	u64 period;
	u32 cap_next;
	bool align;

	u8 state;		/* enum vbs_state */
	u8 borrows;		/* steps since the last release */
	bool ended;		/* next release at max(t, z): entry, switch, move */
	bool yielded;		/* no budget until d */
	bool early;		/* entered before its release: kernel mode only */
	bool missed;		/* this instance's miss is counted */

	unsigned int nr_user;	/* runnable members at the user boundary */
	unsigned int nr_kernel;	/* runnable members in the kernel, or running */
	unsigned int nr_lent;	/* of nr_user: it is lent to them, for a lock */
	unsigned int nr_fair;	/* gone on as fair tasks; changes without the lock */

	struct vbs_qent ready;	/* in vbs_cpu::ready */
	struct vbs_wait wait;	/* in vbs_cpu::wait */

	u64 align_offset;	/* the clock of the multiples - VBS clock */
	u64 switched_at;	/* of the last switch, until its first execution */
	u64 released_at;	/* of the last release, until its first execution */
	struct vbs_stats stats;
};

struct vbs_booking {
	struct vbs_wait wait;
	u32 amount;		/* protected by the admission lock */
};

struct vbs_cpu {
	struct vbs_queue ready;
	struct vbs_queue wait;
	struct vbs_pool pool;
	u64 release_cost;	/* c, ns */
};

void vbs_server_init(struct vbs_server *s, const struct vbs_params *p, u64 z);
void vbs_server_attach(struct vbs_server *s);
void vbs_server_detach(struct vbs_cpu *c, struct vbs_server *s);

/* Members */
void vbs_member_add(struct vbs_cpu *c, struct vbs_server *s, bool kernel, u64 now);
void vbs_member_del(struct vbs_cpu *c, struct vbs_server *s, bool kernel, u64 now);
unsigned int vbs_members_forget(struct vbs_server *s);
void vbs_member_mode(struct vbs_server *s, bool kernel);

/* Execution */
void vbs_charge(struct vbs_server *s, u64 delta);
void vbs_settle(struct vbs_cpu *c, struct vbs_server *s, u64 now);
void vbs_runs(struct vbs_server *s, u64 now);
void vbs_yield(struct vbs_server *s);
u64 vbs_budget_left(const struct vbs_server *s);
u64 vbs_zero_lag(const struct vbs_server *s);
u64 vbs_termination(const struct vbs_server *s);

/* Changes */
void vbs_switch(struct vbs_cpu *c, struct vbs_server *s,
		const struct vbs_params *p, u64 now);
void vbs_set_cap(struct vbs_cpu *c, struct vbs_server *s, u32 cap, u64 now);

void vbs_server_due(struct vbs_cpu *c, struct vbs_server *s, u64 now);

/* ---- resource.c: returns 0, or the reason (enum vbs_reject_reason) ------- */

u64 vbs_bandwidth(const struct vbs_params *p);	/* the least cap, rounded up */
enum vbs_reject_reason vbs_params_in_cap(const struct vbs_params *p);

/* ---- cpu.c: who is ready and who waits --------------------------------- */

void vbs_cpu_init(struct vbs_cpu *c);
void vbs_wait_add(struct vbs_cpu *c, struct vbs_wait *w, u64 due, u64 when, u64 now);
struct vbs_server *vbs_first_ready(struct vbs_cpu *c);
bool vbs_next_release(struct vbs_cpu *c, u64 *when);
unsigned int vbs_release_due(struct vbs_cpu *c, u64 now, unsigned int max);
void vbs_booking_add(struct vbs_cpu *c, struct vbs_booking *b, u64 until, u64 now);
void vbs_booking_extend(struct vbs_booking *b, u64 until);

/* ---- align.c: multiples of pi on another clock ------------------------- */

void vbs_align_look(struct vbs_cpu *c, struct vbs_server *s);
u64 vbs_align_up(const struct vbs_server *s, u64 t);
u64 vbs_align_near(const struct vbs_server *s, u64 t);
void vbs_realign(struct vbs_cpu *c, struct vbs_server *s, u64 now);
u64 vbs_align_again(const struct vbs_server *s, u64 due, u64 now);

/* ---- check.c: what must be true of a server ----------------------------- */

const char *vbs_server_fault(const struct vbs_cpu *c, const struct vbs_server *s);

/* ---- gap.c: time that the CPU did not run ------------------------------ */

#define VBS_GAP_MIN		1000000LL	/* ns; what is shorter is no gap */
#define VBS_GAP_SURE		5000000000ULL

/**
 * struct vbs_gap - what is known of an interrupt that came too late
 * @late: ns, without those in which the CPU ran interrupts
 * @vouched: ns of them in which it did not run, as somebody says who knows
 * @allowed: ns that it may be away without harm to what is booked
 * @open: it came from where interrupts were on
 */
struct vbs_gap {
	s64 late;
	u64 vouched;
	u64 allowed;
	bool open;
};

u64 vbs_gap_lost(const struct vbs_gap *gap);

/*
 * What the core asks of its surroundings; the lock of the CPU is held.
 * vbs_env_runnable: the number of members that may be picked has changed.
 * vbs_env_fair: members in the kernel are lent nothing more, or there is nothing
 * for those that the server is lent to: let them go on in their own class, counted
 * in nr_fair before vbs_member_del() is called for them.
 * vbs_env_recall: those that do may come back, by vbs_member_add().
 * vbs_env_align_offset: what the clock of aligned release is ahead of the VBS
 * clock, now.
 */
void vbs_env_runnable(struct vbs_cpu *c, struct vbs_server *s);
void vbs_env_released(struct vbs_cpu *c, struct vbs_server *s, u64 debt);
void vbs_env_stopped(struct vbs_cpu *c, struct vbs_server *s, enum vbs_why why,
		     u64 until);
void vbs_env_fair(struct vbs_cpu *c, struct vbs_server *s);
void vbs_env_recall(struct vbs_cpu *c, struct vbs_server *s);
void vbs_env_cap_freed(struct vbs_cpu *c, struct vbs_server *s, u32 amount);
void vbs_env_booking_over(struct vbs_cpu *c, struct vbs_booking *b);
u64 vbs_env_align_offset(struct vbs_cpu *c, struct vbs_server *s);

static inline unsigned int vbs_nr_runnable(const struct vbs_server *s)
{
	return s->nr_kernel + s->nr_user;
}

/* Members that may be picked now: all, those in the kernel, or none. */
static inline unsigned int vbs_nr_eligible(const struct vbs_server *s)
{
	if (s->state != VBS_READY)
		return 0;
	return s->nr_kernel + (s->early ? 0 : s->nr_user);
}

#endif /* _KERNEL_SCHED_VBS_CORE_CORE_H */
