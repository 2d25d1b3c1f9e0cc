// SPDX-License-Identifier: GPL-2.0
/* Joining and leaving: what a task keeps. */
#include <sched.h>

#include "servers/one.h"

static void joining(struct vbs_sched_attr *attr, pid_t leader, const struct vbs_sched_attr *before)
{
	*attr = (struct vbs_sched_attr){
		.sched_policy = SCHED_VBS,
		.sched_flags = SCHED_FLAG_VBS_JOIN,
		.sched_vbs_leader = leader,
	};
	if (before) {
		attr->sched_nice = before->sched_nice;
		attr->sched_flags |= before->sched_flags & VBS_TASK_FLAGS;
	}
}

int one_joins(pid_t pid, pid_t leader, const struct vbs_sched_attr *before)
{
	struct vbs_sched_attr attr;

	joining(&attr, leader, before);
	return vbs_setattr(pid, &attr);
}

int one_leaves(pid_t pid, const struct vbs_sched_attr *before)
{
	struct vbs_sched_attr attr = {
		.sched_policy = SCHED_OTHER,
		.sched_nice = before->sched_nice,
		.sched_flags = before->sched_flags & SCHED_FLAG_RESET_ON_FORK,
	};

	return vbs_setattr(pid, &attr);
}

void one_put_back(pid_t pid, const struct vbs_sched_attr *before)
{
	struct vbs_sched_attr attr = *before;

	if (attr.sched_policy == SCHED_VBS)
		one_joins(pid, attr.sched_vbs_leader, before);
	else
		vbs_setattr(pid, &attr);
}

int one_refused(enum vbs_op op, int err, pid_t pid, pid_t leader,
		const struct vbs_sched_attr *before)
{
	struct vbs_sched_attr attr = { .sched_policy = SCHED_OTHER };

	if (op == OP_JOIN)
		joining(&attr, leader, before);
	return report_refusal(op, err, pid, NULL, &attr, before);
}
