/* SPDX-License-Identifier: GPL-2.0 */
/* Calls that the kernel refuses, as the tracepoint sched_vbs_reject tells them. */
#ifndef VBSCTL_SHOW_REFUSALS_H
#define VBSCTL_SHOW_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct refusal_seen {
	pid_t pid;
	char reason[32];
	uint64_t asked, spare;
	int cpu;
};

/* A trace of its own, beside those of others: false with errno */
bool refusals_begin(void);

/* The next one that is there; false if there is none now */
bool refusals_next(struct refusal_seen *r);
void refusals_end(void);

/* From a line of the trace; false if it is of something else */
bool refusal_parse(const char *line, struct refusal_seen *r);

#endif
