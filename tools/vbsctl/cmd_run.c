// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl run: a command in a server of its own.  It admits itself and becomes
 * the command.  Where sudo started it, the command shall be the invoking
 * user's, and so shall the server, whose owner is the euid of the task that
 * enters: run_as.c does that.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run_as.h"

static int set_affinity(pid_t pid, const struct request *req)
{
	char cpus[256];

	if (!req->has_cpus)
		return 0;
	if (!sched_setaffinity(pid, sizeof(req->cpus), (const cpu_set_t *)&req->cpus))
		return 0;
	fmt_cpus(&req->cpus, cpus, sizeof(cpus));
	if (errno == EINVAL)
		return failure(VC_FAIL, "CPU %s: none of them is online and in the cpuset of this task",
			    cpus);
	return failure(VC_FAIL, "cannot set the affinity to CPU %s: %s", cpus, strerror(errno));
}

int run_admit(pid_t pid, const struct request *req)
{
	int ret = set_affinity(pid, req);

	return ret ? ret : admit_task(pid, req);
}

int run_exec(char **argv)
{
	int err;

	execvp(argv[0], argv);
	err = errno;
	if (err == ENOENT)
		return failure(VC_NOTFOUND, "there is no command '%s'", argv[0]);
	return failure(VC_NOEXEC, "cannot run '%s': %s", argv[0], strerror(err));
}

static int run_command(const struct request *req, char **argv)
{
	struct run_user who;

	if (run_user_find(req->user, req->keep_user, &who))
		return VC_RUN;
	if (who.other || req->report)
		return run_as(&who, req, argv);
	if (run_admit(getpid(), req))
		return VC_RUN;
	return run_exec(argv);
}

static int run_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		REQUEST_OPTIONS,
		{ "cpu", required_argument, NULL, 'C' },
		{ "user", required_argument, NULL, 'U' },
		{ "keep-user", no_argument, NULL, 'K' },
		{ "report", no_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct request req;
	int ret = request_parse(cmd, argc, argv, options, &req);

	if (ret)
		return ret == REQUEST_HELP ? VC_OK : VC_RUN;
	if (optind == argc) {
		usage_error(cmd, "which command?");
		return VC_RUN;
	}
	return request_complete(cmd, &req) ? VC_RUN : run_command(&req, argv + optind);
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
	"  --no-inherit         children become ordinary tasks (reset on fork)\n"
	"  --overrun-signal     SIGXCPU to the command when it exhausts the budget\n"
	"  --user NAME          run it as that user, who owns the server (root only)\n"
	"  --keep-user          run it as root though sudo started vbsctl\n"
	"  --report             stay as its parent, and say if it ended in another class\n\n"
	"Threads and children of the command are in its server.  'sudo vbsctl run' runs\n"
	"it as the invoking user, with that user's HOME, USER, LOGNAME and SHELL, who\n"
	"owns the server and may switch it; --report is implied.\n"
	"Exit status: the command's; 125 if vbsctl failed, 126 if the command cannot be\n"
	"run, 127 if there is none.\n\n"
	"  sudo vbsctl run --res 3ms/10ms -- make -j4\n"
	"  sudo vbsctl run --cap 40% --res 1ms/5ms --cpu 2-3 -- ./controller\n",
	.run = run_main,
};
