// SPDX-License-Identifier: GPL-2.0
#include <linux/membarrier.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "vbs_beside.h"

#define DIR	"/tmp/vbs_rcu"
#define LINKS	40		/* what a path may have */
#define GROUP	"/sys/fs/cgroup/vbs_rcu"
#define MOUNT	DIR "/mount"

/* Each link says "." some two thousand times and then the next link */
static void make_links(void)
{
	char path[64], next[64], target[4096];
	size_t len;

	mkdir("/tmp", 01777);
	if (mkdir(DIR, 0755) && errno != EEXIST)
		t_fatal("mkdir " DIR);
	for (int i = 0; i < LINKS; i++) {
		snprintf(path, sizeof(path), DIR "/l%d", i);
		snprintf(next, sizeof(next), i < LINKS - 1 ? "l%d" : ".", i + 1);
		len = (sizeof(target) - 1 - strlen(next)) & ~1;
		for (size_t k = 0; k < len; k++)
			target[k] = k % 2 ? '/' : '.';
		strcpy(target + len, next);
		if (symlink(target, path) && errno != EEXIST)
			t_fatal("symlink %s", path);
	}
}

static void remove_links(void)
{
	char path[64];

	for (int i = 0; i < LINKS; i++) {
		snprintf(path, sizeof(path), DIR "/l%d", i);
		unlink(path);
	}
	rmdir(MOUNT);
	rmdir(DIR);
	rmdir(GROUP);
}

/* One read-side section from the first link to the last */
static void walk(const struct scene *s)
{
	struct stat st;

	(void)s;
	if (stat(DIR "/l0", &st))
		_exit(1);
}

/* A grace period, before the group's lock is taken for writing */
static u64 move_to_group(const struct scene *s)
{
	if (file_write(GROUP "/cgroup.procs", "0") ||
	    file_write("/sys/fs/cgroup/cgroup.procs", "0"))
		_exit(1);
	return scene_since(s);
}

/* An expedited one */
static u64 unmount(const struct scene *s)
{
	if (mount("vbs", MOUNT, "tmpfs", 0, NULL) || umount(MOUNT))
		_exit(1);
	return scene_since(s);
}

static u64 barrier(const struct scene *s)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		_exit(1);
	return scene_since(s);
}

static void scene(const char *what, u64 (*victim)(const struct scene *s))
{
	const struct beside b = {
		.what = what, .attack = walk, .victim = victim,
		.first = 300 * US, .step = 410 * US, .n = 4,
	};

	beside_compare(&b, 500 * US);
}

VBS_TEST("a grace period of RCU ends beside a member as it does beside a nice-0 task", 300)
{
	need_vbs();
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		t_skip_all("no cgroup v2");
	make_links();
	mkdir(MOUNT, 0755);
	scene("a task moves to a cgroup", move_to_group);
	scene("umount()", unmount);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		scene("membarrier()", barrier);
	remove_links();
}
