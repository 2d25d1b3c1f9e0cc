// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* (40, 1000) ms with a cap of 1/25: 36 ms are paid for 900 ms after the start */
#define CAP	(VBS_BW_UNIT / 25 + 1)
#define USER	1000
#define LAPS	5

struct the_shared {
	pid_t target;
	u32 ready, go, done;
};

static struct the_shared *the;

static u64 booked_anywhere(void)
{
	u64 sum = 0;

	for (int cpu = 0; cpu < 4; cpu++)
		sum += cpu_key(cpu, "booked");
	return sum;
}

static void target(void *unused)
{
	(void)unused;
	t_become(USER);
	the->ready = 1;
	gate_wait(&the->go);
	burn(36 * MS);
	the->done = 1;
	sleep_ns(20 * SEC);
}

static void mover(void *unused)
{
	(void)unused;
	t_become(USER);
	for (int i = 0; i < 4 * LAPS; i++)
		pin_to(the->target, i % 4);
}

/* Runs on each CPU, as soon as it is let */
static void runner(void *unused)
{
	(void)unused;
	t_become(USER);
	the->ready = 1;
	gate_wait(&the->go);
	for (int i = 0; i < 4; i++) {
		pin_to(0, i % 4);
		burn(36 * MS);
	}
	the->done = 1;
	sleep_ns(20 * SEC);
}

static void start(void (*fn)(void *))
{
	memset(the, 0, sizeof(*the));
	the->target = t_fork(fn, NULL);
	while (!the->ready)
		sleep_ns(MS);
	must_enter(the->target, 40 * MS, 1000 * MS, CAP);
	gate_open(&the->go);
	while (!the->done)
		sleep_ns(MS);
}

VBS_TEST("an owner that moves about has two caps booked at most, and one after z", 60)
{
	u64 t0, moved, after;

	need_vbs();
	need_cpus(4);
	the = t_shared(sizeof(*the));
	t0 = now_ns();
	start(target);
	t_wait(t_fork(mover, NULL));
	moved = booked_anywhere();
	if (now_ns() > t0 + 800 * MS)
		t_skip_all("the machine was too slow to look before z");
	t_equal(moved, 2 * CAP, "booked after %d moves without running", 4 * LAPS);
	t_equal(cpu_key(3, "booked"), CAP, "booked where it is");
	sleep_until(t0 + 2 * SEC);
	t_equal(booked_anywhere(), CAP, "booked after z");
	t_kill(the->target);
	t_equal(books_empty(2 * SEC), 0, "booked when it has gone");

	start(runner);
	after = booked_anywhere();
	t_at_most(after, 2 * CAP, "booked after running on each CPU");
	t_at_least(after, CAP, "booked where it is");
	t_kill(the->target);
	t_equal(books_empty(2 * SEC), 0, "booked at last");
}
