/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_RATE_WATCH_FILE_H
#define VBSCTL_RATE_WATCH_FILE_H

#include <sys/types.h>

#include "rate/verdict.h"

/*
 * Watches a process's progress for that many times the latency, by the position of one of its
 * files; each window counts as a piece.  0 or an exit code, message printed.
 */
int watch_file(pid_t pid, uint64_t fd, const struct rate_goal *goal, uint64_t count, struct pieces *p);

#endif
