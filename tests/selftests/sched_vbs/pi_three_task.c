// SPDX-License-Identifier: GPL-2.0
#include "vbs_pi.h"

/*
 * The classic inversion: a fair task holds a lock, something in the middle keeps
 * the CPU, a member of a server of (4, 10) ms wants the lock.  The middle is a
 * FIFO task, or a member of a server of (2, 5) ms, whose deadlines are earlier.
 */
#define RUNTIME		(4 * MS)
#define PERIOD		(10 * MS)
#define MIDDLE		(2 * MS)

static void fifo_hog(void *arg)
{
	const struct pi_cast *c = arg;

	sleep_until(c->t0 - PI_HOG);
	spin_until(c->t0 + 30 * MS);
}

static void vbs_hog(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 30 * MS);
}

static void play(struct pi_cast *c, u64 middle, const char *what)
{
	u64 left = c->held - PI_BEFORE, eps, charged;

	pi_start_holder(c);
	sleep_until(c->t0 + 9 * MS);
	charged = pi_charged(c);
	actor_end(c->waiter);
	eps = eps_start(4);
	t_diag("%s: the member had the lock after %.3f ms, its server was charged %.3f ms",
	       what, (c->got_at - c->t0) / 1e6, charged / 1e6);
	/* the fork costs some of the time before */
	t_at_least(c->got_at - c->t0, left - eps, "%s: ns until the member has the lock", what);
	t_at_most(c->got_at - c->t0, middle + c->held + eps,
		  "%s: ns until the member has the lock", what);
	/* a wake-up beyond y begins a new instance, so that both may have more than lambda */
	t_near(charged, pi_ran(c, PERIOD) + c->got_at - c->t0 - middle, eps + eps_ticks(PERIOD),
	       "%s: charged to its server: itself and the holder", what);
	t_kill(c->holder);
}

static void beside_fifo(void)
{
	struct pi_cast *c = pi_cast_new(RUNTIME, PERIOD, PI_HELD);
	pid_t hog = t_fork(fifo_hog, c);

	set_fifo(hog, 50);
	play(c, 0, "beside a FIFO task");
	t_kill(hog);
}

/* It has 2 ms from its wake-up on, and the next 2 ms only 5 ms after that */
static void beside_server(void)
{
	struct pi_cast *c = pi_cast_new(RUNTIME, PERIOD, PI_HELD);
	struct actor *hog = actor_new(vbs_hog, c->t0 - PI_HOG, MIDDLE, 5 * MS, 0);

	play(c, MIDDLE - PI_HOG, "beside a server");
	t_kill(hog->pid);
}

VBS_TEST("three-task inversion: a member waits for the section and its server's gap", 40)
{
	need_vbs();
	beside_fifo();
	t_equal(books_empty(SEC), 0, "booked between");
	beside_server();
	t_equal(books_empty(SEC), 0, "booked at last");
}
