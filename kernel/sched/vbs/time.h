/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: the clock of a CPU and its timer.
 *
 * All under the lock of the runqueue, except vbs_clock_of().
 */
#ifndef _KERNEL_SCHED_VBS_TIME_H
#define _KERNEL_SCHED_VBS_TIME_H

#include "srv.h"

u64 vbs_clock_moved(struct rq *rq);
void vbs_clock_run_on(struct rq *rq);

/**
 * vbs_clock - the CPU's VBS clock: rq_clock less the time it did not run
 * @rq: its runqueue, locked, clock updated
 *
 * Never decreases from call to call.
 */
static inline u64 vbs_clock(struct rq *rq)
{
	u64 now = rq_clock(rq) - rq->vbs.lost;

	return likely(now == rq->vbs.seen) ? now : vbs_clock_moved(rq);
}

/* clock.c */
u64 vbs_clock_of(int cpu);

/* timer.c */
void vbs_arm_run(struct rq *rq, struct vbs_srv *srv, struct task_struct *p);
void vbs_arm_poll(struct rq *rq, u64 delay);
u64 vbs_arm_release(struct rq *rq);
void vbs_init_timer(struct rq *rq);

#endif /* _KERNEL_SCHED_VBS_TIME_H */
