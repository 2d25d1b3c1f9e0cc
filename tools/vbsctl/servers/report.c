// SPDX-License-Identifier: GPL-2.0
/* Gathers what explain() wants to know about a refusal, and prints it. */
#include <unistd.h>

#include "command.h"
#include "servers/explain.h"
#include "vbs/attr.h"
#include "vbs/machine.h"

static const struct vbs_server *server_of(const struct vbs_snapshot *snap,
					  const struct vbs_sched_attr *attr)
{
	if (!snap || !attr || attr->sched_policy != SCHED_VBS)
		return NULL;
	return vbs_find_leader(snap, attr->sched_vbs_leader);
}

static int print_refusal(struct refusal *r)
{
	struct vbs_sched_attr leader;
	struct task_info leader_task;
	char why[1024];
	int code;

	if (r->op == OP_JOIN && !vbs_getattr(r->asked->sched_vbs_leader, &leader)) {
		task_read(r->asked->sched_vbs_leader, &leader_task);
		r->leader = &leader;
		r->leader_task = &leader_task;
		r->leader_server = server_of(r->vbs, &leader);
	}
	code = explain(r, why, sizeof(why));
	return failure(code, "%s", why);
}

int report_refusal(enum vbs_op op, int err, pid_t pid, const char *command,
		   const struct vbs_sched_attr *asked, const struct vbs_sched_attr *before)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	struct machine machine;
	struct task_info task;
	struct refusal r = {
		.op = op, .err = err, .pid = pid, .command = command, .asked = asked, .before = before,
		.task = &task, .vbs = snap,
		.server = server_of(snap, before),
		.policy_known = vbs_policy_known(),
		.privileged = have_cap_sys_nice(),
		.euid = geteuid(),
	};
	int code;

	machine_read(&machine);
	r.release_cost = machine.release_cost;
	task_read(pid, &task);
	code = print_refusal(&r);
	vbs_snapshot_free(snap);
	return code;
}
