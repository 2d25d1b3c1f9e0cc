/* SPDX-License-Identifier: GPL-2.0 */
/* Lines of the tracer: who wakes, and who runs after whom. */
#ifndef LIB_VBS_TRACE_LINE_H
#define LIB_VBS_TRACE_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of sched_waking, of sched_switch, or of something else */
enum trace_kind { TRACE_OTHER, TRACE_WAKE, TRACE_SWITCH };

struct trace_event {
	enum trace_kind kind;
	uint64_t now;			/* ns */
	pid_t pid;			/* who wakes, who stops running */
	pid_t next;			/* who runs now */
	bool sleeps;			/* pid does not want to run on */
};

void trace_parse(const char *line, struct trace_event *e);

#endif
