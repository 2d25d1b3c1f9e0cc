// SPDX-License-Identifier: GPL-2.0
/* vbsctl leave. */
#include <sched.h>

#include "commands.h"
#include "servers/act.h"

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
	static const struct option options[] = { PRINT_OPTIONS, { 0 } };
	struct request req;
	int ret = request_parse(cmd, argc, argv, "vjh", options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (optind == argc)
		return usage_error(cmd, "which process or thread?");
	return for_each_pid(cmd, argc - optind, argv + optind, OP_LEAVE, &req, leave_task);
}

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
