/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fair task has a PI mutex and a member of a server wants it.  The holder gets
 * half of its time before the member wakes at t0, the rest after that.
 */
#ifndef VBS_PI_H
#define VBS_PI_H

#include "vbs_measure.h"

#define PI_HELD		(1 * MS)
#define PI_BEFORE	(PI_HELD / 2)	/* of that, until the hog comes */
#define PI_HOG		(100 * US)	/* it comes so long before t0 */

struct pi_cast {
	u64 t0;
	pthread_mutex_t *mutex;
	u64 held;			/* CPU time with the mutex */
	volatile u64 got_at, owned_for;	/* the member has it; what the holder executed with it */
	volatile pid_t holder;
	struct actor *waiter;
	u64 consumed;			/* by the server, before t0 */
};

/* The member takes the mutex at t0, gives it back and then runs until t0 + 25 ms */
struct pi_cast *pi_cast_new(u64 runtime, u64 period, u64 held);
/* Starts the fair holder in time for half of PI_HELD */
void pi_start_holder(struct pi_cast *c);
void pi_hold(void *cast);
/* What the waiter itself executed before t0 + @until, having had the mutex */
u64 pi_ran(const struct pi_cast *c, u64 until);
/* What the server was charged since the cast came on stage */
u64 pi_charged(const struct pi_cast *c);

#endif /* VBS_PI_H */
