/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A CPU and a few servers for tests that state each step and each result.
 * Times are in nanoseconds; MS and US make them readable.
 */
#ifndef _TESTS_UNIT_BED_H
#define _TESTS_UNIT_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include CORE_H

#define US		1000ULL
#define MS		1000000ULL
#define HALF		(VBS_BW_UNIT / 2)
#define NR_SERVERS	80
#define USER		false
#define KERNEL		true

struct bed {
	struct vbs_cpu cpu;
	struct vbs_server s[NR_SERVERS];
	struct vbs_booking b;
	struct vbs_qnode node[VBS_NODES_PER_ENT * (NR_SERVERS + 1)];
	unsigned int nr, nr_nodes;
	u64 now;
	u64 ahead;		/* of it: the clock of aligned releases */
	u32 freed;		/* by vbs_env_cap_freed() so far */
	bool over;		/* the booking */
	bool fair;		/* the core asked for it */
	bool recall;		/* and for this */
	const struct vbs_server *judge;	/* always has work */
	u64 late;		/* the most that it executed after a deadline */
};

extern struct bed bed;

/* An empty CPU, at time @now */
void bed_start(u64 now);

/* A server with nothing runnable, its cap booked */
struct vbs_server *enter(u64 runtime, u64 period, u32 cap);
/* An empty CPU whose releases cost 10 us, and a server of 2 in 10 ms with a member */
struct vbs_server *enter_where_releases_cost(bool kernel);
struct vbs_server *enter_z(u64 runtime, u64 period, u32 cap, bool align, u64 z);

void give_nodes(void);
void take_nodes(void);
void wake(struct vbs_server *s, bool kernel);
void stop(struct vbs_server *s, bool kernel);
void mode(struct vbs_server *s, bool kernel);
void run(struct vbs_server *s, u64 ns);	/* charged and settled */
void at(u64 t);				/* time passes, releases are due */
void late_at(u64 t);			/* time passes, nobody looks */
void edf(u64 t);			/* the earliest deadlines run until t */
/* The same until @s has executed @ns in all */
void edf_until(const struct vbs_server *s, u64 ns);
void switch_to(struct vbs_server *s, u64 runtime, u64 period);
void switch_cap(struct vbs_server *s, u64 runtime, u64 period, u32 cap);
void ask_cap(struct vbs_server *s, u32 cap);
void yield(struct vbs_server *s);

#define is_ready(s)							\
	assert_true((s)->state == VBS_READY && vbs_nr_eligible(s))
#define waits_until(s, t)						\
do {									\
	assert_int_equal(vbs_nr_eligible(s), 0);			\
	assert_true((s)->wait.ent.queued);				\
	assert_int_equal((s)->wait.due, t);				\
} while (0)
#define instance(s, r, d, e)						\
do {									\
	assert_int_equal((s)->release, r);				\
	assert_int_equal((s)->deadline, d);				\
	assert_int_equal((s)->consumed, e);				\
} while (0)

#endif /* _TESTS_UNIT_BED_H */
