// SPDX-License-Identifier: GPL-2.0
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "vbs_beside.h"

#define ROOT	"/sys/fs/cgroup"
#define GROUP	ROOT "/vbs_cgroup_move"
#define DEEP	15		/* groups of long names inside one another */
#define MOVES	t_arg("moves", 1)	/* a second apart: who is stopped has gone on by then */

/* By steps of 500 ns: other points of the call that follows are where 30 us are used up */
static void spend(const struct scene *s)
{
	for (unsigned int n = s->i; n; n--)
		nops();
}

/* For some of its time it has the lock that a move wants for writing */
static void forks(const struct scene *s)
{
	pid_t pid;

	spend(s);
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

/* Reading it holds cgroup_mutex while the path is put together */
static void reads_own_group(const struct scene *s)
{
	static char text[8192];

	spend(s);
	if (file_read("/proc/self/cgroup", text, sizeof(text)) < 0)
		_exit(1);
}

/* The longest of some; beside a nice-0 task, which keeps the CPU busy, one is enough */
static u64 move(const struct scene *s)
{
	u64 worst = 0, when, took;

	for (u64 i = 0; i < (s->member ? MOVES : 1); i++) {
		when = s->t0 + s->offset + i * SEC;
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

VBS_TEST("moves between cgroups wait for a member no longer than for a nice-0 task", 600)
{
	const struct beside fork_beside = {
		.what = "a cgroup move beside fork()", .attack = forks, .victim = move,
		.first = 2 * MS, .n = 60, .n_fair = 4,
	};
	const struct beside read_beside = {
		.what = "a cgroup move beside /proc/self/cgroup", .attack = reads_own_group,
		.victim = move, .setup = move_attacker_down,
		.first = 2 * MS, .n = 60, .n_fair = 4,
	};

	need_vbs();
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		t_skip_all("no cgroup v2");
	beside_compare(&fork_beside, 1 * US);
	make_groups();
	beside_compare(&read_beside, 1 * US);
	remove_groups();
}
