/* SPDX-License-Identifier: GPL-2.0 */
/* One task into another's server, or out of its own. */
#ifndef VBSCTL_SERVERS_ONE_H
#define VBSCTL_SERVERS_ONE_H

#include "servers/explain.h"
#include "vbs/attr.h"

/* @before: the task's attributes, some of which it keeps; 0 or an errno */
int one_joins(pid_t pid, pid_t leader, const struct vbs_sched_attr *before);
int one_leaves(pid_t pid, const struct vbs_sched_attr *before);

/* To the class that it was in, or to what is left of the server */
void one_put_back(pid_t pid, const struct vbs_sched_attr *before);

/* Prints why one of them failed; returns the exit code */
int one_refused(enum vbs_op op, int err, pid_t pid, pid_t leader,
		const struct vbs_sched_attr *before);

#endif
