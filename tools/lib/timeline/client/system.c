// SPDX-License-Identifier: GPL-2.0
/* The device, the vDSO and the system calls. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

#include "system.h"
#include "vdso.h"

#define DEVICE		"/dev/timeline"
#define TABLE_SIZE	(TIMELINE_MAX_IDS * TIMELINE_ENTRY_SIZE)

int sys_open(void)
{
	int fd = open(DEVICE, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

int sys_gettime(unsigned int id, struct timeline_time *tt)
{
	return vdso_gettime(id, tt);
}

int sys_sleep_until(clockid_t clock, const struct timespec *at)
{
	return -clock_nanosleep(clock, TIMER_ABSTIME, at, NULL);
}

const struct timeline_entry *sys_map(int fd)
{
	void *table = mmap(NULL, TABLE_SIZE, PROT_READ, MAP_SHARED, fd, 0);

	return table == MAP_FAILED ? NULL : table;
}

void sys_unmap(const struct timeline_entry *table)
{
	munmap((void *)table, TABLE_SIZE);
}

unsigned int sys_bound(void)
{
	int id = prctl(PR_GET_TIMELINE, 0L, 0L, 0L, 0L);

	return id < 0 ? TIMELINE_NONE : (unsigned int)id;
}

int sys_bind(unsigned int id)
{
	return prctl(PR_SET_TIMELINE, (unsigned long)id, 0L, 0L, 0L) ? -errno : 0;
}

int sys_timer(clockid_t clock)
{
	int fd = timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}
