// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/*
 * A fair task owns a PI mutex that a DEADLINE task waits for, and so has its
 * priority.  Then a member waits, too, and lends its server; or the owner enters a
 * server, leaves the boost and that server, and becomes DEADLINE itself when its
 * lender is dead.
 */
#define SERVER		(-102)

static pthread_mutex_t *mutex;
static volatile u32 *gate, *spin;

static void owner(void *unused)
{
	(void)unused;
	pthread_mutex_lock(mutex);
	gate_wait(gate);
	pthread_mutex_unlock(mutex);
	gate_wait(spin);
	for (;;)
		;
}

static void waiter(void *unused)
{
	(void)unused;
	sleep_ns(20 * MS);
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
}

static void member_waits_too(void)
{
	pid_t holds = t_fork(owner, NULL), dl, vbs;

	sleep_ns(10 * MS);
	dl = t_fork(waiter, NULL);
	vbs = t_fork(waiter, NULL);
	admit(SCHED_DEADLINE, dl, 5 * MS, 20 * MS, 0);
	must_enter(vbs, 1 * MS, 10 * MS, 0);
	sleep_ns(100 * MS);
	t_equal(stat_field(holds, STAT_PRIORITY), SERVER, "priority beside a member");
	gate_open(gate);
	t_equal(t_wait(dl), 0, "the DEADLINE task gets it");
	t_equal(t_wait(vbs), 0, "the member gets it");
	t_kill(holds);
	*gate = 0;
}

static void leaves_upwards(void)
{
	pid_t holds = t_fork(owner, NULL), dl;
	u64 ran;

	sleep_ns(10 * MS);
	dl = t_fork(waiter, NULL);
	admit(SCHED_DEADLINE, dl, 5 * MS, 20 * MS, 0);
	sleep_ns(100 * MS);
	must_enter(holds, 1 * MS, 10 * MS, 0);
	t_equal(stat_field(holds, STAT_PRIORITY), SERVER, "priority of the owner in a server");
	gate_open(gate);
	t_equal(t_wait(dl), 0, "the DEADLINE task gets it, and dies");
	t_equal(vbs_leave(holds), 0, "the owner leaves the server");
	t_equal(stat_field(holds, STAT_PRIORITY), 20, "its priority");
	admit(SCHED_DEADLINE, holds, 1 * MS, 10 * MS, 0);
	gate_open(spin);
	ran = now_ns();
	sleep_ns(200 * MS);
	t_at_most(now_ns() - ran, 250 * MS, "ns of 200 ms beside it");
	t_kill(holds);
}

VBS_TEST("a member's server comes before DEADLINE's boost, which is left on the way up", 30)
{
	need_vbs();
	mutex = pi_mutex_new();
	gate = t_shared(sizeof(*gate));
	spin = t_shared(sizeof(*spin));
	member_waits_too();
	leaves_upwards();
	t_equal(books_empty(SEC), 0, "booked at last");
}
