/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measuring: the error terms that a test may allow, what a member saw itself
 * (its pieces of CPU time), and what the scheduler charged (from the trace).
 */
#ifndef VBS_MEASURE_H
#define VBS_MEASURE_H

#include "vbs_trace.h"

/*
 * Terms of every epsilon, measured at the start of the test, in ns.  A test
 * adds up the terms that its promise names and prints the sum.
 */
struct eps {
	u64 timer;	/* a timer's lateness until the woken task runs */
	u64 irq;	/* the longest interruption of a running task */
	u64 sw;		/* one context switch through the scheduler */
	u64 unit;	/* deadlines are ordered in units of this */
};

const struct eps *eps_measure(void);
/* For seconds: what is compared with thousands of instances */
const struct eps *eps_measure_long(void);
/* The same beside system calls, for the longest section without preemption */
const struct eps *eps_measure_noisy(void);
/*
 * All that admission grants on CPU 0.  Arguments: fair=0 first sets the fair
 * server to 0, so that it is 95 % and not 90 %; cost_ns=c books the cost of a
 * release in each budget: lambda - c is executed then, and no number of releases
 * eats what is left of the CPU.
 */
u64 granted(void);
u64 eps_budget(void);			/* timer + irq */
u64 eps_start(unsigned int releases);	/* + releases * 2 sw + unit */
u64 eps_ticks(u64 len);			/* an interruption per ms of @len */

/* Burning CPU time cheaply under emulation */
void nops(void);
void spin_forever(void *unused) __attribute__((noreturn));
void spin_until(u64 when);
void burn(u64 cpu_time);
/* A timer that kills this process, whatever has the CPU then */
void die_at(u64 when);

/* One system call that keeps the kernel busy; how long it took */
u64 kernel_busy(size_t bytes);
/* Bytes that keep it busy for @ns; to be called after eps_measure() */
size_t kernel_busy_bytes(u64 ns);

/* Some 3 ms with interrupts off, and how long it was; takes no right */
void irqs_off_prepare(void);
u64 irqs_off(void);

/* The pieces in which a task ran, as it saw them on CLOCK_MONOTONIC */
#define REC_GAP		(20 * US)	/* a longer hole ends a piece */
#define REC_MAX		4096

struct piece {
	u64 from;
	u64 to;
};

struct rec {
	volatile u32 gate;
	volatile u32 done;
	volatile u64 t0;
	u32 n;
	struct piece p[REC_MAX];
};

struct rec *rec_new(void);
void rec_until(struct rec *r, u64 when);
u64 rec_len(const struct rec *r, unsigned int i);
void rec_print(const struct rec *r, u64 t0, unsigned int max);
u64 rec_longest_gap(const struct rec *r);
u64 rec_total(const struct rec *r);
void rec_check(const struct rec *r, unsigned int i, u64 t0, u64 from, u64 to,
	       u64 eps, const char *what);

/*
 * An actor sleeps until t0 as the only member of a server whose z and y are
 * long past then, and plays; r is t0 but for its wake-up.
 */
struct actor {
	struct rec rec;
	void (*play)(struct actor *a);
	u64 t0;
	pid_t pid;
};

#define STAGE_DELAY	(300 * MS)

u64 stage(void);	/* a t0 for all actors of a scene; measures once */
struct actor *actor_new(void (*play)(struct actor *a), u64 t0, u64 runtime,
			u64 period, u32 cap);
struct actor *actor_join(void (*play)(struct actor *a), u64 t0,
			 const struct actor *leader);
void actor_end(struct actor *a);
/* Piece @i ran from t0 + @from to t0 + @to */
void actor_check(const struct actor *a, unsigned int i, u64 from, u64 to,
		 u64 eps, const char *what);

/* What the scheduler charged, in time order */
struct slices {
	u64 *end;
	u64 *len;
	size_t n;
};

struct slices service_of(const struct trace *t, const pid_t *pids, size_t n);
struct slices service_vbs_except(const struct trace *t, const pid_t *pids,
				 size_t n);
u64 service_total(const struct slices *s);
u64 service_between(const struct slices *s, u64 from, u64 to);
s64 service_excess(const struct slices *s, double u);
u64 service_gap(const struct slices *s);
void slices_free(struct slices *s);
/*
 * From one switch to the next, whatever the kernel charges: of those at which it
 * came with priority @prio or a higher one, as the kernel counts them
 */
#define PRIO_VBS	(-2)
#define PRIO_ANY	139
u64 on_cpu(const struct trace *t, pid_t pid, int prio);

/* G2: u L + 2 lambda (1 - u) + eps for every window */
bool check_g2(const struct slices *s, double u, u64 runtime, u64 eps,
	      const char *who);

/* Servers that always have work */
#define CROWD_MAX	1024

struct crowd {
	unsigned int n;
	volatile u32 *gate;
	u64 lost;		/* VBS clock = trace clock - lost */
	pid_t pid[CROWD_MAX];
	u64 id[CROWD_MAX];
	u64 runtime[CROWD_MAX];
	u64 period[CROWD_MAX];
	bool aligned[CROWD_MAX];
};

/* How far servers were from (runtime, period), the worst of all, in ns */
struct g1 {
	size_t instances;	/* fewest of any server */
	s64 instance;		/* in one instance */
	s64 run;		/* in any number of consecutive ones */
	s64 tardiness;		/* end of service beyond the deadline */
	u64 broken;		/* instances not released at the last deadline */
	u64 misses;		/* as the kernel counted them */
	u64 lost;		/* time that it believes the CPU did not run */
};

struct crowd *crowd_new(unsigned int n, u64 bw, u64 shortest, u64 longest);
/* One more, released late, with the least cap */
void crowd_add_aligned(struct crowd *c, u64 runtime, u64 period);
void crowd_go(struct crowd *c);
void crowd_end(struct crowd *c);
/*
 * Ends the trace.  What the kernel has counted is read before: the buffer gives
 * its pages back in one long section with interrupts off.
 */
struct g1 crowd_g1(const struct crowd *c, struct trace *t);
void check_g1(const struct g1 *g, size_t instances, u64 eps, u64 tardiness);

/*
 * An attack on neighbours: they must hold G1 over 1000 instances, and what ran
 * as SCHED_VBS beside them must hold G2.  @borrowed is the longest stretch in
 * kernel mode that the attack can begin with budget and end without.
 */
#define SIEGE_EVENTS	(EV_ACCOUNTS | EV_BIT(EV_ADMIT) | EV_BIT(EV_LEAVE))

struct crowd *siege_start(void);
u64 siege_length(void);
/* The neighbours alone had their budgets: what was traced */
struct trace siege_held(struct crowd *c);
void siege_end(struct crowd *c, double u, u64 runtime, u64 borrowed);

#endif /* VBS_MEASURE_H */
