/* SPDX-License-Identifier: GPL-2.0 */
/* What the library asks of the kernel.  Tests of the rest have another one. */
#ifndef CLIENT_SYSTEM_H
#define CLIENT_SYSTEM_H

#include <stdbool.h>
#include <time.h>

#include <linux/timeline.h>

/* A file of /dev/timeline, or a negative error number */
int sys_open(void);

/* 0 or a negative error number */
int sys_ioctl(int fd, unsigned long request, void *arg);
int sys_gettime(unsigned int id, struct timeline_time *tt);
int sys_sleep_until(clockid_t clock, const struct timespec *at);

/* The table of timelines, or NULL with errno set; and away with it */
const struct timeline_entry *sys_map(int fd);
void sys_unmap(const struct timeline_entry *table);

/* What the calling thread is bound to: an id or TIMELINE_NONE; and to bind it */
unsigned int sys_bound(void);
int sys_bind(unsigned int id);

/* A timerfd of that clock, or a negative error number */
int sys_timer(clockid_t clock);

#endif
