// SPDX-License-Identifier: GPL-2.0
#include "vbs_pi.h"

/*
 * The member waits for A, which waits for B, both fair; a FIFO task keeps the CPU.
 * B has half of its section behind it.  It runs in the server, then A, and then
 * the member; all that is charged to it.
 */
#define RUNTIME		(4 * MS)
#define PERIOD		(10 * MS)

static pthread_mutex_t *inner;

static void first(void *arg)
{
	struct pi_cast *c = arg;

	vbs_leave(0);
	sleep_until(c->t0 - 20 * MS);
	pthread_mutex_lock(c->mutex);
	pthread_mutex_lock(inner);
	burn(PI_HELD);
	pthread_mutex_unlock(inner);
	pthread_mutex_unlock(c->mutex);
	sleep_until(c->t0 + SEC);
}

static void second(void *arg)
{
	struct pi_cast *c = arg;

	vbs_leave(0);
	pthread_mutex_lock(inner);
	sleep_until(c->t0 - PI_HOG - PI_BEFORE);
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
	u64 eps, charged, took;
	pid_t pids[3];
	struct pi_cast *c;

	need_vbs();
	inner = pi_mutex_new();
	c = pi_cast_new(RUNTIME, PERIOD, PI_HELD);
	pids[0] = t_fork(first, c);
	pids[1] = t_fork(second, c);
	pids[2] = t_fork(fifo_hog, c);
	set_fifo(pids[2], 50);
	sleep_until(c->t0 - 10 * MS);
	c->consumed = server_val(c->waiter->pid, "consumed");
	sleep_until(c->t0 + 9 * MS);
	charged = pi_charged(c);
	actor_end(c->waiter);
	eps = eps_start(6);
	took = c->got_at - c->t0;
	t_diag("the member had the lock after %.3f ms, its server was charged %.3f ms",
	       took / 1e6, charged / 1e6);
	/* what is left of B's section, and A's; each hands over by system calls */
	t_at_least(took, PI_HELD - PI_BEFORE + PI_HELD, "ns until the member has the lock");
	t_at_most(took, PI_HELD - PI_BEFORE + PI_HELD + eps_start(24) + eps_ticks(took),
		  "ns until the member has the lock");
	t_near(charged, RUNTIME, eps, "charged to its server in the first instance");
	t_near(pi_ran(c, PERIOD), RUNTIME - took, eps, "what both have left of the budget");
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		t_kill(pids[i]);
	t_equal(books_empty(SEC), 0, "booked at last");
}
