/* SPDX-License-Identifier: GPL-2.0 */
/* An instance of the kernel's tracer, beside those of others; in /sys/kernel/tracing. */
#ifndef LIB_VBS_TRACER_H
#define LIB_VBS_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tracer {
	char dir[512];
	char name[32];
	int fd;			/* of what is read, without waiting */
	char text[16384];
	size_t used;
};

/*
 * Makes one that traces nothing yet; @what: a word for its name.  False with errno:
 * ENOENT if there is no tracer, EACCES if it may not be used.
 */
bool tracer_begin(struct tracer *t, const char *what);
void tracer_end(struct tracer *t);

/* Writes a word into one of its files, or adds it to what is there; false with errno */
bool tracer_set(struct tracer *t, const char *file, const char *word);
bool tracer_add(struct tracer *t, const char *file, const char *word);

/* Stamps with that clock from now on, as "x86-tsc"; what was recorded before is gone */
bool tracer_clock(struct tracer *t, const char *clock);

/* "sched/sched_switch" */
bool tracer_enable(struct tracer *t, const char *event);

/* The next line that is there, and is gone then; false if there is none now */
bool tracer_line(struct tracer *t, char *line, size_t size);

#endif
