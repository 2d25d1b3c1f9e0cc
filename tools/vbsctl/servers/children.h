/* SPDX-License-Identifier: GPL-2.0 */
/* Processes of a measurement, in servers of their own or outside of any. */
#ifndef VBSCTL_SERVERS_CHILDREN_H
#define VBSCTL_SERVERS_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vbs/params.h"

/*
 * A child that enters a server of its own on @cpu (-1: any) and plays then; it ends with this
 * process, or by child_end().
 */
struct child {
	const char *name;
	struct resource res;	/* period 0: it stays in the class of this process */
	bool align;
	uint32_t cap;		/* 0: the least */
	int cpu;
	void (*play)(void *arg);
	void *arg;
	pid_t pid;
};

/* 0 or an exit code, message printed */
int child_start(struct child *child);
void child_end(struct child *child);

/* All that were started */
void children_end(void);

#endif
