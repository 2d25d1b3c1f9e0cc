// SPDX-License-Identifier: GPL-2.0
/* vbsctl channel answer: the receiver of 'vbsctl channel measure --over', in a guest. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "channel/channel.h"
#include "channel/over.h"
#include "options.h"

#define WAIT_NS	60000000000ULL

static int answer(const char *path, uint64_t wait)
{
	struct measure m = { 0 };
	struct ends ends;
	struct field *f = over_attach(path, wait, &m, &ends);

	if (!f)
		return failure(VC_FAIL, "%s: %s", path,
			       errno == ETIMEDOUT ? "nobody measures" : strerror(errno));
	receiver_play(&m, f, &ends);
	return f->broken ? failure(VC_FAIL, "%s: %s", path, strerror(f->broken)) : VC_OK;
}

static int answer_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	uint64_t wait = WAIT_NS;
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		why = parse_time(optarg, &wait);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (optind != argc - 1)
		return usage_error(cmd, "give one file, or the memory of a device");
	return answer(argv[optind], wait);
}

const struct command channel_answer = {
	.name = "channel answer",
	.summary = "be the receiver of a measurement elsewhere",
	.help =
	"Usage: vbsctl channel answer [OPTION]... FILE\n\n"
	"  --wait TIME          for a measurement to begin (60s)\n\n"
	"Answers the messages of one 'vbsctl channel measure --over', waiting by looking.  In\n"
	"a guest FILE is the memory of ivshmem-plain.\n\n"
	"  vbsctl channel answer /sys/bus/pci/devices/0000:00:04.0/resource2\n",
	.run = answer_main,
};
