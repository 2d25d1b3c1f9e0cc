// SPDX-License-Identifier: GPL-2.0
#include "vbs_group.h"

/*
 * The owner of a server changes it with SCHED_FLAG_KEEP_POLICY, while its member leaves
 * the class and comes back: a change begins anew where the policy is another one than it
 * was.  What it has locked, and no more, it gives back (CONFIG_DEBUG_MUTEXES tells).
 */
#define USER	1000

struct race {
	volatile pid_t leader, toggled;
	volatile u64 end;
	volatile u32 gate, toggles, changes;
};

static struct race *race;

static void sleeper(void *unused)
{
	(void)unused;
	t_become(USER);
	for (;;)
		pause();
}

static void toggle(void *unused)
{
	(void)unused;
	t_become(USER);
	gate_wait(&race->gate);
	while (now_ns() < race->end) {
		if (!vbs_join(race->toggled, race->leader))
			race->toggles++;
		vbs_leave(race->toggled);
	}
}

static void change(void *unused)
{
	struct vbs_sched_attr attr = vbs_attr(100 * US, 10 * MS, 0);

	(void)unused;
	t_become(USER);
	attr.sched_flags |= SCHED_FLAG_KEEP_POLICY;
	gate_wait(&race->gate);
	while (now_ns() < race->end)
		if (!vbs_setattr(race->toggled, &attr))
			race->changes++;
}

/* Whoever writes a cpuset's mask holds what the others may give back. */
static u32 shrink_and_grow(const struct group *g)
{
	return !group_set(g, "cpuset.cpus", "0") + !group_set(g, "cpuset.cpus", "0-1");
}

VBS_TEST("a change that begins anew gives back what it has locked, once", 60)
{
	struct group g;
	u32 masks = 0;
	pid_t pid[2];

	need_vbs();
	need_cpus(2);
	need_cpusets2();
	g = group_new(CGROUP2, "keep_race", "0-1");
	race = t_shared(sizeof(*race));
	race->leader = t_fork(sleeper, NULL);
	race->toggled = t_fork(sleeper, NULL);
	pid[0] = t_fork(toggle, NULL);
	pid[1] = t_fork(change, NULL);
	must_enter(race->leader, 100 * US, 10 * MS, 0);
	race->end = now_ns() + t_arg("seconds", 5) * SEC;
	gate_open(&race->gate);
	while (now_ns() < race->end)
		masks += shrink_and_grow(&g);
	t_wait(pid[0]);
	t_wait(pid[1]);
	t_at_least(race->toggles, 100, "times that it joined");
	t_at_least(masks, 100, "masks of a cpuset that were set meanwhile");
	t_at_least(race->changes, 100, "changes without another policy");
	t_kill(race->leader);
	t_kill(race->toggled);
	group_end(&g);
	t_equal(books_empty(SEC), 0, "booked at last");
}
