// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>
#include "vbs_pi.h"

/*
 * The holder is killed while it runs in the waiter's server, and the waiter while
 * another runs in its: nothing of the one is left with the other.
 */
#define RUNTIME		(4 * MS)
#define PERIOD		(10 * MS)

static void fifo_hog(void *arg)
{
	const struct pi_cast *c = arg;

	sleep_until(c->t0 - PI_HOG);
	spin_until(c->t0 + 30 * MS);
}

static void scene(bool kill_waiter)
{
	struct pi_cast *c = pi_cast_new(RUNTIME, PERIOD, 300 * MS);
	const char *who = kill_waiter ? "the waiter" : "the holder";
	pid_t hog = t_fork(fifo_hog, c);
	u64 eps, charged;
	pid_t victim;

	set_fifo(hog, 50);
	pi_start_holder(c, NULL);
	/* the server keeps this task off the CPU for as long as it has budget */
	sleep_until(c->t0 + 1 * MS);
	charged = pi_charged(c);
	eps = eps_start(4);
	t_near(charged, 1 * MS, eps, "%s is killed: charged in the millisecond before", who);
	victim = kill_waiter ? c->waiter->pid : c->holder;
	kill(victim, SIGKILL);
	/* the holder ends as the fair task that it is, when the FIFO task has ended */
	sleep_until(c->t0 + (kill_waiter ? 5 : 40) * MS);
	t_equal(waitpid(victim, NULL, WNOHANG), victim, "%s is gone in time", who);
	t_equal(kill_waiter ? stat_field(c->holder, STAT_PRIORITY) : 20, 20,
		"%s is killed: the other's priority is its own", who);
	t_kill(kill_waiter ? c->holder : c->waiter->pid);
	t_kill(hog);
	t_equal(books_empty(SEC), 0, "%s was killed: booked at last", who);
	t_equal(cpu_key(0, "servers"), 0, "%s was killed: servers", who);
}

VBS_TEST("who exits while another runs in its server, or it in another's, leaves nothing behind", 40)
{
	need_vbs();
	scene(false);
	scene(true);
}
