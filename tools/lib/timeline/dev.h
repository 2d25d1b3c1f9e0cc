/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/timeline, and readings of timelines. */
#ifndef LIB_TIMELINE_DEV_H
#define LIB_TIMELINE_DEV_H

#include <linux/timeline.h>

#define TIMELINE_DEVICE	"/dev/timeline"

/* A file descriptor, or -1 with errno */
int timeline_dev_open(void);

/* One of its calls: 0 or the error number */
int timeline_ioctl(int fd, unsigned long request, void *arg);

/* A reading without a system call where the vDSO has it: 0 or the error number */
int timeline_gettime(unsigned int id, struct timeline_time *tt);

#endif
