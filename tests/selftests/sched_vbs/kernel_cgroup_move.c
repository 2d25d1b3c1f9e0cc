// SPDX-License-Identifier: GPL-2.0
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "vbs_beside.h"

#define ROOT	"/sys/fs/cgroup"
#define GROUP	ROOT "/vbs_cgroup_move"
#define DEEP	15		/* groups of long names inside one another */
#define MOVES	2		/* of a scene */

static u64 before;		/* spent before the fork */

/* Ever other points of fork() are where 30 us have been used up */
static void fork_at(void)
{
	pid_t pid;

	if (before)
		burn(before);
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

/* Reading it holds cgroup_mutex while the path is put together */
static void read_own_group(void)
{
	char text[8192];

	if (file_read("/proc/self/cgroup", text, sizeof(text)) < 0)
		_exit(1);
}

/* The longest of some moves with pauses between them */
static u64 move(const struct scene *s)
{
	u64 worst = 0, when, took;

	for (int i = 0; i < MOVES; i++) {
		when = s->t0 + s->offset + i * 300 * MS;
		sleep_until(when);
		if (file_write(GROUP "/cgroup.procs", "%d", s->victim) ||
		    file_write(ROOT "/cgroup.procs", "%d", s->victim))
			_exit(1);
		took = now_ns() - when;
		worst = took > worst ? took : worst;
	}
	return worst;
}

static char deepest[4096];

static void move_attacker_down(const struct scene *s)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/cgroup.procs", deepest);
	if (file_write(path, "%d", s->attacker))
		t_fatal("move to %zu bytes", strlen(path));
}

static void make_groups(void)
{
	char name[256];

	memset(name, 'n', sizeof(name));
	name[0] = '/';
	name[250] = '\0';
	snprintf(deepest, sizeof(deepest), GROUP "_deep");
	mkdir(deepest, 0755);
	for (int i = 0; i < DEEP; i++) {
		strncat(deepest, name, sizeof(deepest) - strlen(deepest) - 1);
		if (mkdir(deepest, 0755) && errno != EEXIST)
			t_fatal("mkdir of %zu bytes", strlen(deepest));
	}
}

static void remove_groups(void)
{
	rmdir(GROUP);
	do {
		rmdir(deepest);
		*strrchr(deepest, '/') = '\0';
	} while (strlen(deepest) > strlen(ROOT));
}

static void forks(void)
{
	struct beside b = {
		.what = "a cgroup move beside fork()", .attack = fork_at, .victim = move,
		.first = 2 * MS, .n = 1,
	};

	for (u64 us = 0; us < 30; us += t_arg("step_us", 5)) {
		before = us * US;
		beside_compare(&b, 1 * US);
	}
}

VBS_TEST("moves between cgroups wait for a member in fork() no longer than for a nice-0 task", 600)
{
	struct beside b = {
		.what = "a cgroup move beside /proc/self/cgroup", .attack = read_own_group,
		.victim = move, .setup = move_attacker_down,
		.first = 2 * MS, .n = 1,
	};

	need_vbs();
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		t_skip_all("no cgroup v2");
	forks();
	make_groups();
	beside_compare(&b, 1 * US);
	remove_groups();
}
