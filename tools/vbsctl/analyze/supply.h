/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The least CPU time that a server gives while it has work.
 *
 * A server that always has work executes its budget once in each instance,
 * and instances follow one another at the period: the periodic resource of
 * Shin and Lee (RTSS 2003).  In the worst case a window opens when the budget
 * of one instance has just been spent at its very start, and the next budget
 * comes at the very end of its instance: nothing for 2(period - budget).
 * A server that wakes up before its zero-lag point goes on with its old
 * instance, which is no later than that.  Aligned (late) release adds: work
 * that arrives just after a multiple of the period waits for the next one.
 *
 * All times in ns.  Overhead is charged to the budget by the kernel, so what
 * the members get is budget - overhead, wherever in the instance it falls.
 */
#ifndef VBSCTL_ANALYZE_SUPPLY_H
#define VBSCTL_ANALYZE_SUPPLY_H

#include <stdint.h>

#include "base/exact.h"
#include "vbs/params.h"

struct supply {
	uint64_t budget;	/* of the members, per period; > 0 */
	uint64_t period;
	bool aligned;
};

/* false if the overhead leaves the members nothing */
bool supply_init(struct supply *s, const struct resource *res, uint64_t overhead,
		 bool aligned);

/* The longest time without any supply */
u128 supply_gap(const struct supply *s);

/* The least supply in any window of that length: sbf(window) */
u128 supply_bound(const struct supply *s, u128 window);

/* The shortest window that is sure to supply @work: its inverse */
u128 supply_time(const struct supply *s, u128 work);

/*
 * The same where the window opens with the activation of an idle server, at or
 * beyond its zero-lag point: its first instance begins then, so the budget comes by
 * the end of it, and in every instance after it.
 */
u128 supply_time_full(const struct supply *s, u128 work);

/*
 * The same as supply_time() where the server switches once, at any time, to @to.
 *
 * A switch at t releases at max(t, z), and z <= y = r + e period/budget.  Of all
 * instants at which exactly e of an instance is executed the last is
 * r + period - budget + e at the earliest, where an adversary keeps it waiting, and
 * y <= r + period - budget + e for e <= budget: so the wait for z is never longer
 * than the wait for the next execution would have been.  Let @done be executed
 * before the switch: @to begins by the last instant with just that much, and the
 * rest comes from a new instance.  Both parts are steps of @done with the same slope
 * between them, and their sum is largest right behind a step: behind each budget of
 * @s, and in front of each of @to, counted from the end.
 */
u128 supply_switched(const struct supply *s, const struct supply *to, u128 work);

#endif
