// SPDX-License-Identifier: GPL-2.0
/* What the commands on running tasks have in common. */
#include <errno.h>
#include <stdio.h>

#include "base/format.h"
#include "base/parse.h"
#include "servers/act.h"
#include "show/json_server.h"

static void say_server(pid_t pid, const struct vbs_sched_attr *attr, const struct vbs_server *s)
{
	if (attr->sched_policy != SCHED_VBS)
		printf("%d: in no server\n", (int)pid);
	else if (!s)
		printf("%d: in a server that is not shown to you\n", (int)pid);
	else
		printf("%d: server %u on CPU %d, %s, cap %s\n", (int)pid, s->id, s->cpu,
		       fmt_resource(s->runtime, s->period).s, fmt_bw(s->cap).s);
}

/* With @out, its elements are printed as JSON at the end */
static void show(pid_t pid, struct json_object *out)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	const struct vbs_server *s = NULL;
	struct vbs_sched_attr attr;
	int err = vbs_getattr(pid, &attr);

	if (!err && attr.sched_policy == SCHED_VBS && snap)
		s = vbs_find_leader(snap, attr.sched_vbs_leader);
	if (out)
		json_object_array_add(out, json_task(pid, s));
	else if (err)
		printf("%d: has ended\n", (int)pid);
	else
		say_server(pid, &attr, s);
	vbs_snapshot_free(snap);
}

/* Calls on a task that has ended may succeed, and say nothing true */
static int act_on(enum vbs_op op, pid_t pid, const struct request *req,
		  int (*act)(pid_t pid, const struct request *req))
{
	struct task_info task;

	task_read(pid, &task);
	if (task.ended)
		return report_refusal(op, ESRCH, pid, &(struct vbs_sched_attr){ 0 }, NULL);
	return act(pid, req);
}

int for_each_pid(const struct command *cmd, int argc, char **argv, enum vbs_op op,
		 const struct request *req, int (*act)(pid_t pid, const struct request *req))
{
	struct json_object *out = req->json ? json_object_new_array() : NULL;
	int i, ret, code = 0;
	const char *why;
	pid_t pid;

	for (i = 0; i < argc; i++) {
		why = parse_pid(argv[i], &pid);
		ret = why ? usage_error(cmd, "'%s': %s", argv[i], why) : act_on(op, pid, req, act);
		if (!ret && (req->json || req->verbose))
			show(pid, out);
		if (ret && !code)
			code = ret;
	}
	if (out)
		json_print(json_list("tasks", out));
	return code;
}

int not_in_a_server(enum vbs_op op, pid_t pid, int err)
{
	if (err)
		return report_refusal(op, err, pid, &(struct vbs_sched_attr){ 0 }, NULL);
	if (!vbs_policy_known())
		return failure(VC_NOVBS, "this kernel has no SCHED_VBS: it does not know scheduling policy 8");
	return failure(VC_FAIL, "%d is in no server", (int)pid);
}
