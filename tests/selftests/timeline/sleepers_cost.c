// SPDX-License-Identifier: GPL-2.0
/*
 * 10 000 threads asleep on a timeline do not make an update of it slower: in a
 * machine that counts instructions, beside one that sleeps.  Each update is a step,
 * and a worker of the kernel tells of it, which must not run in between.
 */
#include <pthread.h>
#include "tl_test.h"

#define CROWD	10000
#define STACK	16384

static int fd;
static u32 id;
static u32 asleep, told;

static void *sleep_long(void *number)
{
	struct timespec ts = { 2000000, (long)number };
	int ret;

	__atomic_add_fetch(&asleep, 1, __ATOMIC_RELAXED);
	ret = clock_nanosleep(CLOCK_TIMELINE(id), TIMER_ABSTIME, &ts, NULL);
	__atomic_add_fetch(&told, ret == ENODEV, __ATOMIC_RELAXED);
	return NULL;
}

/* The least of some, interrupts are in the others */
static u64 update_cost(void)
{
	struct timeline_set set = tl_params(fd, id, 1000000, 0);
	u64 best = ~0ULL, begin;
	int i;

	if (set_fifo(0, 50))
		t_fatal("no SCHED_FIFO");
	for (i = 0; i < 200; i++) {
		begin = now_ns();
		if (tl_ioctl(fd, TIMELINE_SET, &set))
			t_fatal("update");
		begin = now_ns() - begin;
		best = begin < best ? begin : best;
	}
	vbs_leave(0);
	return best;
}

static void sleepers(long from, long to)
{
	pthread_attr_t attr;
	pthread_t t;
	long i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (i = from; i < to; i++)
		if (pthread_create(&t, &attr, sleep_long, (void *)i))
			t_fatal("thread %ld", i);
	while (__atomic_load_n(&asleep, __ATOMIC_RELAXED) < to)
		sleep_ns(10 * MS);
	sleep_ns(100 * MS);
}

VBS_TEST("10 000 sleepers do not slow an update", 60)
{
	u64 none, one, many, begin;

	fd = tl_open();
	file_restore("/proc/sys/kernel/threads-max");
	file_write("/proc/sys/kernel/threads-max", "%d", 2 * CROWD);
	id = tl_make(fd, "crowded", TIMELINE_STEP);
	none = update_cost();
	sleepers(0, 1);
	one = update_cost();
	sleepers(1, CROWD);
	many = update_cost();
	t_diag("TIMELINE_SET, nobody sleeps: %ju", (uintmax_t)none);
	t_diag("TIMELINE_SET, 1 sleeper: %ju", (uintmax_t)one);
	t_diag("TIMELINE_SET, %d sleepers: %ju", CROWD, (uintmax_t)many);
	t_at_most(many, one + one / 10, "an update with 10 000 sleepers, beside one");
	begin = now_ns();
	t_equal(tl_destroy(fd, id), 0, "destroy it");
	while (__atomic_load_n(&told, __ATOMIC_RELAXED) < CROWD && now_ns() - begin < 10 * SEC)
		sleep_ns(10 * MS);
	t_equal(told, CROWD, "sleepers that are told of the end");
}
