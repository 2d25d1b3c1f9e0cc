/* SPDX-License-Identifier: GPL-2.0 */
/* To who watches over a daemon: systemd's notify protocol, and lines on standard error. */
#ifndef VBSCTL_TIMELINES_NOTIFY_H
#define VBSCTL_TIMELINES_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Sends "READY=1" and the like; nothing where nobody listens (NOTIFY_SOCKET) */
void notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* How often WATCHDOG=1 is due, ns; 0: never */
uint64_t notify_watchdog_ns(void);

#define SYNC_LOG_TEXT	320

/* Lines on change only, and no flood of changes */
struct sync_log {
	char trouble[SYNC_LOG_TEXT];	/* the last that was told, or "" */
	unsigned int well;		/* updates since it was last seen */
	unsigned int lines;		/* printed lately */
	uint64_t since;			/* ns: 'lines' are counted */
	bool cut;			/* that lines are left out was told */
};

void log_trouble(struct sync_log *log, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* An update without trouble; after a few of them the trouble is over */
void log_well(struct sync_log *log, const char *name);
void log_info(struct sync_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
