/* SPDX-License-Identifier: GPL-2.0 */
/* A command that is run again and again in one server, each time with a size. */
#ifndef VBSCTL_RATE_RUN_ONCE_H
#define VBSCTL_RATE_RUN_ONCE_H

#include <sys/types.h>

#include "servers/children.h"

#define SESSION_RUNS_MAX	10000

/* What the command is given in place of {} */
#define SIZE_MARK	"{}"

struct session {
	struct child child;	/* in the server; starts the command */
	struct resource res;	/* of the server that is measured */
	pid_t machine;		/* that of its device model, or 0: the child's own */
	char **argv;
	struct ran *ran;	/* shared with the child */
	int to, from;		/* sizes to it, a byte back for each round of runs */
	int its_to, its_from;
};

/* CLOCK_MONOTONIC, ns, as the child has seen it */
struct ran {
	uint64_t begin, end;
	uint64_t cpu;		/* of the command and of its children that it has waited for */
	int status;		/* as of wait(2) */
};

/* A server with that resource on that CPU; 0 or an exit code, message printed */
int session_start(struct session *s, char **argv, const struct resource *res, int cpu);

/*
 * The same where the command makes the device model of a machine work, whose server has that
 * resource: itself it is in none, and ahead of whatever else is not.
 */
int session_start_beside(struct session *s, char **argv, const struct resource *res, pid_t machine);

/*
 * Runs the command @count times in a row: s->ran[0] and so on.  @cpu is what they have used
 * together, children that nobody has waited for included.
 */
int session_run(struct session *s, uint64_t size, uint32_t count, uint64_t *cpu);
void session_end(struct session *s);

#endif
