// SPDX-License-Identifier: GPL-2.0
#include <sys/stat.h>
#include "vbs_measure.h"

#define GROUP	"/sys/fs/cgroup/vbs_freezer"

static void play(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 60 * MS);
}

static bool frozen(void)
{
	char text[256];

	return file_read(GROUP "/cgroup.events", text, sizeof(text)) > 0 &&
	       strstr(text, "frozen 1");
}

VBS_TEST("the cgroup freezer stops a throttled member at once and lets it go on", 30)
{
	u64 start, took;
	struct actor *a;

	need_vbs();
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		t_skip_all("no cgroup v2");
	a = actor_new(play, stage(), 2 * MS, 10 * MS, 0);
	t_equal(file_write(GROUP "/cgroup.procs", "%d", a->pid), 0, "move it into a group");
	sleep_until(a->t0 + 3 * MS);
	start = now_ns();
	t_equal(file_write(GROUP "/cgroup.freeze", "1"), 0, "freeze");
	while (!frozen() && now_ns() - start < 50 * MS)
		sleep_ns(100 * US);
	took = now_ns() - start;
	t_at_most(took, 1 * MS, "ns until it is frozen");
	sleep_until(a->t0 + 35 * MS);
	t_equal(file_write(GROUP "/cgroup.freeze", "0"), 0, "thaw");
	actor_end(a);
	actor_check(a, 1, 35 * MS, 37 * MS, eps_start(1) + 10 * eps_budget(), "goes on at 35 ms");
	rmdir(GROUP);
}
