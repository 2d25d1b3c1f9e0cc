// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void play(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 25 * MS);
}

static void scene(const char *what)
{
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, 0);
	u64 eps = eps_start(2);	/* the class below looks for another CPU meanwhile */

	actor_end(a);
	actor_check(a, 0, 0, 2 * MS, eps, what);
	actor_check(a, 1, 10 * MS, 12 * MS, eps, what);
	actor_check(a, 2, 20 * MS, 22 * MS, eps, what);
}

static void fifo_until(void *arg)
{
	struct rec *r = arg;

	gate_wait(&r->gate);
	rec_until(r, now_ns() + STAGE_DELAY + 20 * MS);
}

VBS_TEST("VBS runs before FIFO and DEADLINE, and a throttled server leaves them the CPU", 30)
{
	struct rec *r = rec_new();
	pid_t hog;

	need_vbs();
	eps_measure();
	hog = t_fork(spin_forever, NULL);
	admit(SCHED_DEADLINE, hog, 50 * MS, 100 * MS, 0);
	scene("beside DEADLINE");
	t_kill(hog);
	hog = t_fork(fifo_until, r);
	/* the test itself must keep running beside it */
	set_fifo(0, 99);
	set_fifo(hog, 98);
	gate_open(&r->gate);
	scene("beside FIFO 98");
	t_wait(hog);
	t_at_least(r->n, 3, "pieces of the FIFO task: before, between and after");
	/* A timer begins it, another ends it */
	t_near(rec_longest_gap(r), 2 * MS, eps_start(2) + eps_budget(), "its longest gap");
}
