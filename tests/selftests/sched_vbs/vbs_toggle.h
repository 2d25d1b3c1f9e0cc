/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user's task that another one of his lets join the server of a third one and leave it
 * all the time, for races with what is done to it meanwhile.
 */
#ifndef VBS_TOGGLE_H
#define VBS_TOGGLE_H

#include "vbs_test.h"

#define TOGGLE_USER	1000

struct toggle {
	volatile pid_t leader, toggled;		/* they sleep */
	pid_t toggler;
	volatile u64 end;
	volatile u32 gate, joined;
};

/* All three, in shared memory; nothing happens until toggle_start() */
void toggle_new(struct toggle *t);
void toggle_start(struct toggle *t, u64 ns);
/* Others who wait for the gate see by this how long it goes on. */
bool toggle_goes_on(const struct toggle *t);
/* Checks that the task has joined often */
void toggle_end(struct toggle *t);

#endif /* VBS_TOGGLE_H */
