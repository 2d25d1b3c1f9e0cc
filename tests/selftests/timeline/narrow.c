// SPDX-License-Identifier: GPL-2.0
#include <libgen.h>
#include <limits.h>
#include <sys/wait.h>
#include "tl_test.h"

static void become_narrow(void *arg)
{
	char path[PATH_MAX], *dir, number[16], file[PATH_MAX + 16];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[n > 0 ? n : 0] = 0;
	dir = dirname(path);
	snprintf(file, sizeof(file), "%s/reader32", dir);
	snprintf(number, sizeof(number), "%u", *(u32 *)arg);
	execl(file, file, number, NULL);
	_exit(errno == ENOEXEC ? 126 : 127);
}

VBS_TEST("a program of 32 bits reads, waits for and binds to a timeline", 60)
{
	int fd = tl_open(), status;
	u32 id = tl_make(fd, "narrow", 0);

	status = WEXITSTATUS(t_wait(t_fork(become_narrow, &id)));
	if (status == 126)
		t_skip_all("a kernel that runs no 32-bit programs");
	t_equal(status, 0, "its first check that fails (reader32.c)");
	tl_destroy(fd, id);
}
