/* SPDX-License-Identifier: GPL-2.0 */
/* The schedule of a command as a chart: its threads, and the servers, from a trace. */
#ifndef VBSCTL_SHOW_GANTT_H
#define VBSCTL_SHOW_GANTT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct gantt_run {
	uint64_t from, to;		/* ns */
	int cpu;
};

struct gantt_thread {
	pid_t tid;
	char comm[32];			/* the last that was seen */
	struct gantt_run *run;
	int runs;
	bool running;			/* the last run has no end yet */
};

enum gantt_mark_kind { MARK_RELEASE, MARK_EXHAUST, MARK_SWITCH };

struct gantt_mark {
	uint64_t at;
	enum gantt_mark_kind kind;
};

struct gantt_server {
	uint32_t id;
	uint64_t runtime, period;	/* of its last release */
	struct gantt_mark *mark;
	int marks;
};

struct gantt {
	struct gantt_thread *thread;
	int threads;
	struct gantt_server *server;
	int servers;
	uint64_t first, last;		/* of all events */
	bool no_memory;
};

/* @root: the process whose threads and descendants are shown */
void gantt_begin(struct gantt *g, pid_t root);

/* A line of the tracer, in the order of time */
void gantt_line(struct gantt *g, const char *line);
void gantt_free(struct gantt *g);

/* Draws [from, from + length) as SVG */
void gantt_draw(const struct gantt *g, uint64_t from, uint64_t length, FILE *to);

#endif
