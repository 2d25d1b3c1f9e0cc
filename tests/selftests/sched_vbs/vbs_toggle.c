// SPDX-License-Identifier: GPL-2.0
/* A task that joins a server and leaves it all the time */
#include "vbs_toggle.h"

static void sleeper(void *unused)
{
	(void)unused;
	t_become(TOGGLE_USER);
	for (;;)
		pause();
}

static void join_and_leave(void *arg)
{
	struct toggle *t = arg;

	t_become(TOGGLE_USER);
	gate_wait(&t->gate);
	while (toggle_goes_on(t)) {
		if (!vbs_join(t->toggled, t->leader))
			t->joined++;
		vbs_leave(t->toggled);
	}
}

void toggle_new(struct toggle *t)
{
	t->leader = t_fork(sleeper, NULL);
	t->toggled = t_fork(sleeper, NULL);
	t->toggler = t_fork(join_and_leave, t);
}

void toggle_start(struct toggle *t, u64 ns)
{
	t->end = now_ns() + ns;
	gate_open(&t->gate);
}

bool toggle_goes_on(const struct toggle *t)
{
	return now_ns() < t->end;
}

void toggle_end(struct toggle *t)
{
	t_wait(t->toggler);
	t_at_least(t->joined, 100, "times that it joined");
}
