/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: what a task carries, and the hooks of the rest of the kernel.
 */
#ifndef _LINUX_SCHED_VBS_H
#define _LINUX_SCHED_VBS_H

#include <linux/jump_label.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <linux/sched/signal.h>
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
void __sched_vbs_exit_group(void);
void __sched_vbs_worker(struct task_struct *p);
void __vbs_kthread_point(void);
int vbs_prctl_budget(unsigned long arg2, unsigned long arg3, unsigned long arg4,
		     unsigned long arg5);
#ifdef CONFIG_SMP
int vbs_prctl_move(unsigned long tid, unsigned long cpu, unsigned long flags,
		   unsigned long within);
#endif
void __sched_vbs_lend(void);
void sched_vbs_stood_still(void);

/**
 * sched_vbs_boundary_begin - the task is about to schedule() on its way to user mode
 *
 * A server without budget may stop it there: it holds no lock of the kernel's.  A
 * thread that runs a vCPU has left its guest to emulate a device, and may hold a
 * lock that its virtual machine waits for: it goes on, as in the kernel.  Brackets
 * schedule() with sched_vbs_boundary_end(); the mark is read under the runqueue
 * lock.
 *
 * Context: current, preemption enabled, no locks held.
 */
static __always_inline void sched_vbs_boundary_begin(void)
{
	if (static_branch_unlikely(&sched_vbs_used))
		WRITE_ONCE(current->vbs.boundary, !current->vbs.vcpu);
}

/**
 * sched_vbs_guest_boundary_begin - the same on its way to guest mode
 *
 * Nothing is held but the vCPU.  Or where a thread stops that never returns to user
 * mode.
 */
static __always_inline void sched_vbs_guest_boundary_begin(void)
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
 *
 * A thread that runs a vCPU does so before guest mode: sched_vbs_guest_soon().
 */
static inline void sched_vbs_resume_work(void)
{
	if (static_branch_unlikely(&sched_vbs_used) &&
	    READ_ONCE(current->vbs.resume) && !current->vbs.vcpu)
		__sched_vbs_resume_work();
}

static inline void sched_vbs_guest_resume_work(void)
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
	if (static_branch_unlikely(&sched_vbs_used) &&
	    (vbs_member(current) || current->signal->vbs_group))
		__sched_vbs_exec_privileged();
}

/**
 * sched_vbs_exit_group - the last thread of a process exits
 */
static inline void sched_vbs_exit_group(void)
{
	if (static_branch_unlikely(&sched_vbs_used) && current->signal->vbs_group)
		__sched_vbs_exit_group();
}

/* Has current, which never returns to user mode, been told to stop where it can? */
static inline bool sched_vbs_wants_point(void)
{
	return static_branch_unlikely(&sched_vbs_used) &&
		READ_ONCE(current->vbs.resume);
}

/**
 * sched_vbs_worker - a thread that never returns to user mode has throttle points
 * @p: the thread, which has not run yet; it calls vbs_kthread_point()
 *
 * So it may be a member, and joins its creator's server, or later whatever takes in
 * the threads of its process.
 */
static inline void sched_vbs_worker(struct task_struct *p)
{
	p->vbs.worker = true;
	if (static_branch_unlikely(&sched_vbs_used))
		__sched_vbs_worker(p);
}

/**
 * sched_vbs_kthread - current, a thread of the kernel, calls vbs_kthread_point()
 *
 * So whoever has CAP_SYS_NICE may put it into a server; SCHED_FIFO of today's priority,
 * or SCHED_NORMAL, is what it becomes when an administrator ends all servers.  Once,
 * before its loop; it may be there long before the first server is.
 */
static inline void sched_vbs_kthread(void)
{
	current->vbs.worker = true;
	current->vbs.began_prio = current->rt_priority;
}

/**
 * vbs_kthread_point - current, which never returns to user mode, may stop here
 *
 * For workers of a process and threads of interrupts, between two pieces of work.
 *
 * Context: current, which is to go on; no locks held, interrupts and preemption
 *	enabled.
 */
static inline void vbs_kthread_point(void)
{
	if (static_branch_unlikely(&sched_vbs_used) && vbs_member(current))
		__vbs_kthread_point();
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
static __always_inline void sched_vbs_guest_boundary_begin(void) { }
static __always_inline void sched_vbs_boundary_end(void) { }
static inline void sched_vbs_resume_work(void) { }
static inline void sched_vbs_guest_resume_work(void) { }
static inline void sched_vbs_signal(struct task_struct *p) { }
static inline void sched_vbs_exec_privileged(void) { }
static inline void sched_vbs_exit_group(void) { }
static inline bool sched_vbs_wants_point(void) { return false; }
static inline void sched_vbs_worker(struct task_struct *p) { }
static inline void sched_vbs_kthread(void) { }
static inline void vbs_kthread_point(void) { }
static inline void sched_vbs_lend_begin(void) { }
static inline void sched_vbs_lend_end(void) { }
static inline void sched_vbs_stood_still(void) { }
static inline int vbs_prctl_budget(unsigned long arg2, unsigned long arg3,
				   unsigned long arg4, unsigned long arg5)
{
	return -EINVAL;
}

#endif /* CONFIG_SCHED_VBS */

#if !defined(CONFIG_SCHED_VBS) || !defined(CONFIG_SMP)
static inline int vbs_prctl_move(unsigned long tid, unsigned long cpu, unsigned long flags,
				 unsigned long within)
{
	return -EINVAL;
}
#endif

/**
 * vbs_prctl - what PR_VBS_* ask for
 * @option: PR_VBS_MOVE or PR_VBS_BUDGET
 *
 * Context: may sleep.
 * Return: what prctl(2) returns.
 */
static inline int vbs_prctl(int option, unsigned long arg2, unsigned long arg3,
			    unsigned long arg4, unsigned long arg5)
{
	return option == PR_VBS_MOVE ? vbs_prctl_move(arg2, arg3, arg4, arg5) :
		vbs_prctl_budget(arg2, arg3, arg4, arg5);
}

#endif /* _LINUX_SCHED_VBS_H */
