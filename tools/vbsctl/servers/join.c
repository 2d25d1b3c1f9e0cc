// SPDX-License-Identifier: GPL-2.0
/* vbsctl join. */
#include "commands.h"
#include "servers/act.h"
#include "servers/one.h"
#include "servers/threads.h"
#include "show/target.h"

static int join_task(pid_t pid, const struct request *req)
{
	struct vbs_sched_attr attr;
	const struct vbs_sched_attr *before = vbs_getattr(pid, &attr) ? NULL : &attr;
	int err = one_joins(pid, req->leader, before);

	return err ? one_refused(OP_JOIN, err, pid, req->leader, before) : 0;
}

static int join_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = { ALL_OPTION, PRINT_OPTIONS, { 0 } };
	struct request req;
	int ret = request_parse(cmd, argc, argv, "avjh", options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (argc - optind < 2)
		return usage_error(cmd, "give the process or thread, and a member of the server it is to join");
	ret = target_member(cmd, argv[argc - 1], &req.leader);
	return ret ? ret : for_each_pid(cmd, argc - optind - 1, argv + optind, OP_JOIN, &req,
					req.all ? join_process : join_task);
}

const struct command cmd_join = {
	.name = "join",
	.summary = "put a running task into the server of another",
	.help =
	"Usage: vbsctl join [OPTION]... PID... LEADER\n\n"
	"  -a, --all-tasks      all threads of each process, or none of them\n"
	"  -v, --verbose        print the server\n"
	"  -j, --json           the same as JSON\n\n"
	"LEADER is any member of the server, its id as in id:7, or its name.  A PID in a\n"
	"server leaves that one first.\n\n"
	"  vbsctl join 4243 4242\n"
	"  vbsctl join -a $(pidof mixer) audio\n",
	.run = join_main,
};
