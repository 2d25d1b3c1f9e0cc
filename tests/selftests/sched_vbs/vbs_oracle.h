/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sched_setattr() must say, from the table "System call ABI" alone: one
 * errno, one cause, and the causes in their order.
 */
#ifndef VBS_ORACLE_H
#define VBS_ORACLE_H

#include "vbs_test.h"

/* What is known of a task before the call */
struct oracle_task {
	bool exists;
	bool zombie;		/* ESRCH at the latest when it would be admitted */
	bool kthread;
	bool dumpable;
	uid_t uid;
	struct vbs_sched_attr attr;
	uid_t owner;		/* of its server, if it is a member */
};

struct oracle_call {
	uid_t caller;		/* 0 has every right, else none but its own */
	const struct oracle_task *target;
	const struct oracle_task *leader;
	bool same_server;	/* the target is in the leader's already */
	const struct vbs_sched_attr *attr;
	u64 runtime_max, period_min, period_max, cost;
	u64 spare;		/* on the only CPU */
	bool deadline;		/* tasks of SCHED_DEADLINE take from it too */
};

#define ORACLE_UNKNOWN	1	/* the table does not say */

/* 0 or -errno; @may_be_busy: EBUSY is right as well */
int oracle_setattr(const struct oracle_call *c, bool *may_be_busy);

#endif /* VBS_ORACLE_H */
