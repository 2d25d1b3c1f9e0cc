// SPDX-License-Identifier: GPL-2.0
/* vbsctl admit. */
#include "commands.h"
#include "servers/act.h"

static int admit_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = { REQUEST_OPTIONS, PRINT_OPTIONS, { 0 } };
	struct request req;
	int ret = request_parse(cmd, argc, argv, "vjh", options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (optind == argc)
		return usage_error(cmd, "which process or thread?");
	ret = request_complete(cmd, &req);
	return ret ? ret : for_each_pid(cmd, argc - optind, argv + optind, OP_ADMIT, &req, admit_task);
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
