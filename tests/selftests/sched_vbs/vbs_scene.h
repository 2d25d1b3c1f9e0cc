/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A task of a lower class beside members that keep one or two CPUs busy: how
 * long it waits although a CPU is free for it.
 */
#ifndef VBS_SCENE_H
#define VBS_SCENE_H

#include "vbs_measure.h"

struct scene {
	int policy;		/* of the task, which ran last on CPU 0 */
	u64 due;		/* when it wakes up, from the start of the scene */
	u64 work;		/* how long it goes on then */
	int hog;		/* SCHED_VBS, or SCHED_FIFO for priority 99 */
	u64 begin[2];		/* when the hog of CPU 0, of CPU 1 begins */
	u64 end[2];		/* and ends; 0: there is none */
	bool leaves;		/* hogs end by becoming fair tasks, and go on */
	int low[2];		/* SCHED_FIFO priority of another one, from 2 ms on */
};

#define SCENE_ROUNDS	15

/*
 * The longest that the task had no CPU, from @due to the end of its work; the
 * median of so many rounds, since CPUs take turns.
 */
u64 scene_wait(const struct scene *b);

#endif /* VBS_SCENE_H */
