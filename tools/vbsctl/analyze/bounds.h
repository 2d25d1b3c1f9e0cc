/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Response-time bounds of tasks that are the members of one server.
 *
 * Each task is one member (thread) whose jobs arrive at least a period apart
 * and need at most a cost; it does not block within a job.  Members run in
 * FIFO order with a slice: one that runs for a whole slice goes to the tail.
 */
#ifndef VBSCTL_ANALYZE_BOUNDS_H
#define VBSCTL_ANALYZE_BOUNDS_H

#include "analyze/supply.h"

#define LOAD_MAX	64

struct load {
	struct load_task task[LOAD_MAX];
	int tasks;
	bool alone;	/* the one task is the only member, and blocks between its jobs */
};

enum theory {
	BY_NONE,	/* no bound: the load exceeds the server's bandwidth */
	BY_ALONE,	/* one task: max over its jobs k of sbf^-1(kC) - (k-1)T */
	BY_FULL,	/* the same from an activation: max of W(kC) - (k-1)T */
	BY_FIFO,	/* sbf^-1(sum of the costs) */
	BY_SLICES,	/* each other member once per slice of this one */
	BY_BUSY,	/* the longest busy window: true for any order */
};

struct bound {
	enum theory theory;
	u128 response;
};

/* The sum of cost/period, exactly; false if it has no 128-bit form */
bool load_share(const struct load *load, struct ratio *share);

/* bound[i] for each task; share is that of load_share() */
void load_bounds(const struct load *load, const struct supply *s, uint64_t slice,
		 struct ratio share, struct bound *bound);

bool bound_meets(const struct bound *bound, const struct load_task *task);
const char *theory_name(enum theory theory);

#endif
