// SPDX-License-Identifier: GPL-2.0
#include <sys/resource.h>
#include <sys/stat.h>
#include "vbs_measure.h"

#define GROUP	"/sys/fs/cgroup/vbs_limits"
#define PERIODS	30

static void play(struct actor *a)
{
	struct rlimit limit = { .rlim_cur = 1000, .rlim_max = 2000 };

	setrlimit(RLIMIT_RTTIME, &limit);
	rec_until(&a->rec, a->t0 + PERIODS * 10 * MS - 1 * MS);
}

VBS_TEST("cpu.max of a cgroup and RLIMIT_RTTIME do not apply", 30)
{
	struct actor *a;
	bool group;

	need_vbs();
	file_write("/sys/fs/cgroup/cgroup.subtree_control", "+cpu");
	group = !mkdir(GROUP, 0755) || errno == EEXIST;
	a = actor_new(play, stage(), 5 * MS, 10 * MS, 0);
	if (group && !access(GROUP "/cpu.max", W_OK)) {
		t_equal(file_write(GROUP "/cpu.max", "2000 100000"), 0, "cpu.max of 2 %%");
		t_equal(file_write(GROUP "/cgroup.procs", "%d", a->pid), 0, "move it there");
	} else {
		t_skip("no cpu controller of cgroup v2");
	}
	t_equal(t_wait(a->pid), 0, "exit status: no SIGXCPU, no SIGKILL");
	t_near(rec_total(&a->rec), PERIODS * 5 * MS, PERIODS * (eps_start(1) + eps_ticks(5 * MS)),
	       "CPU time");
	rmdir(GROUP);
}
