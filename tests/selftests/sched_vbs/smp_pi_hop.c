// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/*
 * A fair task takes a PI mutex again and again; those who wait for it, and so
 * lend it their priority, change between SCHED_VBS, SCHED_FIFO and
 * SCHED_OTHER while they wait.
 */
#define WAITERS	3

struct scene {
	pthread_mutex_t *mutex;
	volatile u64 end;
	volatile pid_t waiter[WAITERS];
	volatile u32 taken;
	volatile u32 hops;
};

static struct scene *scene;

static void take(u64 hold)
{
	u64 until = now_ns() + hold;

	pthread_mutex_lock(scene->mutex);
	while (now_ns() < until)
		;
	scene->taken++;
	pthread_mutex_unlock(scene->mutex);
}

static void owner(void *unused)
{
	(void)unused;
	while (now_ns() < scene->end)
		take(300 * US);
}

static void waiter(void *arg)
{
	scene->waiter[(intptr_t)arg] = getpid();
	while (now_ns() < scene->end)
		take(0);
}

static void hopper(void *arg)
{
	unsigned int seed = (intptr_t)arg;

	while (now_ns() < scene->end) {
		pid_t pid = scene->waiter[rand_r(&seed) % WAITERS];

		switch (rand_r(&seed) % 4) {
		case 0:
			set_fifo(pid, 1 + rand_r(&seed) % 3);
			break;
		case 1:
			vbs_leave(pid);
			break;
		default:
			vbs_enter(pid, 2 * MS, 10 * MS, 0);
		}
		scene->hops++;
	}
}

VBS_TEST("those who wait for a PI mutex may change their class under its owner", 60)
{
	pid_t pid[WAITERS + 3];
	int n = 0;

	need_vbs();
	need_cpus(2);
	scene = t_shared(sizeof(*scene));
	scene->mutex = pi_mutex_new();
	scene->end = now_ns() + t_arg("seconds", 5) * SEC;
	for (intptr_t i = 0; i < WAITERS; i++)
		pid[n++] = t_fork(waiter, (void *)i);
	sleep_ns(20 * MS);
	pid[n++] = t_fork(owner, NULL);
	pid[n++] = t_fork(hopper, (void *)1);
	pid[n++] = t_fork(hopper, (void *)2);
	for (int i = 0; i < n; i++)
		t_equal(t_wait(pid[i]), 0, "exit status of task %d", i);
	t_at_least(scene->taken, 100, "times that the mutex was taken");
	t_at_least(scene->hops, 1000, "changes of class");
	t_equal(books_empty(SEC), 0, "booked when all are gone");
}
