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

void act_show(pid_t pid, struct json_object *out)
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
static int act_on(enum vbs_op op, pid_t pid, const struct request *req, act_fn *act,
		  struct json_object *out)
{
	struct task_info task;
	int code;

	task_read(pid, &task);
	if (task.ended && !req->all)
		return report_refusal(op, ESRCH, pid, NULL, &(struct vbs_sched_attr){ 0 }, NULL);
	code = act(pid, req);
	if (!code && !req->dry_run && (req->json || req->verbose))
		act_show(pid, out);
	return code;
}

static struct json_object *begin(const struct request *req)
{
	return req->json && !req->dry_run ? json_object_new_array() : NULL;
}

static int end(struct json_object *out, int code)
{
	if (out)
		json_print(json_list("tasks", out));
	return code;
}

int for_each_pid(const struct command *cmd, int argc, char **argv, enum vbs_op op,
		 const struct request *req, act_fn *act)
{
	struct json_object *out = begin(req);
	int i, ret, code = 0;
	const char *why;
	pid_t pid;

	for (i = 0; i < argc; i++) {
		why = parse_pid(argv[i], &pid);
		ret = why ? usage_error(cmd, "'%s': %s", argv[i], why) : act_on(op, pid, req, act, out);
		code = code ? code : ret;
	}
	return end(out, code);
}

int for_one_pid(pid_t pid, enum vbs_op op, const struct request *req, act_fn *act)
{
	struct json_object *out = begin(req);

	return end(out, act_on(op, pid, req, act, out));
}

int not_in_a_server(enum vbs_op op, pid_t pid, int err)
{
	if (err)
		return report_refusal(op, err, pid, NULL, &(struct vbs_sched_attr){ 0 }, NULL);
	if (!vbs_policy_known())
		return failure(VC_NOVBS, "this kernel has no SCHED_VBS: it does not know scheduling policy 8");
	return failure(VC_FAIL, "%d is in no server", (int)pid);
}
