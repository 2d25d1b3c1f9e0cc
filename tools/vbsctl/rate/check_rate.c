// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl check-rate: runs a command in the server for a rate, or watches one that runs, and says
 * if the rate was kept.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/parse.h"
#include "commands.h"
#include "options.h"
#include "rate/advise_rate.h"
#include "rate/device_model.h"
#include "rate/run_once.h"
#include "rate/states.h"
#include "rate/verdict.h"
#include "rate/watch_file.h"
#include "until_stopped.h"
#include "vbs/attr.h"

struct check {
	struct rate_goal goal;
	struct rate_model model;
	struct machine machine;
	struct load load;
	const char *file;
	uint64_t count, fd;
	pid_t pid;			/* 0: it runs a command */
	int cpu;
	bool json, load_it, has_fd, has_cpu;
	struct device_model dm;		/* pid 0: a command's own server */
	const char *vm;
	char **argv;
};

static int begin_session(struct check *c, struct session *s)
{
	int code;

	if (!c->dm.pid)
		return session_start(s, c->argv, &c->goal.res, c->cpu);
	code = device_model_set(&c->dm, &c->goal.res, 0);
	return code ? code : session_start_beside(s, c->argv, &c->goal.res, c->dm.pid);
}

static int run_pieces(struct check *c, struct pieces *p)
{
	struct surroundings at = { &c->machine, c->cpu, 0 };
	struct session s;
	int code = begin_session(c, &s);

	if (code)
		return code;
	if (c->load_it)
		code = hostile_begin(&at);
	if (!code)
		code = session_run(&s, c->goal.op, c->count, &p->cpu);
	state_end();
	if (!code)
		pieces_of_runs(p, s.ran, c->count);
	session_end(&s);
	return code;
}

static int check_command(struct check *c, struct pieces *p)
{
	int code = VC_OK;

	p->charged = true;
	if (c->dm.pid)
		c->cpu = c->dm.cpu;
	else
		code = rate_cpu(&c->cpu, resource_cap(&c->goal.res));
	if (!code)
		code = run_pieces(c, p);
	device_model_restore(&c->dm);
	return code;
}

static int check_process(struct check *c, struct pieces *p)
{
	return watch_file(c->pid, c->fd, &c->goal, c->count, p);
}

/* Of a process that runs, the server that it has */
static int find_resource(struct check *c)
{
	struct vbs_sched_attr attr;
	int err = vbs_getattr(c->pid, &attr);

	if (err)
		return failure(err == ESRCH ? VC_NOPROC : VC_FAIL, "process %d: %s", (int)c->pid, strerror(err));
	if (attr.sched_policy != SCHED_VBS)
		return failure(VC_FAIL, "process %d is in no server", (int)c->pid);
	c->goal.res = (struct resource){ attr.sched_runtime, attr.sched_period };
	return VC_OK;
}

static int check_rate(struct check *c)
{
	struct pieces p = { .piece = c->load.task[0], .goal = &c->goal, .model = &c->model };
	int code;

	p.took = calloc(c->count, sizeof(*p.took));
	if (!p.took)
		return failure(VC_FAIL, "out of memory");
	stop_on_signals();
	code = c->pid ? check_process(c, &p) : check_command(c, &p);
	if (!code)
		code = c->json ? json_verdict(&p) : print_verdict(&p);
	free(p.took);
	return code;
}

static int plan_and_check(struct check *c)
{
	int code = c->pid ? find_resource(c) : VC_OK;

	machine_read(&c->machine);
	if (!code)
		code = goal_plan(c->file, &c->model, &c->goal, &c->machine, &c->load);
	if (!code && !vbs_policy_known())
		code = failure(VC_NOVBS, "this kernel has no SCHED_VBS");
	if (!code)
		code = check_rate(c);
	model_free(&c->model);
	return code;
}

static const char *take_count(struct check *c)
{
	const char *why = parse_count(optarg, &c->count);

	return !why && (!c->count || c->count > SESSION_RUNS_MAX) ? "it must be 1 to 10000" : why;
}

static const char *take_latency(struct check *c)
{
	const char *why = parse_time(optarg, &c->goal.latency);

	return !why && c->goal.latency < 1000000 ? "less than 1ms is not measured" : why;
}

static const char *take_value(int option, struct check *c)
{
	switch (option) {
	case 'R':
		return rate_parse(optarg, &c->goal.rate);
	case 'O':
		return parse_bytes(optarg, &c->goal.op);
	case 'L':
		return take_latency(c);
	case 'r':
		return parse_resource(optarg, &c->goal.res);
	case 'n':
		return take_count(c);
	case 'c':
		return rate_parse_cpu(optarg, &c->cpu);
	case 'V':
		c->vm = optarg;
		return NULL;
	case 'P':
		return parse_pid(optarg, &c->pid);
	case 'f':
		c->has_fd = true;
		return parse_count(optarg, &c->fd);
	default:
		c->file = optarg;
		return NULL;
	}
}

static bool has_mark(char **argv)
{
	while (*argv && !strstr(*argv, SIZE_MARK))
		argv++;
	return *argv;
}

static int check_options(const struct command *cmd, const struct check *c)
{
	if (!c->file || !c->goal.rate)
		return usage_error(cmd, "--model and --rate are missing, or one of them");
	if (c->vm && (c->pid || c->cpu >= 0))
		return usage_error(cmd, "--vm is for a command that makes a device model work, where that is: no --pid or --cpu");
	if (c->pid && (c->argv[0] || c->cpu >= 0 || c->load_it || c->goal.res.period))
		return usage_error(cmd, "--pid watches a process in its server: no command, --res, --cpu or --load");
	if (c->pid && !c->has_fd)
		return usage_error(cmd, "--pid needs --fd: the descriptor of the file that shows how far it is");
	if (c->has_fd && !c->pid)
		return usage_error(cmd, "--fd has no meaning here: it goes with --pid");
	if (!c->pid && !c->argv[0])
		return usage_error(cmd, "which command, or which process?");
	if (!c->pid && !has_mark(c->argv))
		return usage_error(cmd, "none of the command's words has a %s, where the size of a piece goes",
				   SIZE_MARK);
	return VC_OK;
}

static int check_rate_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "model", required_argument, NULL, 'M' },
		{ "rate", required_argument, NULL, 'R' },
		{ "op", required_argument, NULL, 'O' },
		{ "latency", required_argument, NULL, 'L' },
		{ "res", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'n' },
		{ "load", no_argument, NULL, 'l' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "vm", required_argument, NULL, 'V' },
		{ "pid", required_argument, NULL, 'P' },
		{ "fd", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct check check = { .goal = { .latency = RATE_LATENCY }, .count = 20, .cpu = -1 };
	const char *why;
	int c, code;

	while ((c = getopt_long(argc, argv, "+n:jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		check.json |= c == 'j';
		check.load_it |= c == 'l';
		why = optarg ? take_value(c, &check) : NULL;
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	check.argv = argv + optind;
	code = check_options(cmd, &check);
	if (!code && check.vm)
		code = device_model_find(cmd, check.vm, &check.dm);
	return code ? code : plan_and_check(&check);
}

const struct command cmd_check_rate = {
	.name = "check-rate",
	.summary = "run a command in the server for a rate, and see if it is kept",
	.help =
	"Usage: vbsctl check-rate --model FILE --rate N/s [OPTION]... [--] COMMAND [ARG]...\n"
	"       vbsctl check-rate --model FILE --rate N/s [OPTION]... --pid PID --fd N\n\n"
	"  --model FILE         of vbsctl calibrate\n"
	"  --rate N/s           units per second, as in 200M/s\n"
	"  --op N               in pieces of N; without it, as many as in --latency\n"
	"  --latency TIME       within which a piece is done (100ms)\n"
	"  --res BUDGET/PERIOD  the server; without it what advise proposes\n"
	"  -n, --count N        pieces, one run of the command for each, with its size for {} (20)\n"
	"  --load               beside a task of SCHED_FIFO, a fair one and a server with the rest\n"
	"  --cpu N              where; without it, on the CPU with most to spare\n"
	"  --vm PID|NAME        the server is that of the machine's device model, which the\n"
	"                       command makes work; it has what it had afterwards\n"
	"  --pid PID            a process that runs in a server, and has work all the time\n"
	"  --fd N               of its files the one whose position counts its units\n"
	"  -j, --json           the same as JSON\n\n"
	"It needs CAP_SYS_NICE (root). Exit status: 0 if the rate was kept, 1 if a piece came too\n"
	"late, or nothing is promised.\n\n"
	"  sudo vbsctl check-rate --model sha.json --rate 20M/s --load -- \\\n"
	"      sh -c 'head -c {} /dev/zero | sha256sum'\n"
	"  sudo vbsctl check-rate --model gzip.json --rate 5M/s --pid 4242 --fd 0\n",
	.run = check_rate_main,
};
