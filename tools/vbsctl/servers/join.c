// SPDX-License-Identifier: GPL-2.0
/* vbsctl join. */
#include "base/parse.h"
#include "commands.h"
#include "servers/act.h"

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
	static const struct option options[] = { PRINT_OPTIONS, { 0 } };
	struct request req;
	int ret = request_parse(cmd, argc, argv, "vjh", options, &req);
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
