// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline destroy. */
#include <errno.h>
#include <unistd.h>

#include "options.h"
#include "timelines/timelines.h"

static int destroy_one(int fd, const char *name)
{
	struct timeline_destroy arg = { 0 };
	struct timeline_lookup found;
	int err, code = timeline_find(fd, name, &found);

	if (code)
		return code;
	arg.id = found.id;
	arg.generation = found.generation;
	err = timeline_ioctl(fd, TIMELINE_DESTROY, &arg);
	return err ? timeline_failure("destroy", name, err == EINVAL ? ENOENT : err) : VC_OK;
}

static int destroy_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c, code, first = VC_OK, fd;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		return option_error(cmd);
	}
	if (optind == argc)
		return usage_error(cmd, "which timeline?");
	fd = timeline_open(&code);
	if (fd < 0)
		return code;
	for (; optind < argc; optind++) {
		code = destroy_one(fd, argv[optind]);
		first = first ? first : code;
	}
	close(fd);
	return first;
}

const struct command timeline_destroy = {
	.name = "timeline destroy",
	.summary = "destroy a timeline",
	.help =
	"Usage: vbsctl timeline destroy NAME...\n\n"
	"It takes CAP_SYS_TIME and always succeeds, whoever uses the timeline: sleepers on\n"
	"it wake with ENODEV, threads bound to it are bound no more.\n\n"
	"  vbsctl timeline destroy lab\n",
	.run = destroy_main,
};
