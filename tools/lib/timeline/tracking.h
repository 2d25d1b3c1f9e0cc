/* SPDX-License-Identifier: GPL-2.0 */
/* What the synchroniser of a timeline tells of itself, for others to read. */
#ifndef LIB_TIMELINE_TRACKING_H
#define LIB_TIMELINE_TRACKING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <linux/timeline.h>

#include "timeline/source.h"

#define TRACKING_DIR	"/run/vbsctl"

struct tracking {
	pid_t pid;
	uint64_t begun;		/* when that process began, as /proc/PID/stat has it */
	uint32_t generation;	/* of the timeline */
	char from[128];		/* the reference */
	bool bounded;		/* it has a bound: */
	uint64_t reference_ns;
	char why[128];		/* where that comes from, or why there is none */
	char keeper[64];	/* the program that keeps the reference, or "" */
	pid_t keeper_pid;
	bool has_offset;
	int64_t offset_ns;	/* timeline - reference, when it was read last */
	uint64_t contradictions, steps;
};

/* Of this process */
void tracking_begin(struct tracking *t, const char *from, uint32_t generation);

/* What is known of the reference as of a sample */
void tracking_reference(struct tracking *t, const struct timeline_source *src,
			const struct source_state *state, uint64_t error_ns);

/* How far what was set last, here carried on to a sample, is ahead of the reference */
void tracking_offset(struct tracking *t, const struct timeline_set *last,
		     const struct te_sample *s);

/* By the name of the timeline: 0 or an error number; of reading: ENOENT there is none, EPROTO */
int tracking_write(const char *name, const struct tracking *t);
int tracking_read(const char *name, struct tracking *t);

/*
 * More of that kind, @what after the name: a blank and a word.  Who reads it sees an old
 * one or a new one.  0 or an error number.
 */
typedef void tracking_writer(FILE *f, const void *arg);
int tracking_put(const char *name, const char *what, tracking_writer *write, const void *arg);
FILE *tracking_open(const char *name, const char *what);
void tracking_drop(const char *name, const char *what);

/* If it is this process's */
void tracking_remove(const char *name);

/* Whether the process that wrote it still runs */
bool tracking_runs(const struct tracking *t);

#endif
