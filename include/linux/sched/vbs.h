/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: what a task carries, and the hooks of the rest of the kernel.
 */
#ifndef _LINUX_SCHED_VBS_H
#define _LINUX_SCHED_VBS_H

#include <linux/jump_label.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <uapi/linux/sched/vbs.h>

/* Priority of SCHED_VBS tasks; -1 is SCHED_DEADLINE's. */
static inline bool vbs_prio(int prio)
{
	return IS_ENABLED(CONFIG_SCHED_VBS) && unlikely(prio < MAX_VBS_PRIO);
}

static inline bool vbs_task(const struct task_struct *p)
{
	return vbs_prio(p->prio);
}

/* Also one that goes on as a fair task for now */
static inline bool vbs_member(const struct task_struct *p)
{
#ifdef CONFIG_SCHED_VBS
	return READ_ONCE(p->vbs.own);
#else
	return false;
#endif
}

/**
 * vbs_waiter_prio - where a task stands among those that wait for an rt_mutex
 * @p: the task
 * @prio: its priority, read once
 *
 * A member, or whoever is lent a server, stands before all others, though it may
 * be a fair task for now.
 */
static inline int vbs_waiter_prio(const struct task_struct *p, int prio)
{
#ifdef CONFIG_SCHED_VBS
	if (READ_ONCE(p->vbs.server))
		return MAX_VBS_PRIO - 1;
#endif
	return prio;
}

#ifdef CONFIG_SCHED_VBS

/* Off until the first task enters, then on for good. */
DECLARE_STATIC_KEY_FALSE(sched_vbs_used);

void __sched_vbs_resume_work(void);
void __sched_vbs_signal(struct task_struct *p);
void __sched_vbs_exec_privileged(void);
void __sched_vbs_lend(void);
void sched_vbs_stood_still(void);

/**
 * sched_vbs_boundary_begin - the task is about to schedule() where it holds
 * nothing of the kernel's
 *
 * On the way to user or guest mode a server without budget may stop a task:
 * it holds no lock there.  Brackets schedule() with sched_vbs_boundary_end();
 * the mark is read under the runqueue lock.
 *
 * Context: current, preemption enabled, no locks held.
 */
static __always_inline void sched_vbs_boundary_begin(void)
{
	if (static_branch_unlikely(&sched_vbs_used))
		WRITE_ONCE(current->vbs.boundary, true);
}

static __always_inline void sched_vbs_boundary_end(void)
{
	if (static_branch_unlikely(&sched_vbs_used))
		WRITE_ONCE(current->vbs.boundary, false);
}

/**
 * sched_vbs_resume_work - TIF_NOTIFY_RESUME: stop before user mode if the
 * server only lends to the kernel, send the overrun signal
 */
static inline void sched_vbs_resume_work(void)
{
	if (static_branch_unlikely(&sched_vbs_used) &&
	    READ_ONCE(current->vbs.resume))
		__sched_vbs_resume_work();
}

/**
 * sched_vbs_signal - a task is to look at its signals
 * @p: the task; siglock held
 *
 * A member that its server has stopped at the boundary to user mode cannot put off
 * until its release that it is killed, stopped, frozen or traced.
 */
static inline void sched_vbs_signal(struct task_struct *p)
{
	if (static_branch_unlikely(&sched_vbs_used) && vbs_task(p))
		__sched_vbs_signal(p);
}

/**
 * sched_vbs_exec_privileged - an exec that gains privilege leaves the server
 */
static inline void sched_vbs_exec_privileged(void)
{
	if (static_branch_unlikely(&sched_vbs_used) && vbs_member(current))
		__sched_vbs_exec_privileged();
}

/**
 * sched_vbs_lend_begin - current is going to wait for a PI futex
 *
 * Also if it is no member: it may become one while it waits.
 */
static inline void sched_vbs_lend_begin(void)
{
	if (static_branch_unlikely(&sched_vbs_used))
		__sched_vbs_lend();
}

static inline void sched_vbs_lend_end(void)
{
	if (static_branch_unlikely(&sched_vbs_used))
		WRITE_ONCE(current->vbs.pi_prio, 0);
}

#else /* !CONFIG_SCHED_VBS */

static __always_inline void sched_vbs_boundary_begin(void) { }
static __always_inline void sched_vbs_boundary_end(void) { }
static inline void sched_vbs_resume_work(void) { }
static inline void sched_vbs_signal(struct task_struct *p) { }
static inline void sched_vbs_exec_privileged(void) { }
static inline void sched_vbs_lend_begin(void) { }
static inline void sched_vbs_lend_end(void) { }
static inline void sched_vbs_stood_still(void) { }

#endif /* CONFIG_SCHED_VBS */

#endif /* _LINUX_SCHED_VBS_H */
