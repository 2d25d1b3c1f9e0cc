// SPDX-License-Identifier: GPL-2.0
/* vbsctl admit, join, switch and leave: commands on running tasks. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>

#include <json-c/json.h>

#include "explain.h"
#include "format.h"
#include "json_out.h"
#include "request.h"

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

/* Applies @act to each operand; the first failure gives the exit code */
static int for_each_pid(const struct command *cmd, int argc, char **argv, enum vbs_op op,
			const struct request *req,
			int (*act)(pid_t pid, const struct request *req))
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

static int admit_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = { REQUEST_OPTIONS, PRINT_OPTIONS, { 0 } };
	struct request req;
	int ret = request_parse(cmd, argc, argv, options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (optind == argc)
		return usage_error(cmd, "which process or thread?");
	ret = request_complete(cmd, &req);
	return ret ? ret : for_each_pid(cmd, argc - optind, argv + optind, OP_ADMIT, &req, admit_task);
}

static const struct option plain_options[] = { PRINT_OPTIONS, { 0 } };

static int join_task(pid_t pid, const struct request *req)
{
	struct vbs_sched_attr attr = {
		.sched_policy = SCHED_VBS,
		.sched_flags = SCHED_FLAG_VBS_JOIN,
		.sched_vbs_leader = req->leader,
	};
	struct vbs_sched_attr before;
	int err, known = !vbs_getattr(pid, &before);

	if (known) {
		attr.sched_nice = before.sched_nice;
		attr.sched_flags |= before.sched_flags & VBS_TASK_FLAGS;
	}
	err = vbs_setattr(pid, &attr);
	return err ? report_refusal(OP_JOIN, err, pid, &attr, known ? &before : NULL) : 0;
}

static int join_main(const struct command *cmd, int argc, char **argv)
{
	struct request req;
	int ret = request_parse(cmd, argc, argv, plain_options, &req);
	const char *why;

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (argc - optind < 2)
		return usage_error(cmd, "give the process or thread, and a member of the server it is to join");
	why = parse_pid(argv[argc - 1], &req.leader);
	if (why)
		return usage_error(cmd, "'%s': %s", argv[argc - 1], why);
	return for_each_pid(cmd, argc - optind - 1, argv + optind, OP_JOIN, &req, join_task);
}

static void keep_what_is_not_named(struct vbs_sched_attr *attr, const struct request *req,
				   const struct vbs_sched_attr *before)
{
	attr->sched_nice = before->sched_nice;
	attr->sched_flags |= before->sched_flags & VBS_TASK_FLAGS;
	if (!req->no_align)
		attr->sched_flags |= before->sched_flags & SCHED_FLAG_VBS_ALIGN;
	if (!req->has_res) {
		attr->sched_runtime = before->sched_runtime;
		attr->sched_period = before->sched_period;
	}
}

static int not_in_a_server(enum vbs_op op, pid_t pid, int err)
{
	if (err)
		return report_refusal(op, err, pid, &(struct vbs_sched_attr){ 0 }, NULL);
	if (!vbs_policy_known())
		return failure(VC_NOVBS, "this kernel has no SCHED_VBS: it does not know scheduling policy 8");
	return failure(VC_FAIL, "%d is in no server", (int)pid);
}

static int switch_task(pid_t pid, const struct request *req)
{
	struct vbs_sched_attr attr, before;
	int err = vbs_getattr(pid, &before);

	if (err || before.sched_policy != SCHED_VBS)
		return not_in_a_server(OP_SWITCH, pid, err);
	request_attr(req, &attr);
	keep_what_is_not_named(&attr, req, &before);
	err = vbs_setattr(pid, &attr);
	return err ? report_refusal(OP_SWITCH, err, pid, &attr, &before) : 0;
}

static int switch_one(const struct command *cmd, int argc, char **argv, struct request *req)
{
	const char *why;

	if (argc == 2) {
		why = parse_resource(argv[1], &req->res);
		if (why)
			return usage_error(cmd, "'%s': %s", argv[1], why);
		req->has_res = true;
	} else if (argc != 1) {
		return usage_error(cmd, "give one process or thread and its new resource, as in 4242 1ms/2ms");
	}
	if (!req->has_res && !req->cap && !req->align && !req->no_align)
		return usage_error(cmd, "nothing to change: give a resource, --cap, --align or --no-align");
	if (req->has_res && req->cap && req->cap < resource_cap(&req->res))
		return request_complete(cmd, req);
	return for_each_pid(cmd, 1, argv, OP_SWITCH, req, switch_task);
}

static int switch_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		REQUEST_OPTIONS, PRINT_OPTIONS,
		{ "no-align", no_argument, NULL, 'A' },
		{ 0 }
	};
	struct request req;
	int ret = request_parse(cmd, argc, argv, options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	return switch_one(cmd, argc - optind, argv + optind, &req);
}

static int leave_task(pid_t pid, const struct request *req)
{
	struct vbs_sched_attr attr = { .sched_policy = SCHED_OTHER }, before;
	int err = vbs_getattr(pid, &before);

	(void)req;
	if (err || before.sched_policy != SCHED_VBS)
		return not_in_a_server(OP_LEAVE, pid, err);
	attr.sched_nice = before.sched_nice;
	attr.sched_flags = before.sched_flags & SCHED_FLAG_RESET_ON_FORK;
	err = vbs_setattr(pid, &attr);
	return err ? report_refusal(OP_LEAVE, err, pid, &attr, &before) : 0;
}

static int leave_main(const struct command *cmd, int argc, char **argv)
{
	struct request req;
	int ret = request_parse(cmd, argc, argv, plain_options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (optind == argc)
		return usage_error(cmd, "which process or thread?");
	return for_each_pid(cmd, argc - optind, argv + optind, OP_LEAVE, &req, leave_task);
}

const struct command cmd_admit = {
	.name = "admit",
	.summary = "put running tasks into servers, one each",
	.help =
	"Usage: vbsctl admit [OPTION]... PID...\n\n"
	"  --res BUDGET/PERIOD  budget in every period, as in 3ms/10ms\n"
	"  --cap BANDWIDTH      cap, as in 30%; without it BUDGET/PERIOD; alone, it gives\n"
	"                       that much of every 10ms\n"
	"  --align              release at multiples of the period\n"
	"  --no-inherit         children become ordinary tasks\n"
	"  --overrun-signal     SIGXCPU to a member that exhausts the budget\n"
	"  -v, --verbose        print the server\n"
	"  -j, --json           the same as JSON\n\n"
	"PID names one thread; threads and children that it makes from now on are in.\n\n"
	"  vbsctl admit --res 3ms/10ms 4242\n"
	"  vbsctl admit --cap 40% --res 1ms/5ms 4242 4243\n",
	.run = admit_main,
};

const struct command cmd_join = {
	.name = "join",
	.summary = "put a running task into the server of another",
	.help =
	"Usage: vbsctl join [OPTION]... PID... LEADER\n\n"
	"  -v, --verbose        print the server\n"
	"  -j, --json           the same as JSON\n\n"
	"LEADER is any member of the server.  A PID in a server leaves that one first.\n\n"
	"  vbsctl join 4243 4242\n",
	.run = join_main,
};

const struct command cmd_switch = {
	.name = "switch",
	.summary = "give a server another resource, inside its cap",
	.help =
	"Usage: vbsctl switch [OPTION]... PID [BUDGET/PERIOD]\n\n"
	"  --res BUDGET/PERIOD  the same as the second operand\n"
	"  --cap BANDWIDTH      also change the cap\n"
	"  --align              release at multiples of the period\n"
	"  --no-align           release as soon as the cap allows\n"
	"  --no-inherit         children of PID become ordinary tasks\n"
	"  --overrun-signal     SIGXCPU to PID when it exhausts the budget\n"
	"  -v, --verbose        print the server\n"
	"  -j, --json           the same as JSON\n\n"
	"PID is any member; the whole server switches.  What is not named stays.\n\n"
	"  vbsctl switch 4242 1ms/2ms\n"
	"  vbsctl switch 4242 --cap 40%\n",
	.run = switch_main,
};

const struct command cmd_leave = {
	.name = "leave",
	.summary = "take tasks out of their servers",
	.help =
	"Usage: vbsctl leave [OPTION]... PID...\n\n"
	"  -v, --verbose        say so\n"
	"  -j, --json           the same as JSON\n\n"
	"They become SCHED_OTHER tasks with the nice value that they had.\n\n"
	"  vbsctl leave 4242\n",
	.run = leave_main,
};
