// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define RUNTIME		(1 * MS)
#define PERIOD		(5 * MS)

static u64 until;

/* Blocks some microseconds before the budget ends, and wakes before y, at y, after y */
static void attack(void *unused)
{
	u64 released, spent;

	(void)unused;
	for (unsigned int i = 0; now_ns() < until; i++) {
		released = now_ns();
		spent = RUNTIME - (i * 1237) % (20 * US);
		burn(spent);
		sleep_until(released + spent * PERIOD / RUNTIME + (i % 5) * 10 * US - 20 * US);
	}
}

VBS_TEST("blocking just before exhaustion brings lambda in pi and no more", 200)
{
	struct crowd *c = siege_start();
	pid_t pid;

	until = now_ns() + siege_length();
	pid = t_fork(attack, NULL);
	must_enter(pid, RUNTIME, PERIOD, 0);
	t_wait(pid);
	siege_end(c, RUNTIME / (double)PERIOD, RUNTIME, 0);
}
