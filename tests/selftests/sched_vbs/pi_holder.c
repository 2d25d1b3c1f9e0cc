// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * A fair task holds a PI mutex and still has 1 ms to go, but a FIFO task keeps
 * the CPU.  A member of a server of (4, 10) ms wants the mutex.
 */
#define HELD	(1 * MS)
#define HOG	(100 * US)	/* before t0 */

static pthread_mutex_t *mutex;
static volatile u64 *got_at;

static void holder(void *arg)
{
	vbs_leave(0);
	pthread_mutex_lock(mutex);
	burn(HELD);
	pthread_mutex_unlock(mutex);
	sleep_until(*(u64 *)arg + SEC);
}

static void wants(struct actor *a)
{
	pthread_mutex_lock(mutex);
	*got_at = now_ns();
	pthread_mutex_unlock(mutex);
	rec_until(&a->rec, a->t0 + 25 * MS);
}

/* Comes when the holder has had half of its time */
static void fifo_hog(void *arg)
{
	sleep_until(*(u64 *)arg - HOG);
	spin_until(*(u64 *)arg + 30 * MS);
}

VBS_TEST("the holder of a lock that a member waits for runs in the member's server", 30)
{
	u64 t0, before, after, eps;
	struct actor *a;
	pid_t hog, owner;

	need_vbs();
	mutex = pi_mutex_new();
	got_at = t_shared(sizeof(*got_at));
	t0 = stage();
	a = actor_new(wants, t0, 4 * MS, 10 * MS, 0);
	set_fifo(0, 60);
	hog = t_fork(fifo_hog, &t0);
	set_fifo(hog, 50);
	sleep_until(t0 - HOG - HELD / 2);
	before = server_val(a->pid, "consumed");
	owner = t_fork(holder, &t0);
	sleep_until(t0 + 5 * MS);
	after = server_val(a->pid, "consumed");
	actor_end(a);
	eps = eps_start(4);	/* in turn: the member, the holder, the member */
	/* the fork comes first, then half of it */
	t_at_least(*got_at - t0, HELD / 2 - eps, "ns until the member has the lock");
	t_at_most(*got_at - t0, HELD + eps, "ns until the member has the lock");
	t_near(after - before, 4 * MS, eps, "charged to its server in the first instance");
	/* what the holder ran is missing from the member's first instance */
	t_near(rec_len(&a->rec, 0), 4 * MS - (*got_at - t0), eps, "what is left of the budget");
	t_kill(owner);
}
