// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/*
 * A DEADLINE task waits for a lock of a fair one, which so has DEADLINE's
 * priority and SCHED_OTHER's policy.  Whatever the calls return for it then,
 * they book once or not at all.
 */
#define CALLS	10

static pthread_mutex_t *mutex;
static volatile u32 *gate;

static void owner(void *unused)
{
	(void)unused;
	pthread_mutex_lock(mutex);
	gate_wait(gate);
	pthread_mutex_unlock(mutex);
	for (;;)
		pause();
}

static void waiter(void *unused)
{
	(void)unused;
	sleep_ns(20 * MS);
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
	for (;;)
		pause();
}

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

VBS_TEST("entering, joining and leaving are safe for a task that DEADLINE boosts", 30)
{
	pid_t boosted, dl, leader;
	u32 cap = VBS_BW_UNIT / 5;
	u64 booked, entered = 0;

	need_vbs();
	mutex = pi_mutex_new();
	gate = t_shared(sizeof(*gate));
	leader = t_fork(sleeper, NULL);
	boosted = t_fork(owner, NULL);
	sleep_ns(10 * MS);
	dl = t_fork(waiter, NULL);
	admit(SCHED_DEADLINE, dl, 10 * MS, 100 * MS, 0);
	must_enter(leader, 1 * MS, 10 * MS, 0);
	sleep_ns(50 * MS);
	booked = cpu_key(0, "booked");
	for (int i = 0; i < CALLS; i++) {
		if (!vbs_enter(boosted, 1 * MS, 10 * MS, cap))
			entered = cap;
		sleep_ns(20 * MS);
	}
	t_equal(cpu_key(0, "booked"), booked + entered, "booked after %d entries", CALLS);
	for (int i = 0; i < CALLS; i++) {
		vbs_leave(boosted);
		sleep_ns(20 * MS);
		vbs_join(boosted, leader);
	}
	t_at_most(server_val(leader, "members"), 2, "members after %d times of joining", CALLS);
	vbs_leave(boosted);
	sleep_ns(20 * MS);
	t_equal(server_val(leader, "members"), 1, "members after leaving");
	gate_open(gate);
	sleep_ns(20 * MS);
	t_equal(vbs_enter(boosted, 1 * MS, 10 * MS, cap), 0, "entry when it is not boosted any more");
	t_kill(boosted);
	t_kill(leader);
	t_equal(books_empty(SEC), 0, "booked at last");
	t_kill(dl);
}
