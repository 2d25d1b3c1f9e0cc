// SPDX-License-Identifier: GPL-2.0
#include "vbs_pi.h"

/*
 * The critical section is longer than the server's budget: the holder runs in the
 * server until that is used up, then as what it is, which a FIFO task keeps from
 * running; and again from the next release on.
 */
#define RUNTIME		(2 * MS)
#define PERIOD		(10 * MS)
#define HELD		(5 * MS)	/* half a millisecond of it before t0 */

static void fifo_hog(void *arg)
{
	const struct pi_cast *c = arg;

	sleep_until(c->t0 - PI_HOG);
	spin_until(c->t0 + 60 * MS);
}

VBS_TEST("a holder whose waiter's server is exhausted goes on at the server's next release", 30)
{
	u64 eps, first, second, at;
	struct pi_cast *c;
	pid_t hog;

	need_vbs();
	c = pi_cast_new(RUNTIME, PERIOD, HELD);
	hog = t_fork(fifo_hog, c);
	set_fifo(hog, 50);
	pi_start_holder(c);
	sleep_until(c->t0 + 9 * MS);
	first = pi_charged(c);
	sleep_until(c->t0 + 19 * MS);
	second = pi_charged(c);
	actor_end(c->waiter);
	eps = eps_start(4);
	at = c->got_at - c->t0;
	t_diag("the member had the lock after %.3f ms, its server was charged %.3f and %.3f ms",
	       at / 1e6, first / 1e6, second / 1e6);
	t_near(first, RUNTIME, eps, "charged in the first instance");
	t_near(second, 2 * RUNTIME, eps, "charged in two");
	/* 4.5 ms and the fork are left at t0: two in each instance, the rest in the third */
	t_at_least(at, 20 * MS, "ns until the member has the lock: not before the third instance");
	t_at_most(at, 20 * MS + PI_HELD + eps, "ns until the member has the lock");
	t_kill(c->holder);
	t_kill(hog);
	t_equal(books_empty(SEC), 0, "booked at last");
}
