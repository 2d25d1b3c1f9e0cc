// SPDX-License-Identifier: GPL-2.0
/* The holder of a PI mutex, and the member that waits for it */
#include "vbs_pi.h"

static struct pi_cast *cast;	/* of the waiter, which has no argument of its own */

static void wants(struct actor *a)
{
	pthread_mutex_lock(cast->mutex);
	cast->got_at = now_ns();
	pthread_mutex_unlock(cast->mutex);
	rec_until(&a->rec, a->t0 + 25 * MS);
}

struct pi_cast *pi_cast_new(u64 runtime, u64 period, u64 held)
{
	cast = t_shared(sizeof(*cast));
	cast->mutex = pi_mutex_new();
	cast->held = held;
	cast->t0 = stage();
	cast->waiter = actor_new(wants, cast->t0, runtime, period, 0);
	set_fifo(0, 60);
	return cast;
}

void pi_hold(void *arg)
{
	struct pi_cast *c = arg;
	u64 start;

	vbs_leave(0);
	pthread_mutex_lock(c->mutex);
	start = cpu_ns();
	burn(c->held);
	c->owned_for = cpu_ns() - start;
	pthread_mutex_unlock(c->mutex);
	sleep_until(c->t0 + SEC);
}

void pi_start_holder(struct pi_cast *c)
{
	sleep_until(c->t0 - PI_HOG - PI_BEFORE);
	c->consumed = server_val(c->waiter->pid, "consumed");
	c->holder = t_fork(pi_hold, c);
}

u64 pi_ran(const struct pi_cast *c, u64 until)
{
	const struct rec *r = &c->waiter->rec;
	u64 sum = 0;

	for (unsigned int i = 0; i < r->n && r->p[i].from < c->t0 + until; i++)
		sum += rec_len(r, i);
	return sum;
}

u64 pi_charged(const struct pi_cast *c)
{
	return server_val(c->waiter->pid, "consumed") - c->consumed;
}
