/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules of a variable-bandwidth server, written a second time from their
 * description: exact, one step at a time, no queue, no clever state.  Independent
 * of kernel/sched/vbs; the differential test drives both.
 */
#ifndef _TESTS_UNIT_MODEL_H
#define _TESTS_UNIT_MODEL_H

#include <stdbool.h>

typedef __int128 wide;

#define MODEL_ONE_CPU	((wide)1 << 20)		/* the unit of caps */
#define MODEL_BORROWS	3
#define MODEL_CUT	1024			/* the unit of the queues, ns */
#define MODEL_FAR	((wide)8000000000)	/* no early start for a deadline beyond */

struct fraction {
	wide num;
	wide den;		/* > 0 */
};

struct model {
	wide cost;		/* c */
	wide ahead;	/* of the clock of aligned releases */
};

struct model_server {
	/* the resource asked for */
	wide runtime, period, cap_next;
	bool align;

	/* the instance, unless it has ended and the next one starts at `start` */
	bool ended;
	wide start;
	wide release, deadline, consumed, cap;
	bool yielded;
	bool early;		/* its release has not come: for the kernel only */
	int borrows;		/* steps since the last release */

	/* z: nothing counts from before z_from; z_ran was executed since */
	wide z_from, z_ran;

	bool far;		/* early, and not yet by its deadline */
	bool competes;		/* by its deadline, as of the last event */
	wide competed_by;	/* the deadline that it was */

	unsigned int nr_user, nr_kernel;
	unsigned int misses;
	bool missed;
};

enum model_state {
	MODEL_BLOCKED,		/* nothing to run */
	MODEL_READY,		/* competes by its deadline */
	MODEL_STOPPED,		/* waits for model_until() */
};

void model_init(struct model_server *s, wide runtime, wide period, wide cap,
		bool align, wide z);
void model_attach(struct model_server *s);
void model_member_add(struct model *m, struct model_server *s, bool kernel,
		      wide t);
void model_member_del(struct model *m, struct model_server *s, bool kernel,
		      wide t);
void model_member_mode(struct model *m, struct model_server *s, bool kernel,
		       wide t);
void model_charge(struct model_server *s, wide delta);
void model_settle(struct model *m, struct model_server *s, wide t);
void model_yield(struct model *m, struct model_server *s, wide t);
void model_switch(struct model *m, struct model_server *s, wide runtime,
		  wide period, wide cap, bool align, wide t);
void model_set_cap(struct model_server *s, wide cap);

enum model_state model_state(const struct model_server *s);
wide model_until(const struct model_server *s);
wide model_budget(const struct model_server *s);
unsigned int model_eligible(const struct model_server *s);
wide model_booked(const struct model_server *s);

/* When the cap that was reduced may be freed if the server stays blocked */
wide model_free_at(const struct model_server *s);
void model_cap_freed(struct model_server *s);

struct fraction model_y(const struct model_server *s);
struct fraction model_z(const struct model_server *s);
wide round_up(struct fraction f);
int compare(struct fraction a, struct fraction b);

#endif /* _TESTS_UNIT_MODEL_H */
