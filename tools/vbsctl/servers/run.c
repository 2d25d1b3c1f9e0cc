// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl run: a command in a server of its own.  It admits itself and becomes
 * the command.  Where sudo started it, the command shall be the invoking
 * user's, and so shall the server, whose owner is the euid of the task that
 * enters: run_as.c does that.
 */
#include <unistd.h>

#include "commands.h"
#include "servers/keep_class.h"
#include "servers/run_as.h"
#include "servers/start.h"

static int run_command(const struct request *req, char **argv)
{
	struct run_user who;

	if (run_user_find(req->user, req->keep_user, &who))
		return VC_RUN;
	if (who.other || req->report)
		return run_as(&who, req, argv);
	if (run_admit(getpid(), req) || (req->keep_class && keep_class()))
		return VC_RUN;
	return run_exec(argv);
}

static int run_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		REQUEST_OPTIONS, NEW_OPTIONS,
		{ "cpu", required_argument, NULL, 'C' },
		{ "user", required_argument, NULL, 'U' },
		{ "keep-user", no_argument, NULL, 'K' },
		{ "keep-class", no_argument, NULL, 'F' },
		{ "report", no_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct request req;
	/* What follows the first operand are the command's options */
	int ret = request_parse(cmd, argc, argv, "+vh", options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : VC_RUN;
	if (optind == argc) {
		usage_error(cmd, "which command?");
		return VC_RUN;
	}
	if (request_complete(cmd, &req))
		return VC_RUN;
	req.command = argv[optind];
	return req.dry_run ? run_dry(&req) : run_command(&req, argv + optind);
}

const struct command cmd_run = {
	.name = "run",
	.summary = "run a command in a server of its own",
	.help =
	"Usage: vbsctl run [OPTION]... [--] COMMAND [ARGUMENT]...\n\n"
	"  --res BUDGET/PERIOD  budget in every period, as in 3ms/10ms\n"
	"  --cap BANDWIDTH      cap, as in 30%; without it BUDGET/PERIOD; alone, it gives\n"
	"                       that much of every 10ms\n"
	"  --cpu LIST           CPUs that the server may be on, as in 0-2,5\n"
	"  --align              release at multiples of the period\n"
	"  --name NAME          a name for the server, for list, show, switch and join\n"
	"  --no-inherit         children become ordinary tasks (reset on fork)\n"
	"  --overrun-signal     SIGXCPU to the command when it exhausts the budget\n"
	"  --user NAME          run it as that user, who owns the server (root only)\n"
	"  --keep-user          run it as root though sudo started vbsctl\n"
	"  --keep-class         let sched_setscheduler() succeed and change nothing, so that\n"
	"                       programs stay in that ask for SCHED_FIFO\n"
	"  --dry-run            only say if it would fit now, and where\n"
	"  --report             stay as its parent, and say if it ended in another class\n\n"
	"Threads and children of the command are in its server, which is a new one also\n"
	"where vbsctl is started in a server.  'sudo vbsctl run' runs it as the invoking\n"
	"user, with that user's HOME, USER, LOGNAME and SHELL, who owns the server and may\n"
	"switch it; --report is implied.\n"
	"Exit status: the command's; 125 if vbsctl failed, 126 if the command cannot be\n"
	"run, 127 if there is none; with --dry-run that of admit.\n\n"
	"  sudo vbsctl run --res 3ms/10ms -- make -j4\n"
	"  sudo vbsctl run --cap 40% --res 1ms/5ms --cpu 2-3 --name arm -- ./controller\n",
	.run = run_main,
};
