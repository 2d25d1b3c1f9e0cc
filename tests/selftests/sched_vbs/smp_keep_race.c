// SPDX-License-Identifier: GPL-2.0
#include "vbs_group.h"
#include "vbs_toggle.h"

/*
 * The owner of a server changes it with SCHED_FLAG_KEEP_POLICY, while its member leaves
 * the class and comes back: a change begins anew where the policy is another one than it
 * was.  What it has locked, and no more, it gives back (CONFIG_DEBUG_MUTEXES tells).
 */
struct race {
	struct toggle toggle;
	volatile u32 changes;
};

static struct race *race;

static void change(void *unused)
{
	struct vbs_sched_attr attr = vbs_attr(100 * US, 10 * MS, 0);

	(void)unused;
	t_become(TOGGLE_USER);
	attr.sched_flags |= SCHED_FLAG_KEEP_POLICY;
	gate_wait(&race->toggle.gate);
	while (toggle_goes_on(&race->toggle))
		if (!vbs_setattr(race->toggle.toggled, &attr))
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
	pid_t pid;

	need_vbs();
	need_cpus(2);
	need_cpusets2();
	g = group_new(CGROUP2, "keep_race", "0-1");
	race = t_shared(sizeof(*race));
	toggle_new(&race->toggle);
	pid = t_fork(change, NULL);
	must_enter(race->toggle.leader, 100 * US, 10 * MS, 0);
	toggle_start(&race->toggle, t_arg("seconds", 5) * SEC);
	while (toggle_goes_on(&race->toggle))
		masks += shrink_and_grow(&g);
	toggle_end(&race->toggle);
	t_wait(pid);
	t_at_least(masks, 100, "masks of a cpuset that were set meanwhile");
	t_at_least(race->changes, 100, "changes without another policy");
	t_kill(race->toggle.leader);
	t_kill(race->toggle.toggled);
	group_end(&g);
	t_equal(books_empty(SEC), 0, "booked at last");
}
