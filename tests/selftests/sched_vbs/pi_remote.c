// SPDX-License-Identifier: GPL-2.0
#include "vbs_pi.h"

/*
 * The holder is queued on another CPU, below a FIFO task there.  If it may run on
 * the member's CPU it comes and runs in the server; else it is boosted where it
 * is, to what the member might ask for, and charged to nobody.
 */
#define RUNTIME		(40 * MS)
#define PERIOD		(100 * MS)
#define HELD		(10 * MS)
#define NOISE		(8 * MS)	/* two host CPUs that others use as well */

static void holds(void *arg)
{
	struct pi_cast *c = arg;

	pin_to(0, 1);
	pi_hold(c);
}

static void fifo_hog(void *arg)
{
	const struct pi_cast *c = arg;

	pin_to(0, 1);
	sleep_until(c->t0 - 5 * MS);
	spin_until(c->t0 + 300 * MS);
}

static void scene(bool may_move)
{
	struct pi_cast *c = pi_cast_new(RUNTIME, PERIOD, HELD);
	const char *what = may_move ? "it may move" : "it is pinned";
	pid_t hog = t_fork(fifo_hog, c);
	cpu_set_t all;
	u64 charged = 0;

	pin_to(c->waiter->pid, 0);
	set_fifo(hog, 50);
	sleep_until(c->t0 - 10 * MS);
	c->consumed = server_val(c->waiter->pid, "consumed");
	c->holder = t_fork(holds, c);
	sleep_until(c->t0 - 2 * MS);
	memset(&all, 0xff, sizeof(all));
	if (may_move)
		sched_setaffinity(c->holder, sizeof(all), &all);
	while (!c->got_at && now_ns() < c->t0 + 250 * MS) {
		charged = pi_charged(c);
		sleep_ns(200 * US);
	}
	t_diag("%s: the member had the lock after %.3f ms, its server was charged %.3f ms",
	       what, c->got_at ? (c->got_at - c->t0) / 1e6 : -1.0, charged / 1e6);
	t_ok(c->got_at && c->got_at - c->t0 < HELD + 5 * NOISE,
	     "%s: the member has the lock after the critical section", what);
	if (may_move)
		t_at_least(charged, HELD / 4, "%s: ns charged to the member's server", what);
	else
		t_at_most(charged, HELD / 4, "%s: ns charged to the member's server", what);
	t_kill(c->holder);
	t_kill(c->waiter->pid);
	t_kill(hog);
	t_equal(books_empty(SEC), 0, "%s: booked at last", what);
}

VBS_TEST("a holder on another CPU comes to the member's, or is boosted where it must stay", 60)
{
	need_vbs();
	need_cpus(2);
	scene(true);
	scene(false);
}
