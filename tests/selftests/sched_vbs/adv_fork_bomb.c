// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define CHILDREN	24

static u64 until;

static void child(void *unused)
{
	(void)unused;
	burn(100 * US);
}

/* Children that spin, die and are forked again, all in one server */
static void attack(void *unused)
{
	unsigned int alive = 0;

	(void)unused;
	while (now_ns() < until) {
		t_fork(child, NULL);
		if (++alive == CHILDREN) {
			t_wait(-1);
			alive--;
		}
	}
}

VBS_TEST("a server full of forking members gets its cap, its neighbours all of theirs", 300)
{
	struct crowd *c = siege_start();
	pid_t pid;

	until = now_ns() + siege_length();
	pid = t_fork(attack, NULL);
	must_enter(pid, 2 * MS, 10 * MS, 0);
	t_wait(pid);
	/* a fork that begins with budget may end without: at most 3 lambda */
	siege_end(c, 0.2, 2 * MS, 3 * 2 * MS);
}
