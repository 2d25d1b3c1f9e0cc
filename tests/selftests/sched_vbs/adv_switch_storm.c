// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* The whole cap, cut in ever other ways */
static const u64 periods[] = { 100 * US, 500 * US, 1 * MS, 7 * MS, 20 * MS };

static void attack(void *arg)
{
	u64 until = *(u64 *)arg;

	for (unsigned int i = 0; now_ns() < until; i++) {
		u64 period = periods[i % ARRAY_SIZE(periods)];

		vbs_enter(0, period / 5, period, 0);
		spin_until(now_ns() + 200 * US);
	}
}

VBS_TEST("a server that switches every 200 us gets its cap, its neighbours all of theirs", 200)
{
	struct crowd *c = siege_start();
	u64 until = now_ns() + siege_length();
	pid_t pid = t_fork(attack, &until);

	must_enter(pid, 4 * MS, 20 * MS, vbs_bw(4 * MS, 20 * MS));
	t_wait(pid);
	siege_end(c, 0.2, 4 * MS, 0);
}
