// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define MEMBERS		3

static u64 until;

static void attack(void *unused)
{
	unsigned int seed = getpid();

	(void)unused;
	while (now_ns() < until) {
		sched_yield();
		if (rand_r(&seed) % 16 == 0)
			sleep_ns(rand_r(&seed) % (3 * MS));
	}
}

VBS_TEST("yielding in a loop, alone and among others, brings the cap and no more", 200)
{
	struct crowd *c = siege_start();
	pid_t pid[MEMBERS];

	until = now_ns() + siege_length();
	for (int i = 0; i < MEMBERS; i++)
		pid[i] = t_fork(attack, NULL);
	must_enter(pid[0], 2 * MS, 10 * MS, 0);
	for (int i = 1; i < MEMBERS; i++)
		vbs_join(pid[i], pid[0]);
	for (int i = 0; i < MEMBERS; i++)
		t_wait(pid[i]);
	siege_end(c, 0.2, 2 * MS, 0);
}
