// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline bind: a command whose CLOCK_TIMELINE_SELF is a timeline. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/format.h"
#include "base/parse.h"
#include "options.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

struct need {
	const char *name;
	uint64_t accuracy;	/* 0: any */
	uint64_t resolution;
};

int timeline_check_resolution(const char *what, const char *name, unsigned int id,
			      uint64_t needed)
{
	struct timespec res;

	if (!needed)
		return VC_OK;
	if (clock_getres(CLOCK_TIMELINE(id), &res))
		return timeline_failure(what, name, errno == EINVAL ? ENOENT : errno);
	if (res.tv_sec * 1000000000ULL + res.tv_nsec <= needed)
		return VC_OK;
	return failure(VC_FAIL, "cannot %s '%s': its resolution is coarser than %s", what, name,
		       fmt_time(needed).s);
}

/* Whatever fails before the command is 125, as with run */
static int not_run(int code)
{
	return code ? VC_RUN : VC_OK;
}

static int check_accuracy(const struct need *need, unsigned int id)
{
	struct timeline_time tt;
	int err = timeline_gettime(id, &tt);

	if (err)
		return timeline_failure("read", need->name, err);
	if (!need->accuracy || (tt.err_low_ns <= need->accuracy &&
				tt.err_high_ns <= need->accuracy))
		return VC_OK;
	return failure(VC_FAIL, "'%s' has a bound of %s now, and %s is needed", need->name,
		       fmt_bound(tt.err_low_ns, tt.err_high_ns).s, fmt_time(need->accuracy).s);
}

static int bind_thread(int fd, const struct need *need)
{
	struct timeline_lookup found, again;
	int code = timeline_find(fd, need->name, &found);

	if (!code)
		code = timeline_check_resolution("bind to", need->name, found.id, need->resolution);
	if (!code)
		code = check_accuracy(need, found.id);
	if (code)
		return code;
	if (prctl(PR_SET_TIMELINE, (unsigned long)found.id, 0L, 0L, 0L))
		return timeline_failure("bind to", need->name, errno == EINVAL ? ENOENT : errno);
	/* Its id may be another timeline's by now */
	code = timeline_find(fd, need->name, &again);
	if (!code && (again.id != found.id || again.generation != found.generation))
		code = timeline_failure("bind to", need->name, ESTALE);
	return code;
}

static int bind_and_run(const struct need *need, char **command)
{
	int code, fd = timeline_open(&code);

	if (fd < 0)
		return not_run(code);
	code = bind_thread(fd, need);
	if (code)
		return not_run(code);
	execvp(command[0], command);
	if (errno == ENOENT)
		return failure(VC_NOTFOUND, "there is no command '%s'", command[0]);
	return failure(VC_NOEXEC, "cannot run '%s': %s", command[0], strerror(errno));
}

/* Up to the next argument that is none; -1 if help was asked for */
static int take_options(const struct command *cmd, int argc, char **argv, struct need *need)
{
	static const struct option options[] = {
		{ "accuracy", required_argument, NULL, 'a' },
		{ "resolution", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "+a:r:h", options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		if (c == '?')
			return option_error(cmd);
		why = parse_time(optarg, c == 'a' ? &need->accuracy : &need->resolution);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	return VC_OK;
}

/* Options may stand on both sides of the name; they end at "--" or the command */
static int bind_main(const struct command *cmd, int argc, char **argv)
{
	struct need need = { 0 };
	int code = take_options(cmd, argc, argv, &need);

	if (!code && optind < argc) {
		need.name = argv[optind++];
		code = take_options(cmd, argc, argv, &need);
	}
	if (code)
		return code < 0 ? print_help(cmd) : code;
	if (optind >= argc)
		return usage_error(cmd, "a name and a command are needed");
	return bind_and_run(&need, argv + optind);
}

const struct command timeline_bind = {
	.name = "timeline bind",
	.summary = "run a command that is bound to a timeline",
	.help =
	"Usage: vbsctl timeline bind [OPTION]... NAME [OPTION]... [--] COMMAND [ARGUMENT]...\n\n"
	"  -a, --accuracy TIME  only if the bound is not above this now\n"
	"  -r, --resolution TIME\n"
	"                       only if the clock ticks at least as finely\n\n"
	"The command, its threads and its children read the timeline as CLOCK_TIMELINE_SELF\n"
	"(clock id 31), and aligned servers of theirs are released at multiples of the period\n"
	"on it.\n\n"
	"  vbsctl timeline bind lab -- python3 -c 'import time; print(time.clock_gettime(31))'\n"
	"  vbsctl timeline bind lab -- vbsctl run --align --res 1ms/10ms -- ./controller\n",
	.run = bind_main,
};
