// SPDX-License-Identifier: GPL-2.0
/* vbsctl admit. */
#include "commands.h"
#include "servers/act.h"
#include "servers/enter.h"
#include "servers/threads.h"

static int admit_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		REQUEST_OPTIONS, NEW_OPTIONS, ALL_OPTION, PRINT_OPTIONS, { 0 }
	};
	struct request req;
	int ret = request_parse(cmd, argc, argv, "avjh", options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : ret;
	if (optind == argc)
		return usage_error(cmd, "which process or thread?");
	if (req.name && argc - optind > 1)
		return usage_error(cmd, "--name names one server: give one process or thread");
	ret = request_complete(cmd, &req);
	return ret ? ret : for_each_pid(cmd, argc - optind, argv + optind, OP_ADMIT, &req,
					req.dry_run ? admit_dry_run :
					req.all ? admit_process : admit_task);
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
	"  --name NAME          a name for the server, for list, show, switch and join\n"
	"  --no-inherit         children become ordinary tasks\n"
	"  --overrun-signal     SIGXCPU to a member that exhausts the budget\n"
	"  -a, --all-tasks      all threads of each process, or none of them\n"
	"  --dry-run            only say if it would fit now, and where\n"
	"  -v, --verbose        print the server\n"
	"  -j, --json           the same as JSON\n\n"
	"Without -a, PID names one thread; threads and children that it makes from now on\n"
	"are in.\n\n"
	"  vbsctl admit --res 3ms/10ms 4242\n"
	"  vbsctl admit --cap 40% --res 1ms/5ms 4242 4243\n"
	"  vbsctl admit -a --res 2ms/10ms --name audio $(pidof mixer)\n",
	.run = admit_main,
};
