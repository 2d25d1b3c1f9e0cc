// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * A member burns CPU time in user mode.  A companion wakes within microseconds
 * of the instant at which the budget is exhausted, at a finer and finer distance:
 * that must not borrow for the hog.
 */
#define BUDGET	(600 * US)
#define PERIOD	(10 * MS)
#define BURSTS	100

struct shared {
	volatile u64 start;	/* of the present burst */
	volatile u64 longest;
	volatile u32 bursts;
};

static struct shared *shared;

static void hog(struct actor *a)
{
	u64 prev = now_ns(), t;

	shared->start = prev;
	while (shared->bursts < BURSTS) {
		t = now_ns();
		if (t - prev > PERIOD / 3) {
			if (prev - shared->start > shared->longest)
				shared->longest = prev - shared->start;
			shared->start = t;
			shared->bursts++;
		}
		prev = t;
	}
	a->rec.done = 1;
}

static void companion(struct actor *a)
{
	u64 seen;

	for (unsigned int i = 0; !a->rec.done; i++) {
		seen = shared->start;
		while (shared->start == seen && shared->bursts < BURSTS)
			sleep_ns(MS);
		if (shared->bursts >= BURSTS)
			break;
		sleep_until(shared->start + BUDGET - 2 * US + i * 75);
	}
}

VBS_TEST("user mode does not run on what is lent to the kernel", 60)
{
	u64 t0 = stage(), eps = eps_budget() + eps_start(2);
	struct actor *a, *b;

	shared = t_shared(sizeof(*shared));
	a = actor_new(hog, t0, BUDGET, PERIOD, 0);
	b = actor_join(companion, t0, a);
	actor_end(a);
	actor_end(b);
	t_equal(shared->bursts, BURSTS, "bursts");
	t_at_most(shared->longest, BUDGET + eps, "ns of the longest");
}
