// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <sys/ioctl.h>
#include "vbs_measure.h"

/*
 * A worker of vhost that is older than the machine's first server.  MANIFEST has this test
 * first in a machine: in a later one a server has been before.
 */

/* The thread of current that is not its first, or 0 */
static pid_t worker(void)
{
	struct dirent *d;
	pid_t tid = 0;
	DIR *dir;

	dir = opendir("/proc/self/task");
	while (dir && (d = readdir(dir)))
		if (atoi(d->d_name) && atoi(d->d_name) != getpid())
			tid = atoi(d->d_name);
	if (dir)
		closedir(dir);
	return tid;
}

VBS_TEST("a worker that is older than the first server can enter one", 30)
{
	pid_t io;
	int fd;

	need_vbs();
	fd = open("/dev/vhost-net", O_RDWR);
	if (fd < 0)
		t_skip_all("no /dev/vhost-net");
	t_equal(ioctl(fd, VHOST_SET_OWNER, 0), 0, "own the device");
	io = worker();
	if (!io)
		t_fatal("no worker");
	must_enter(io, 1 * MS, 10 * MS, 0);
	t_equal(sched_getscheduler(io), SCHED_VBS, "its policy");
	close(fd);
	t_equal(books_empty(SEC), 0, "booked when the device is closed");
}
