// SPDX-License-Identifier: GPL-2.0
/*
 * CLOCK_TIMELINE_SELF is that of the thread that asks, wherever it runs. Each
 * timeline here has its own day, so that a reading tells which one it was.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include "tl_test.h"

#define DAY		86400ULL
#define TIMELINES	4
#define THREADS		12

static int fd;
static u32 ids[TIMELINES];

static int bind_to(u32 id)
{
	return prctl(PR_SET_TIMELINE, id, 0, 0, 0) ? -errno : 0;
}

/* Which timeline SELF is, -1 if it is none */
static int self(void)
{
	u64 ns;

	return tl_clock(CLOCK_TIMELINE_SELF, &ns) ? -1 : (int)(ns / SEC / DAY) - 1;
}

static int self_by_function(void)
{
	struct timeline_time tt;

	return tl_vdso(TIMELINE_SELF, &tt) ? -1 : (int)(tt.sec / DAY) - 1;
}

/* Rebinds now and then, moves between CPUs, and always knows where it is */
static void *wander(void *arg)
{
	unsigned int seed = (long)arg;
	long wrong = 0, n;
	int mine = -1;

	for (n = 0; n < 20000; n++) {
		if (n % 50 == 0) {
			mine = rand_r(&seed) % (TIMELINES + 1) - 1;
			bind_to(mine < 0 ? TIMELINE_NONE : ids[mine]);
		}
		if (n % 200 == 0)
			pin_to(0, rand_r(&seed) % sysconf(_SC_NPROCESSORS_ONLN));
		if (n % 7 == 0)
			sched_yield();
		wrong += self() != mine || (n & 1 && self_by_function() != mine);
	}
	return (void *)wrong;
}

static void threads(void)
{
	pthread_t t[THREADS];
	long i, wrong = 0;
	void *ret;

	for (i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, wander, (void *)(i + 1));
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], &ret);
		wrong += (long)ret;
	}
	t_equal(wrong, 0, "readings of another thread's timeline");
}

static void child(void *unused)
{
	(void)unused;
	_exit(self() == 1 && prctl(PR_GET_TIMELINE, 0, 0, 0, 0) == (int)ids[1] ? 0 : 1);
}

static void *thread_child(void *unused)
{
	(void)unused;
	return (void *)(long)self();
}

static void inherited(void)
{
	pthread_t t;
	void *ret;

	t_equal(bind_to(ids[1]), 0, "bind");
	t_equal(prctl(PR_GET_TIMELINE, 0, 0, 0, 0), ids[1], "PR_GET_TIMELINE");
	t_equal(t_wait(t_fork(child, NULL)), 0, "fork() inherits it");
	pthread_create(&t, NULL, thread_child, NULL);
	pthread_join(t, &ret);
	t_equal((long)ret, 1, "pthread_create() inherits it");
}

static void destroyed(void)
{
	t_equal(bind_to(ids[0]), 0, "bind to the first");
	t_equal(tl_destroy(fd, ids[0]), 0, "destroy it");
	t_equal(self(), -1, "SELF is none");
	t_equal(prctl(PR_GET_TIMELINE, 0, 0, 0, 0) < 0 ? errno : 0, ENODATA, "PR_GET_TIMELINE");
	ids[0] = tl_make(fd, "reborn", 0);
	t_equal(self(), -1, "nor is it the next");
	t_equal(bind_to(TIMELINE_NONE), 0, "unbind");
	t_equal(bind_to(31), -EINVAL, "bind to none that exists");
	t_equal(bind_to(4000), -EINVAL, "nor can");
}

/* Leaves the CPU idle, with its binding on show there */
static void bound_at(void *cpu)
{
	int here, there;

	pin_to(0, (long)cpu);
	bind_to(ids[2]);
	here = self();
	pin_to(0, ((long)cpu + 1) % sysconf(_SC_NPROCESSORS_ONLN));
	there = self();
	_exit(here == 2 && there == 2 ? 0 : 1);
}

/*
 * Threads that were bound on each CPU end, and for 10 s nobody is bound: then
 * the kernel leaves the words alone until somebody is.
 */
static void at_rest(void)
{
	long cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN), right = 0, none = 0;

	for (cpu = 0; cpu < cpus; cpu++)
		right += !t_wait(t_fork(bound_at, (void *)cpu));
	t_equal(right, cpus, "bound on each CPU");
	sleep_ns(11 * SEC);
	for (cpu = 0; cpu < cpus; cpu++) {
		pin_to(0, cpu);
		none += self() == -1;
	}
	t_equal(none, cpus, "after a rest SELF is none on each CPU");
	for (right = 0, cpu = 0; cpu < cpus; cpu++)
		right += !t_wait(t_fork(bound_at, (void *)cpu));
	t_equal(right, cpus, "and what a thread is bound to from then on");
	bind_to(ids[3]);
	for (right = 0, cpu = 0; cpu < cpus; cpu++) {
		pin_to(0, cpu);
		right += self() == 3;
	}
	t_equal(right, cpus, "also as it moves");
}

VBS_TEST("CLOCK_TIMELINE_SELF is the calling thread's, through rebinding, migration and fork", 120)
{
	char name[16];
	u32 i;

	fd = tl_open();
	for (i = 0; i < TIMELINES; i++) {
		snprintf(name, sizeof(name), "self%u", i);
		ids[i] = tl_create(fd, name, TIMELINE_STEP);
		tl_set(fd, ids[i], (i + 1) * DAY, 0);
	}
	threads();
	inherited();
	destroyed();
	at_rest();
	for (i = 0; i < TIMELINES; i++)
		tl_destroy(fd, ids[i]);
}
