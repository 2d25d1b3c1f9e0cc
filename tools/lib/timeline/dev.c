// SPDX-License-Identifier: GPL-2.0
/* /dev/timeline and the vDSO's function. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "base/sysfile.h"
#include "timeline/client/vdso.h"
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

int timeline_gettime(unsigned int id, struct timeline_time *tt)
{
	return -vdso_gettime(id, tt);
}
