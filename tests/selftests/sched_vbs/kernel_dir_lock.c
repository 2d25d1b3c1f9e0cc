// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "vbs_beside.h"

#define DIR	"/tmp/vbs_dir_lock"
#define FILES	8192
#define ROOM	(FILES * 32)	/* all of them in one call */

/* One getdents() of the whole directory, whose lock it holds all the time */
static void list(const struct scene *s)
{
	static char entries[ROOM];
	static int fd = -1;

	(void)s;
	if (fd < 0) {
		memset(entries, 1, sizeof(entries));
		fd = open(DIR, O_RDONLY | O_DIRECTORY);
	}
	lseek(fd, 0, SEEK_SET);
	if (syscall(SYS_getdents64, fd, entries, sizeof(entries)) < FILES)
		_exit(1);
}

static u64 make_directory(const struct scene *s)
{
	char path[64];

	snprintf(path, sizeof(path), DIR "/d%ju", (uintmax_t)s->t0);
	if (mkdir(path, 0755) || rmdir(path))
		_exit(1);
	return scene_since(s);
}

static void fill(void)
{
	char path[64];

	if (mkdir("/tmp", 01777) && errno != EEXIST)
		t_fatal("mkdir /tmp");
	if (mkdir(DIR, 01777) && errno != EEXIST)
		t_fatal("mkdir " DIR);
	for (unsigned int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), DIR "/%05u", i);
		if (mknod(path, S_IFREG | 0644, 0) && errno != EEXIST)
			t_fatal("mknod %s", path);
	}
}

static void clear(void)
{
	char path[64];

	for (unsigned int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), DIR "/%05u", i);
		unlink(path);
	}
	rmdir(DIR);
}

VBS_TEST("who wants a lock that a member has in the kernel waits as for a nice-0 task", 120)
{
	const struct beside mkdir_beside_readdir = {
		.what = "mkdir() where readdir() is at work",
		.attack = list, .victim = make_directory,
		.first = 200 * US, .step = 170 * US, .n = 6,
	};

	need_vbs();
	fill();
	beside_compare(&mkdir_beside_readdir, 500 * US);
	clear();
}
