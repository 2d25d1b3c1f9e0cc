/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: the scheduling class and its entries from outside.
 *
 * Under the lock of the runqueue, unless said otherwise.
 */
#ifndef _KERNEL_SCHED_VBS_CLASS_H
#define _KERNEL_SCHED_VBS_CLASS_H

#include "books/books.h"
#include "member.h"
#include "time.h"

/* What runs, of whatever class; the lock keeps it there. */
static inline struct task_struct *vbs_rq_curr(struct rq *rq)
{
	return rcu_dereference_protected(rq->curr,
					 lockdep_is_held(__rq_lockp(rq)));
}

/* class.c */
void vbs_update_curr(struct rq *rq);
void vbs_update_server(struct rq *rq, struct vbs_srv *srv);
bool vbs_preempt_curr(struct rq *rq);
u64 vbs_check_curr(struct rq *rq);

/* env.c */
void vbs_add_running(struct rq *rq, int delta);

/* rights.c */
bool vbs_spare_permit(struct vbs_spare *spare, struct task_struct *p);

/* switch.c */
int vbs_switch_to(struct rq *rq, struct vbs_srv *srv, struct task_struct *p,
		  const struct vbs_params *par, timeline_ref_t timeline);

/* params.c */
void vbs_reject(struct task_struct *p, enum vbs_reject_reason reason, u64 asked,
		u64 spare, int cpu);

bool vbs_params_in_limits(const struct vbs_params *par);
int vbs_params_of(struct vbs_params *par, const struct sched_attr *attr,
		  struct task_struct *p);

/* boundary.c */
void vbs_stop_at_boundary(struct task_struct *p);

/* hotplug.c */
#ifdef CONFIG_SMP
void vbs_rescue(void);
#else
static inline void vbs_rescue(void) { }
#endif

#endif /* _KERNEL_SCHED_VBS_CLASS_H */
