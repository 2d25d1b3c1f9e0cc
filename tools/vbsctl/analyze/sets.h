/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of servers on one CPU: admission, and what they leave to others. */
#ifndef VBSCTL_ANALYZE_SETS_H
#define VBSCTL_ANALYZE_SETS_H

#include "base/exact.h"
#include "vbs/machine.h"
#include "vbs/params.h"

#define SET_MAX	64

struct server_set {
	struct server_spec server[SET_MAX];
	int servers;
};

/* What admission may book on a CPU, in units, rounded down */
uint32_t capacity_host(const struct machine *m);

/* The same in a guest whose vCPU has only the resource @vcpu */
uint32_t capacity_guest(const struct machine *m, const struct resource *vcpu);

/* Sum of the caps, in units */
uint64_t set_booked(const struct server_set *set);

/* The cap for members that get the whole budget: (budget + overhead)/period */
uint32_t cap_with_overhead(const struct server_spec *spec, uint64_t overhead);

/* What members may do, each with what is before it */
enum assumption {
	USER_MODE,	/* nobody is in the kernel when a budget ends */
	KERNEL_MODE,	/* 3 budgets are borrowed there */
	SWITCHING,	/* any resource within the cap and the limits */
	ASSUMPTIONS
};

/* What a set leaves to lower classes */
struct rest {
	const struct server_set *set;
	const struct vbs_limits *limits;
	struct resource vcpu;		/* period 0: a CPU of its own */
	enum assumption assume;
};

/* The longest time that lower classes may wait; false if there is no bound */
bool set_blackout(const struct rest *rest, u128 *ns);

/*
 * How late a SCHED_DEADLINE task bound to this CPU may be that is admitted
 * into what is left; false if there is no bound.
 */
bool set_tardiness(const struct rest *rest, u128 *ns);

/*
 * A server's execution in any window: at most u L + 2 budget (1 - u), and
 * 3 budgets more if its members borrow in the kernel
 */
u128 demand_bound(const struct resource *res, u128 window, bool borrows);

struct change {
	struct resource from, to;
	uint32_t cap;
	uint64_t overhead;
	bool aligned;
};

/* From a switch to the first execution under the new resource, at most */
u128 switch_bound(const struct change *change, bool borrows);

#endif
