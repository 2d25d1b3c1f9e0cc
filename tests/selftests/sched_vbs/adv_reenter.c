// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static u64 until;

/* Uses a part of the budget, leaves, comes back at once or a little later */
static void attack(void *unused)
{
	unsigned int seed = 7;

	(void)unused;
	while (now_ns() < until) {
		u64 period = (1 + rand_r(&seed) % 10) * MS;

		if (!vbs_enter(0, period / 5, period, vbs_bw(period / 5, period)))
			spin_until(now_ns() + rand_r(&seed) % (period / 4));
		vbs_leave(0);
		if (rand_r(&seed) % 2)
			sleep_ns(rand_r(&seed) % period);
	}
}

VBS_TEST("leaving and entering in a loop brings the cap and no more", 200)
{
	struct crowd *c = siege_start();

	until = now_ns() + siege_length();
	t_wait(t_fork(attack, NULL));
	siege_end(c, 0.2, 2 * MS, 0);
}
