// SPDX-License-Identifier: GPL-2.0
#include <linux/futex.h>
#include <sys/syscall.h>
#include "vbs_test.h"

/*
 * Members wait for PI futexes of one thread, which may not come to their server's CPU:
 * it is lent nothing, and each that comes or goes asks for its priority anew.  That
 * takes no longer for a thousand of them than for one.
 */
#define CROWD	1000
#define STACK	16384

struct crowd {
	volatile u32 word[CROWD + 1];
	volatile u32 waiting, owned, go;
	volatile u64 cost;
	volatile u32 few_done, more;
};

static struct crowd *c;

static int lock_pi(volatile u32 *word, const struct timespec *until)
{
	return syscall(SYS_futex, word, FUTEX_LOCK_PI | FUTEX_PRIVATE_FLAG, 0, until, NULL, 0);
}

static void *owns_all(void *unused)
{
	u32 tid = syscall(SYS_gettid);

	for (int i = 0; i <= CROWD; i++)
		c->word[i] = tid;
	c->owned = 1;
	for (;;)
		sleep_ns(SEC);
	return unused;
}

static void *waits(void *number)
{
	__atomic_add_fetch(&c->waiting, 1, __ATOMIC_SEQ_CST);
	lock_pi(&c->word[(long)number], NULL);
	return NULL;
}

/* One that comes, and goes again: the least of some */
static u64 comes_and_goes(void)
{
	const struct timespec passed = { 1, 0 };
	u64 best = ~0ULL, begin;

	for (int i = 0; i < 100; i++) {
		begin = now_ns();
		if (!lock_pi(&c->word[CROWD], &passed) || errno != ETIMEDOUT)
			t_fatal("a lock that another thread has");
		begin = now_ns() - begin;
		best = begin < best ? begin : best;
	}
	return best;
}

static void crowd(long from, long to)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (long i = from; i < to; i++)
		if (pthread_create(&t, &attr, waits, (void *)i))
			t_fatal("thread %ld", i);
	while (c->waiting < to)
		sleep_ns(10 * MS);
	sleep_ns(200 * MS);
}

static void members(void *unused)
{
	pthread_t t;

	(void)unused;
	pthread_create(&t, NULL, owns_all, NULL);
	while (!c->owned)
		sleep_ns(MS);
	gate_wait(&c->go);
	crowd(0, 1);
	c->cost = comes_and_goes();
	c->few_done = 1;
	crowd(1, CROWD);
	c->cost = comes_and_goes();
	c->few_done = 2;
	for (;;)
		pause();
}

static u64 cost_of(u32 stage)
{
	for (int i = 0; c->few_done < stage && i < 3000; i++)
		sleep_ns(10 * MS);
	if (c->few_done < stage)
		t_fatal("the members do not come to an end");
	return c->cost;
}

VBS_TEST("a thousand members that wait for one thread slow nothing", 100)
{
	pid_t pid, owner;
	u64 few, many;

	need_vbs();
	need_cpus(2);
	file_restore("/proc/sys/kernel/threads-max");
	file_write("/proc/sys/kernel/threads-max", "%d", 4 * CROWD);
	c = t_shared(sizeof(*c));
	pin_to(0, 1);
	pid = t_fork(members, NULL);
	while (!c->owned)
		sleep_ns(MS);
	owner = c->word[0];
	pin_to(pid, 0);
	must_enter(pid, 5 * MS, 10 * MS, 0);
	t_equal(sched_getscheduler(owner), SCHED_OTHER, "policy of who owns all locks");
	gate_open(&c->go);
	few = cost_of(1);
	many = cost_of(2);
	t_diag("to come and go beside 1 that waits: %ju ns; beside %d: %ju ns",
	       (uintmax_t)few, CROWD, (uintmax_t)many);
	/* The tree is deeper by ten levels, and two CPUs take turns. */
	t_at_most(many, 2 * few, "ns to come and go beside all of them");
	t_kill(pid);
	t_equal(books_empty(2 * SEC), 0, "booked at last");
}
