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

struct kill {
	struct pi_cast *cast;
	bool waiter;
};

/*
 * A member of a server that goes before the cast's: on PREEMPT_RT a timer's signal
 * would come from a thread, to which they leave no CPU.
 */
static void killer(void *arg)
{
	const struct kill *k = arg;

	sleep_until(k->cast->t0 + 1 * MS);
	kill(k->waiter ? k->cast->waiter->pid : k->cast->holder, SIGKILL);
}

static void scene(bool waiter)
{
	struct pi_cast *c = pi_cast_new(RUNTIME, PERIOD, 3 * MS);
	const char *who = waiter ? "the waiter" : "the holder";
	struct kill k = { c, waiter };
	pid_t hog = t_fork(fifo_hog, c), kills = t_fork(killer, &k), victim;

	must_enter(kills, 100 * US, 1 * MS, 0);
	set_fifo(hog, 50);
	pi_start_holder(c);
	victim = waiter ? c->waiter->pid : c->holder;
	sleep_until(c->t0 + 5 * MS);
	if (waiter) {
		t_equal(c->got_at, 0, "%s was killed before it had the lock", who);
		t_equal(stat_field(c->holder, STAT_PRIORITY), 20, "the holder's priority is its own");
	} else {
		t_equal(c->owned_for, 0, "%s was killed with the lock", who);
	}
	/* the holder ends as the fair task that it is, when the FIFO task has ended */
	sleep_until(c->t0 + (waiter ? 5 : 40) * MS);
	t_equal(waitpid(victim, NULL, WNOHANG), victim, "%s is gone in time", who);
	t_kill(waiter ? c->holder : c->waiter->pid);
	t_kill(hog);
	t_wait(kills);
	t_equal(books_empty(SEC), 0, "%s was killed: booked at last", who);
	t_equal(cpu_key(0, "servers"), 0, "%s was killed: servers", who);
}

VBS_TEST("who exits while it lends its server, or is lent one, leaves nothing behind", 40)
{
	need_vbs();
	scene(false);
	scene(true);
}
