/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: the part of task_struct.  Separate from vbs.h, which needs
 * task_struct itself.
 */
#ifndef _LINUX_SCHED_VBS_ENTITY_H
#define _LINUX_SCHED_VBS_ENTITY_H

#include <linux/types.h>

struct vbs_srv;

/**
 * struct sched_vbs_entity - a task as a member of a server
 * @server: where it runs: @own, or one that it is lent, or NULL; changes under
 *	pi_lock and the runqueue lock, as @own does
 * @own: the server that it is a member of, or NULL
 * @member: in the server's list of members, oldest first; its lock
 * @born: in that of those whose fork is over; its lock
 * @run: in one of the server's lists of runnable members, or among the strays
 *	of a runqueue that is not the server's
 * @seq: FIFO order among the server's runnable members
 * @slice: ns executed of the present slice
 * @pending: ns executed away from the server's CPU, to be charged at home
 * @bookings: caps of earlier servers that are still booked for this task
 * @carry_z: termination point of the last server left, ns of CLOCK_MONOTONIC
 * @overrun_seen: server's overrun count when this task last knew of it
 * @boundary: in schedule() on the way to user mode; written by the task itself
 * @queued: between enqueue and dequeue
 * @counted: among the core's runnable members
 * @kernel: how it is counted: in the kernel or running, or at the boundary
 * @stray: counted on a runqueue that is not its server's
 * @fair: goes on as a fair task, since its server lends nothing more; pi_lock
 *	and the runqueue lock
 * @lent: @server is lent by a member that waits for a lock of this task;
 *	pi_lock and the runqueue lock
 * @turn_over: it runs, but for the last time before its companions
 * @resume: has to look at its server before it returns to user mode; cleared by
 *	the task itself
 * @overrun_signal: SCHED_FLAG_DL_OVERRUN
 * @vcpu: runs a vCPU: user mode counts as the kernel, guest mode does not
 * @poll: may poll when its guest halts
 * @worker: never returns to user mode, but calls vbs_kthread_point()
 * @began_prio: the SCHED_FIFO priority that a thread of the kernel began with, or 0
 * @pi_prio: what the owner of an rt_mutex inherits if this task waits for it as
 *	SCHED_VBS: 0, which is FIFO 99, but for futexes; written by the task itself
 * @carry_borrows: steps that the last server left had borrowed
 *
 * Without another word: protected by the lock of the task's runqueue.
 */
struct sched_vbs_entity {
	struct vbs_srv		*server;
	struct vbs_srv		*own;
	struct list_head	member;
	struct list_head	born;
	struct list_head	run;
	u64			seq;
	u64			slice;
	u64			pending;
	struct list_head	bookings;
	u64			carry_z;
	u32			overrun_seen;
	bool			boundary;
	bool			queued;
	bool			counted;
	bool			kernel;
	bool			stray;
	bool			fair;
	bool			lent;
	bool			turn_over;
	bool			resume;
	bool			overrun_signal;
	bool			vcpu;
	bool			poll;
	bool			worker;
	u8			began_prio;
	u8			pi_prio;
	u8			carry_borrows;
};

#endif /* _LINUX_SCHED_VBS_ENTITY_H */
