/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: what cpusets ask of it before they change the masks of tasks.
 */
#ifndef _LINUX_SCHED_VBS_CPUSET_H
#define _LINUX_SCHED_VBS_CPUSET_H

#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/sched/vbs.h>

/**
 * struct vbs_plan - the servers that a change of masks concerns
 * @servers: each with the place that is booked for it, if it has to move
 * @mask: where a member may run after the change, or NULL if it does not concern
 *	it; called with interrupts off
 * @data: passed to @mask
 *
 * From sched_vbs_plan_add() to sched_vbs_plan_end() their members' masks are
 * changed by nobody else, and nobody joins them.
 */
struct vbs_plan {
	struct list_head	servers;
	const struct cpumask	*(*mask)(struct task_struct *p, void *data);
	void			*data;
};

int sched_vbs_plan_add(struct vbs_plan *plan, struct task_struct *p);
int sched_vbs_plan_book(struct vbs_plan *plan);
void sched_vbs_plan_go(struct vbs_plan *plan);
void sched_vbs_plan_end(struct vbs_plan *plan);
void sched_vbs_places_follow(void);
void sched_vbs_dl_rebuilt(void);
int __sched_vbs_can_fork(struct task_struct *p, const struct cpumask *mask);

#ifdef CONFIG_CPUSETS
bool sched_vbs_in_cpuset(struct task_struct *p, const struct cpumask *mask);
#else
static inline bool sched_vbs_in_cpuset(struct task_struct *p, const struct cpumask *mask)
{
	return true;
}
#endif

#endif /* _LINUX_SCHED_VBS_CPUSET_H */
