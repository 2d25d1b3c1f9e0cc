// SPDX-License-Identifier: GPL-2.0
#include "vbs_pi.h"

/*
 * The member waits for A, which waits for B, both fair; a FIFO task keeps the CPU.
 * B runs in the server, then A, and then the member; all that is charged to it.
 */
#define RUNTIME		(4 * MS)
#define PERIOD		(10 * MS)

static pthread_mutex_t *inner;

static void outer_holder(void *arg)
{
	struct pi_cast *c = arg;

	vbs_leave(0);
	pthread_mutex_lock(c->mutex);
	pthread_mutex_lock(inner);
	burn(PI_HELD);
	pthread_mutex_unlock(inner);
	pthread_mutex_unlock(c->mutex);
	sleep_until(c->t0 + SEC);
}

static void inner_holder(void *arg)
{
	struct pi_cast *c = arg;

	vbs_leave(0);
	pthread_mutex_lock(inner);
	sleep_until(c->t0 - PI_HOG - PI_BEFORE / 2);	/* A comes meanwhile */
	burn(c->held);
	pthread_mutex_unlock(inner);
	sleep_until(c->t0 + SEC);
}

static void fifo_hog(void *arg)
{
	const struct pi_cast *c = arg;

	sleep_until(c->t0 - PI_HOG);
	spin_until(c->t0 + 30 * MS);
}

VBS_TEST("a chain of holders runs in the server of the member at its end", 30)
{
	struct pi_cast *c;
	pid_t hog, second;
	u64 eps, charged;

	need_vbs();
	inner = pi_mutex_new();
	c = pi_cast_new(RUNTIME, PERIOD, PI_HELD);
	hog = t_fork(fifo_hog, c);
	set_fifo(hog, 50);
	sleep_until(c->t0 - PI_HOG - PI_BEFORE - MS / 4);
	second = t_fork(inner_holder, c);
	sleep_ns(50 * US);
	pi_start_holder(c, outer_holder);
	sleep_until(c->t0 + 9 * MS);
	charged = pi_charged(c);
	actor_end(c->waiter);
	eps = eps_start(6);
	t_diag("the member had the lock after %.3f ms, its server was charged %.3f ms",
	       (c->got_at - c->t0) / 1e6, charged / 1e6);
	t_at_least(c->got_at - c->t0, PI_HELD + PI_BEFORE, "ns until the member has the lock: A's whole section");
	t_at_most(c->got_at - c->t0, 2 * PI_HELD + eps, "ns until the member has the lock");
	t_near(charged, RUNTIME, eps, "charged to its server in the first instance");
	t_near(rec_len(&c->waiter->rec, 0), RUNTIME - (c->got_at - c->t0), eps,
	       "what both have left of the budget");
	t_kill(c->holder);
	t_kill(second);
	t_kill(hog);
	t_equal(books_empty(SEC), 0, "booked at last");
}
