/* SPDX-License-Identifier: GPL-2.0 */
/* Why the kernel refused, in words and numbers. */
#ifndef VBSCTL_SERVERS_EXPLAIN_H
#define VBSCTL_SERVERS_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/sched/vbs.h>

#include "vbs/proc.h"
#include "vbs/task.h"

enum vbs_op { OP_ADMIT, OP_JOIN, OP_SWITCH, OP_MOVE, OP_LEAVE };

/* All that is known of a refused call; pointers are NULL where nothing is */
struct refusal {
	enum vbs_op op;
	int err;
	pid_t pid;				/* as the user names it */
	const char *command;			/* that is to run, or NULL: say so instead */
	const struct vbs_sched_attr *asked;
	const struct vbs_sched_attr *before;	/* the target's, before the call */
	const struct vbs_sched_attr *leader;	/* with OP_JOIN */
	const struct task_info *task;
	const struct task_info *leader_task;
	const struct vbs_snapshot *vbs;
	const struct vbs_server *server;	/* the target's */
	const struct vbs_server *leader_server;
	uint64_t release_cost;
	bool policy_known;
	bool privileged;			/* CAP_SYS_NICE */
	uint32_t euid;
};

/* "4242", or "4242 of 'arm'" where the server has a name: @s may be NULL */
struct who {
	char s[16 + VBS_NAME_LEN];
};

struct who who_is(pid_t pid, const struct vbs_server *s);

/* Writes one sentence without a full stop; returns the exit code */
int explain(const struct refusal *r, char *buf, size_t size);

/* Its parts, one per file: false if the numbers do not show the cause */
bool explain_limits(const struct refusal *r, char *buf, size_t size);
bool explain_join(const struct refusal *r, char *buf, size_t size);
void explain_busy(const struct refusal *r, char *buf, size_t size);
void explain_range(const struct refusal *r, char *buf, size_t size);
void explain_perm(const struct refusal *r, char *buf, size_t size);

/* Reads what a struct refusal wants to know, and prints the sentence */
int report_refusal(enum vbs_op op, int err, pid_t pid, const char *command,
		   const struct vbs_sched_attr *asked, const struct vbs_sched_attr *before);

#endif
