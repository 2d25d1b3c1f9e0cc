/* SPDX-License-Identifier: GPL-2.0 */
/* The states of the system under which a command is measured. */
#ifndef VBSCTL_RATE_STATES_H
#define VBSCTL_RATE_STATES_H

#include "vbs/machine.h"
#include "vbs/rate.h"

struct surroundings {
	const struct machine *machine;
	int cpu;		/* of the server */
	uint32_t keep;		/* of that CPU, for the server */
};

/* Starts what belongs to a state, ends it: 0 or an exit code, message printed */
int state_begin(enum rate_state state, const struct surroundings *at);
void state_end(void);

/* Before each run */
void state_before_run(enum rate_state state);

/* What does all it can against a server: tasks of FIFO and fair, and a server with all that is left */
int hostile_begin(const struct surroundings *at);

#endif
