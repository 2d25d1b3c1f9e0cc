/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * SCHED_VBS: variable-bandwidth servers, the user-space interface.
 *
 * A server has a cap (a share of one CPU) and, inside it, a virtual periodic
 * resource: sched_runtime of CPU time in every sched_period.  A task enters
 * with sched_setattr(2); threads and children of a member join its server.
 * See Documentation/scheduler/sched-vbs.rst.
 */
#ifndef _UAPI_LINUX_SCHED_VBS_H
#define _UAPI_LINUX_SCHED_VBS_H

#include <linux/types.h>

#ifndef SCHED_VBS
#define SCHED_VBS			8
#endif

/* sched_attr::sched_flags, with policy SCHED_VBS only */
#ifndef SCHED_FLAG_VBS_JOIN
#define SCHED_FLAG_VBS_JOIN		0x01000000 /* join sched_vbs_leader's server */
#define SCHED_FLAG_VBS_ALIGN		0x02000000 /* release at multiples of the period */
#endif

/* One CPU, in units of sched_vbs_cap */
#define VBS_BW_SHIFT			20
#define VBS_BW_UNIT			(1U << VBS_BW_SHIFT)

/* sizeof(struct vbs_sched_attr), the third published size of sched_attr */
#ifndef SCHED_ATTR_SIZE_VER2
#define SCHED_ATTR_SIZE_VER2		64
#endif

/**
 * struct vbs_sched_attr - struct sched_attr with the SCHED_VBS fields
 * @size: sizeof(struct vbs_sched_attr); 48 and 56 work too (no cap, no leader)
 * @sched_policy: SCHED_VBS
 * @sched_flags: SCHED_FLAG_*; RESET_ON_FORK, DL_OVERRUN, KEEP_PARAMS,
 *	VBS_JOIN, VBS_ALIGN, UTIL_CLAMP*
 * @sched_nice: kept for the return to SCHED_OTHER
 * @sched_priority: 0
 * @sched_runtime: budget of one instance in ns, 10 us to
 *	kernel.sched_vbs_runtime_max_us
 * @sched_deadline: 0 or @sched_period
 * @sched_period: in ns, kernel.sched_vbs_period_min_us to ..._max_us
 * @sched_util_min: utilization clamp
 * @sched_util_max: utilization clamp
 * @sched_vbs_cap: share of one CPU, VBS_BW_UNIT is all of it; 0 keeps the cap,
 *	on entry 0 means runtime/period rounded up
 * @sched_vbs_leader: in: a thread id, with VBS_JOIN, else ignored; out: the
 *	oldest member's, in the reader's pid namespace, or 0
 *
 * The same layout as the kernel's struct sched_attr, under a name that does
 * not collide with the one that C libraries define.
 */
struct vbs_sched_attr {
	__u32 size;
	__u32 sched_policy;
	__u64 sched_flags;
	__s32 sched_nice;
	__u32 sched_priority;
	__u64 sched_runtime;
	__u64 sched_deadline;
	__u64 sched_period;
	__u32 sched_util_min;
	__u32 sched_util_max;
	__u32 sched_vbs_cap;
	__s32 sched_vbs_leader;
};

/*
 * prctl(PR_VBS_MOVE, tid, cpu, VBS_MOVE_*, within): the server whose only member is
 * @tid (0: the caller) goes to @cpu, which the member's affinity mask has. Takes what
 * sched_setaffinity(2) takes, and the server's owner or CAP_SYS_NICE.
 *
 * STRICT moves only where the server loses nothing: without budget until its next
 * release, blocked and not ahead of its budget/period, or waiting for a release. @within
 * is how long to wait for that, in ns, up to VBS_MOVE_WITHIN_MAX; 0: not at all. RELAX
 * moves at once: what is left of the present instance is lost, and the next one begins
 * at max(t, z). Its @within is 0.
 *
 * EAGAIN: it would lose budget; ETIME: its next release is closer than a move takes;
 * EBUSY: no room there, or it is about to be moved otherwise; EINVAL: no CPU that is
 * online and in the mask, no server, or one of several members; EPERM; ESRCH; EINTR.
 */
#define PR_VBS_MOVE			0x56420001
#define VBS_MOVE_STRICT			0
#define VBS_MOVE_RELAX			1
#define VBS_MOVE_WITHIN_MAX		2000000000

/*
 * prctl(PR_VBS_BUDGET, 0, 0, 0, 0): a file whose first page, mapped for reading, is a
 * struct vbs_budget of the caller's server, for whoever is in that server: what a member
 * reads while it runs is of the instance that it runs in. EINVAL; ESRCH: the caller is in
 * no server; ENOMEM; EMFILE, ENFILE.
 *
 * Read @seq, the rest, and @seq again: as long as it is odd or has changed, once more.
 * What is left of the budget at the instant t, by CLOCK_MONOTONIC_RAW as the initial time
 * namespace has it, is @end - t or more, as interrupts are not charged, or nothing from
 * @end on; less only by what timers of a virtual machine's guests have taken since. A
 * process that the caller forks has no mapping.
 */
#define PR_VBS_BUDGET			0x56420002
#define VBS_BUDGET_GONE			0x1	/* the server has ended */

struct vbs_budget {
	__u32 seq;
	__u32 flags;		/* VBS_BUDGET_* */
	__u64 server;		/* its id in /proc/vbs */
	__u64 instances;	/* that it has begun */
	__u64 end;		/* when the budget is over if members run on until then, ns */
	__u64 deadline;		/* of the instance, ns */
	__u64 runtime;		/* the resource, ns */
	__u64 period;
};

/* Reasons of the tracepoint sched:sched_vbs_reject */
enum vbs_reject_reason {
	VBS_REJECT_NONE,
	VBS_REJECT_LIMITS,	/* EINVAL: a number outside its limits; asked = it */
	VBS_REJECT_LEADER,	/* EINVAL: the leader's server cannot be joined */
	VBS_REJECT_AFFINITY,	/* EINVAL: a server of several members would have to move */
	VBS_REJECT_KTHREAD,	/* EINVAL: the thread never returns to user mode */
	VBS_REJECT_PRIVILEGE,	/* EPERM: neither CAP_SYS_NICE nor the owner */
	VBS_REJECT_ABOVE_CAP,	/* ERANGE: asked = bandwidth, spare = cap */
	VBS_REJECT_ALIGN_SLACK,	/* ERANGE: aligned release needs 1/512 of slack */
	VBS_REJECT_NO_ROOM,	/* EBUSY: asked = cap, spare = the most there is, on cpu */
	VBS_REJECT_OVERBOOKED	/* EBUSY: a limit lowered below what is booked */
};

#endif /* _UAPI_LINUX_SCHED_VBS_H */
