/* SPDX-License-Identifier: GPL-2.0 */
/* The subcommands of vbsctl timeline, and the device that they share. */
#ifndef VBSCTL_TIMELINES_TIMELINES_H
#define VBSCTL_TIMELINES_TIMELINES_H

#include <stdint.h>

#include "command.h"
#include "timeline/dev.h"

extern const struct command timeline_create, timeline_list, timeline_show, timeline_read,
			    timeline_bind, timeline_sync, timeline_watch, timeline_compare,
			    timeline_metrics, timeline_sources, timeline_serve, timeline_feed,
			    timeline_wait, timeline_destroy;

/* The device, opened: a file descriptor; or -1, the code of a printed message in *code */
int timeline_open(int *code);

/* By name: 0 or an exit code, message printed */
int timeline_find(int fd, const char *name, struct timeline_lookup *found);
/* That a clock ticks as finely as needed, 0: any: 0 or an exit code, message printed */
int timeline_check_resolution(const char *what, const char *name, unsigned int id,
			      uint64_t needed);
int timeline_get_named(int fd, const char *name, struct timeline_get *get);

/* The words for a call that failed: prints "cannot DO NAME: why", returns an exit code */
int timeline_failure(const char *what, const char *name, int err);

#endif
