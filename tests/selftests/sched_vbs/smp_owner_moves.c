// SPDX-License-Identifier: GPL-2.0
#include "vbs_group.h"

/*
 * A user's task is in a server of its own, which its user moves from CPU to CPU, and
 * then alone in one of root's, which he may not move: also not by a call that has begun
 * before.
 */
#define USER	1000
#define PERIOD	(10 * MS)
#define CAP	vbs_bw(100 * US, PERIOD)

struct race {
	volatile pid_t task;
	volatile u64 end;
	volatile u32 moved, refused;
};

static struct race *race;

static void sleeper(void *uid)
{
	if (uid)
		t_become((uid_t)(intptr_t)uid);
	for (;;)
		pause();
}

static void move(void *unused)
{
	int err;

	(void)unused;
	t_become(USER);
	for (u64 bit = 1; now_ns() < race->end; bit = 3 - bit) {
		err = mask_to(race->task, bit);
		race->moved += !err;
		race->refused += err == -EPERM;
	}
}

static bool into_roots(pid_t root)
{
	for (int i = 0; i < 200; i++)
		if (!vbs_join(race->task, root))
			return !vbs_leave(root);
	return false;
}

/* Return: whether root's server was moved; @n: counts those that were tried. */
static bool round_of(pid_t root, u32 *n)
{
	bool moved = false;
	u64 cpu;

	if (vbs_enter(race->task, 100 * US, PERIOD, CAP) || vbs_enter(root, 100 * US, PERIOD, CAP))
		return false;
	cpu = server_val(root, "cpu");
	sleep_ns(MS);
	if (into_roots(root)) {
		sleep_ns(MS);
		moved = server_val(race->task, "cpu") != cpu;
		(*n)++;
	}
	vbs_leave(root);
	vbs_leave(race->task);
	return moved;
}

VBS_TEST("a call that was permitted for one server moves no other", 60)
{
	u32 n = 0, wrong = 0;
	pid_t root, mover;

	need_vbs();
	need_cpus(2);
	race = t_shared(sizeof(*race));
	race->end = now_ns() + t_arg("seconds", 8) * SEC;
	race->task = t_fork(sleeper, (void *)USER);
	root = t_fork(sleeper, NULL);
	sleep_ns(20 * MS);
	mover = t_fork(move, NULL);
	while (now_ns() < race->end)
		wrong += round_of(root, &n);
	t_wait(mover);
	t_at_least(n, 20, "times that the task came into root's server");
	t_at_least(race->moved, 20, "times that its user has set its mask");
	t_at_least(race->refused, 20, "times that he was refused");
	t_equal(wrong, 0, "times that root's server was moved");
}
