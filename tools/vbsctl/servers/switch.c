// SPDX-License-Identifier: GPL-2.0
/* vbsctl switch. */
#include "commands.h"
#include "servers/act.h"
#include "servers/switch_vcpu.h"
#include "show/target.h"

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

static int switch_task(pid_t pid, const struct request *req)
{
	struct vbs_sched_attr attr, before;
	int err = vbs_getattr(pid, &before);

	if (err || before.sched_policy != SCHED_VBS)
		return not_in_a_server(OP_SWITCH, pid, err);
	request_attr(req, &attr);
	keep_what_is_not_named(&attr, req, &before);
	err = vbs_setattr(pid, &attr);
	return err ? report_refusal(OP_SWITCH, err, pid, NULL, &attr, &before) : 0;
}

static int switch_one(const struct command *cmd, int argc, char **argv, struct request *req)
{
	const char *why;
	pid_t pid;
	int code;

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
	code = target_member(cmd, argv[0], &pid);
	return code ? code : for_one_pid(pid, OP_SWITCH, req, switch_task);
}

static int switch_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		REQUEST_OPTIONS, PRINT_OPTIONS,
		{ "no-align", no_argument, NULL, 'A' },
		{ "vcpu", required_argument, NULL, 'V' },
		{ 0 }
	};
	struct request req;
	int ret = request_parse(cmd, argc, argv, "vjh", options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (req.vcpu)
		return switch_vcpu(cmd, argc - optind, argv + optind, &req);
	return switch_one(cmd, argc - optind, argv + optind, &req);
}

const struct command cmd_switch = {
	.name = "switch",
	.summary = "give a server another resource, inside its cap",
	.help =
	"Usage: vbsctl switch [OPTION]... PID|id:N|NAME [BUDGET/PERIOD]\n"
	"       vbsctl switch --vcpu CPU BUDGET/PERIOD\n\n"
	"  --res BUDGET/PERIOD  the same as the second operand\n"
	"  --cap BANDWIDTH      also change the cap\n"
	"  --align              release at multiples of the period\n"
	"  --no-align           release as soon as the cap allows\n"
	"  --no-inherit         children of PID become ordinary tasks\n"
	"  --overrun-signal     SIGXCPU to PID when it exhausts the budget\n"
	"  --vcpu CPU           in a guest: the server in which its host runs that CPU\n"
	"  -v, --verbose        print the server\n"
	"  -j, --json           the same as JSON\n\n"
	"PID is any member, id:N a server's id, NAME its name.  The whole server switches;\n"
	"what is not named stays.\n\n"
	"  vbsctl switch 4242 1ms/2ms\n"
	"  vbsctl switch arm --cap 40%\n",
	.run = switch_main,
};
