// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/*
 * The holder is queued on another CPU, below a FIFO task there.  If it may run on
 * the member's CPU it comes and runs in the server; else it stays what it is: it
 * is in user mode, where it would be charged to nobody.
 */
#define RUNTIME		(40 * MS)
#define PERIOD		(100 * MS)
#define WATCHED		(500 * MS)
#define FAIR		20

static pthread_mutex_t *mutex;
static volatile u32 *has, *let;

static void holds(void *unused)
{
	(void)unused;
	pin_to(0, 1);
	pthread_mutex_lock(mutex);
	*has = 1;
	while (!*let)
		;
	pthread_mutex_unlock(mutex);
}

static void fifo_hog(void *unused)
{
	(void)unused;
	pin_to(0, 1);
	set_fifo(0, 50);
	for (;;)
		;
}

static void waits(void *unused)
{
	(void)unused;
	pin_to(0, 0);
	sleep_ns(20 * MS);
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
}

/* What the server of a member that waits is charged for in WATCHED */
static u64 charged(pid_t member)
{
	u64 before = server_val(member, "consumed");

	sleep_ns(WATCHED);
	return server_val(member, "consumed") - before;
}

static void scene(bool may_move)
{
	const char *what = may_move ? "it may move" : "it is pinned";
	pid_t holder = t_fork(holds, NULL), hog, member;
	cpu_set_t all;
	u64 ns;

	while (!*has)
		sleep_ns(MS);
	hog = t_fork(fifo_hog, NULL);
	sleep_ns(50 * MS);
	memset(&all, 0xff, sizeof(all));
	if (may_move)
		sched_setaffinity(holder, sizeof(all), &all);
	member = t_fork(waits, NULL);
	must_enter(member, RUNTIME, PERIOD, 0);
	sleep_ns(200 * MS);
	if (!may_move)
		t_equal(stat_field(holder, STAT_PRIORITY), FAIR, "%s: its priority", what);
	ns = charged(member);
	if (may_move)
		t_at_least(ns, WATCHED / 5, "%s: ns charged to the member's server", what);
	else
		t_at_most(ns, WATCHED / 100, "%s: ns charged to the member's server", what);
	*let = 1;
	t_kill(hog);
	t_equal(t_wait(member), 0, "%s: the member gets it", what);
	t_wait(holder);
	*has = *let = 0;
	t_equal(books_empty(SEC), 0, "%s: booked at last", what);
}

VBS_TEST("a holder on another CPU comes to the member's, or stays what it is", 60)
{
	need_vbs();
	need_cpus(2);
	mutex = pi_mutex_new();
	has = t_shared(sizeof(*has));
	let = t_shared(sizeof(*let));
	scene(true);
	scene(false);
}
