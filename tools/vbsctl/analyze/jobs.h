/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a thread asks for, from when it woke, ran and slept.  A job begins when the thread
 * wakes and ends when it sleeps again; its cost is the time that it ran in between.
 */
#ifndef VBSCTL_ANALYZE_JOBS_H
#define VBSCTL_ANALYZE_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct job {
	uint64_t arrival, cost;		/* ns */
};

struct thread_jobs {
	pid_t tid;
	struct job *job;
	int jobs;
	bool awake;			/* its last job goes on */
	uint64_t running_since;		/* 0: it does not run */
	uint64_t ran;			/* ns, in all */
};

/* Events in the order of time; false without memory */
bool jobs_wake(struct thread_jobs *t, uint64_t now);
bool jobs_run(struct thread_jobs *t, uint64_t now);
void jobs_stop(struct thread_jobs *t, uint64_t now, bool sleeps);
void jobs_free(struct thread_jobs *t);

struct demand {
	int jobs;
	uint64_t period;		/* the median from one arrival to the next */
	uint64_t least_gap, most_gap;
	uint64_t cost_median, cost_most;
	uint64_t window_most;		/* the most that arrives in any window of 'period' */
};

/* False if it has not slept often enough to have a rhythm */
bool jobs_demand(const struct thread_jobs *t, struct demand *d);

#endif
