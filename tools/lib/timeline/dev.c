// SPDX-License-Identifier: GPL-2.0
/* /dev/timeline and the vDSO's function. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "base/sysfile.h"
#include "timeline/dev.h"

int timeline_dev_open(void)
{
	int fd = open(sys_path(TIMELINE_DEVICE), O_RDWR | O_CLOEXEC);

	/* 0644: who may not write can still do all that needs no privilege */
	if (fd < 0 && errno == EACCES)
		fd = open(sys_path(TIMELINE_DEVICE), O_RDONLY | O_CLOEXEC);
	return fd;
}

int timeline_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? errno : 0;
}

typedef int gettime_fn(unsigned int id, struct timeline_time *tt);

static int by_prctl(unsigned int id, struct timeline_time *tt)
{
	return prctl(PR_TIMELINE_GETTIME, id, tt, 0, 0) ? -errno : 0;
}

static gettime_fn *find_gettime(void)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	gettime_fn *fn = NULL;

	if (vdso)
		*(void **)&fn = dlsym(vdso, "__vdso_timeline_gettime");
	return fn ? fn : by_prctl;
}

int timeline_gettime(unsigned int id, struct timeline_time *tt)
{
	static gettime_fn *fn;

	if (!fn)
		fn = find_gettime();
	return -fn(id, tt);
}
