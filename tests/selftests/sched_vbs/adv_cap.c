// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * The cap goes up before work and down after it, and the resource with it.
 * What is booked never exceeds a fifth of the CPU because no more is free.
 */
#define LARGE	vbs_bw(2 * MS, 10 * MS)
#define SMALL	vbs_bw(200 * US, 10 * MS)

static u64 until;

static void attack(void *unused)
{
	unsigned int seed = 11;

	(void)unused;
	while (now_ns() < until) {
		vbs_enter(0, 2 * MS, 10 * MS, LARGE);
		burn(rand_r(&seed) % (2 * MS));
		if (rand_r(&seed) % 2)	/* with the instance going on */
			vbs_enter(0, 200 * US, 10 * MS, 0);
		vbs_enter(0, 200 * US, 10 * MS, SMALL);
		if (rand_r(&seed) % 2)
			sleep_ns(rand_r(&seed) % (5 * MS));
		else
			burn(rand_r(&seed) % (100 * US));
		vbs_enter(0, 1 * MS, 5 * MS, LARGE);
	}
}

VBS_TEST("raising and lowering the cap at the worst instants brings its largest value at most", 200)
{
	struct crowd *c = siege_start();
	pid_t pid;

	until = now_ns() + siege_length();
	pid = t_fork(attack, NULL);
	must_enter(pid, 2 * MS, 10 * MS, LARGE);
	t_wait(pid);
	siege_end(c, 0.2, 2 * MS, 0);
}
