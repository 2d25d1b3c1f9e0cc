// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>
#include "vbs_measure.h"

#define BUDGET	(1 * MS)
#define PERIOD	(20 * MS)
#define STEP	5ULL
#define STEPS	2000
#define DELAY	(2 * MS)
#define MOST	(DELAY + BUDGET + 1 * MS)	/* not a period */

/* Killed @*arg ns after the budget that it begins at t0 should end */
static void killed_late(void *arg)
{
	u64 t0 = now_ns() + DELAY, late = *(const u64 *)arg;

	die_at(t0 + BUDGET + late);
	must_enter(0, BUDGET, PERIOD, 0);
	sleep_until(t0);
	spin_forever(NULL);
}

/* How long it lived */
static u64 one(u64 late)
{
	u64 began = now_ns();

	t_wait(t_fork(killed_late, &late));
	return now_ns() - began;
}

VBS_TEST("kill -9 at the instant at which a member stops ends it at once", 60)
{
	u64 took, worst = 0;

	need_vbs();
	for (u64 i = 0; i < STEPS; i++) {
		took = one(i * STEP);
		if (took > MOST)
			t_diag("killed %u ns after its budget", (u32)(i * STEP));
		worst = took > worst ? took : worst;
	}
	t_at_most(worst, MOST, "ns that the slowest took to go");
}
