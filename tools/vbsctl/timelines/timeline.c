// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline: the table of its subcommands. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "options.h"
#include "timelines/timelines.h"

static const struct command *const subcommands[] = {
	&timeline_create, &timeline_list, &timeline_show, &timeline_read, &timeline_bind,
	&timeline_sync, &timeline_watch, &timeline_compare, &timeline_metrics, &timeline_destroy,
};

#define SUBCOMMANDS	(sizeof(subcommands) / sizeof(subcommands[0]))

/* Their names begin with "timeline ", for messages */
static const char *short_name(const struct command *sub)
{
	return strchr(sub->name, ' ') + 1;
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < SUBCOMMANDS; i++) {
		if (!strcmp(short_name(subcommands[i]), name))
			return subcommands[i];
	}
	return NULL;
}

int timeline_help(const struct command *self, const char *name)
{
	const struct command *sub = name ? find(name) : NULL;

	if (sub)
		return print_help(sub);
	if (name)
		return usage_error(self, "there is no subcommand '%s'", name);
	return print_help(self);
}

static int timeline_main(const struct command *self, int argc, char **argv)
{
	const struct command *sub;

	if (argc < 2)
		return usage_error(self, "a subcommand is missing");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return timeline_help(self, argc > 2 ? argv[2] : NULL);
	sub = find(argv[1]);
	if (!sub)
		return usage_error(self, "there is no subcommand '%s'", argv[1]);
	options_begin(argv + 1);
	return sub->run(sub, argc - 1, argv + 1);
}

const struct command cmd_timeline = {
	.name = "timeline",
	.summary = "clocks with a guaranteed bound on their error",
	.help =
	"Usage: vbsctl timeline SUBCOMMAND [OPTION]...\n\n"
	"  create   make a timeline\n"
	"  list     show all timelines\n"
	"  show     show one, who keeps it, and how good it is\n"
	"  read     read the time and its bound\n"
	"  bind     run a command that is bound to a timeline\n"
	"  sync     keep a timeline on CLOCK_REALTIME, CLOCK_TAI or a PTP clock\n"
	"  watch    tell when a timeline's bound exceeds what is needed\n"
	"  compare  tell how far a timeline and another clock are apart\n"
	"  metrics  show all timelines as OpenMetrics\n"
	"  destroy  destroy a timeline\n\n"
	"'vbsctl timeline SUBCOMMAND --help' shows the options; vbsctl-timeline(1) has all\n"
	"of it.\n\n"
	"  vbsctl timeline create lab\n"
	"  vbsctl timeline sync lab --from realtime --wander 1ppm &\n"
	"  vbsctl timeline read lab\n"
	"  vbsctl timeline watch lab --accuracy 100us\n",
	.run = timeline_main,
};
