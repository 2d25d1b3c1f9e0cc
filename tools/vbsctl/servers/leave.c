// SPDX-License-Identifier: GPL-2.0
/* vbsctl leave. */
#include "commands.h"
#include "servers/act.h"
#include "servers/one.h"
#include "servers/threads.h"

static int leave_task(pid_t pid, const struct request *req)
{
	struct vbs_sched_attr before;
	int err = vbs_getattr(pid, &before);

	(void)req;
	if (err || before.sched_policy != SCHED_VBS)
		return not_in_a_server(OP_LEAVE, pid, err);
	err = one_leaves(pid, &before);
	return err ? one_refused(OP_LEAVE, err, pid, 0, &before) : 0;
}

static int leave_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = { ALL_OPTION, PRINT_OPTIONS, { 0 } };
	struct request req;
	int ret = request_parse(cmd, argc, argv, "avjh", options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (optind == argc)
		return usage_error(cmd, "which process or thread?");
	return for_each_pid(cmd, argc - optind, argv + optind, OP_LEAVE, &req,
			    req.all ? leave_process : leave_task);
}

const struct command cmd_leave = {
	.name = "leave",
	.summary = "take tasks out of their servers",
	.help =
	"Usage: vbsctl leave [OPTION]... PID...\n\n"
	"  -a, --all-tasks      all threads of each process that are in one\n"
	"  -v, --verbose        say so\n"
	"  -j, --json           the same as JSON\n\n"
	"They become SCHED_OTHER tasks with the nice value that they had.\n\n"
	"  vbsctl leave 4242\n",
	.run = leave_main,
};
