// SPDX-License-Identifier: GPL-2.0
#include "vbs_group.h"

/* One task's server goes from CPU to CPU with it, another joins it and leaves. */
#define PERIOD	(10 * MS)

struct race {
	volatile pid_t leader;
	volatile u64 end;
	volatile u32 moves;
};

static struct race *race;

static void move(void *unused)
{
	(void)unused;
	for (u64 bit = 1; now_ns() < race->end; bit = 3 - bit)
		race->moves += !mask_to(race->leader, bit);
}

VBS_TEST("JOIN finds a server that is just being moved where it goes to", 60)
{
	u32 joined = 0, again = 0, other = 0;
	pid_t pid, mover;
	int err;

	need_vbs();
	need_cpus(2);
	race = t_shared(sizeof(*race));
	race->end = now_ns() + t_arg("seconds", 8) * SEC;
	race->leader = sleeper_new();
	pid = sleeper_new();
	must_enter(race->leader, 100 * US, PERIOD, VBS_BW_UNIT / 20);
	mover = t_fork(move, NULL);
	while (now_ns() < race->end) {
		err = vbs_join(pid, race->leader);
		joined += !err;
		again += err == -EAGAIN;
		other += err && err != -EAGAIN;
		vbs_leave(pid);
	}
	t_wait(mover);
	t_at_least(joined, 100, "times that it joined");
	t_at_least(race->moves, 100, "times that the server moved");
	t_equal(again, 0, "times that it was to try again");
	t_equal(other, 0, "times that it was refused otherwise");
}
