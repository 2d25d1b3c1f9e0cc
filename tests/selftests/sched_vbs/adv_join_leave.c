// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define MEMBERS		4

struct attack {
	pid_t leader[2];
	u64 until;
};

/* Takes work into whichever of two servers has budget left */
static void join_and_leave(void *arg)
{
	struct attack *a = arg;

	for (unsigned int i = getpid(); now_ns() < a->until; i++) {
		vbs_join(0, a->leader[i & 1]);
		spin_until(now_ns() + 300 * US);
		if (i % 3)
			vbs_leave(0);
	}
}

VBS_TEST("joining and leaving two servers in a loop brings their caps and no more", 200)
{
	struct crowd *c = siege_start();
	struct attack *a = t_shared(sizeof(*a));
	pid_t pid[MEMBERS];

	a->until = now_ns() + siege_length();
	for (int i = 0; i < 2; i++) {
		a->leader[i] = t_fork(spin_forever, NULL);
		must_enter(a->leader[i], 1 * MS, 10 * MS, 0);
	}
	for (int i = 0; i < MEMBERS; i++)
		pid[i] = t_fork(join_and_leave, a);
	for (int i = 0; i < MEMBERS; i++)
		t_wait(pid[i]);
	t_kill(a->leader[0]);
	t_kill(a->leader[1]);
	/* two bursts of 1 ms at 0.1 are below one of 2 ms at 0.2 and a ms */
	siege_end(c, 0.2, 2 * MS, 2 * MS * 8 / 10);
}
