// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline: the table of its subcommands. */
#include <stddef.h>

#include "commands.h"
#include "timelines/timelines.h"

static const struct command *const subcommands[] = {
	&timeline_create, &timeline_list, &timeline_show, &timeline_read, &timeline_bind,
	&timeline_sync, &timeline_watch, &timeline_compare, &timeline_metrics,
	&timeline_sources, &timeline_serve, &timeline_feed, &timeline_wait, &timeline_destroy, NULL,
};

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
	"  sync     keep a timeline on servers, CLOCK_REALTIME, CLOCK_TAI or a PTP clock\n"
	"  sources  show the servers from which a timeline is kept\n"
	"  serve    be an NTP server of a timeline\n"
	"  feed     give a timeline to chronyd or ntpd\n"
	"  wait     wait until a timeline is good enough\n"
	"  watch    tell when a timeline's bound exceeds what is needed\n"
	"  compare  tell how far a timeline and another clock are apart\n"
	"  metrics  show all timelines as OpenMetrics\n"
	"  destroy  destroy a timeline\n\n"
	"'vbsctl timeline SUBCOMMAND --help' shows the options; vbsctl-timeline(1) has all\n"
	"of it.\n\n"
	"  vbsctl timeline create lab\n"
	"  vbsctl timeline sync lab --from realtime --reference-error 1ms &\n"
	"  vbsctl timeline read lab\n"
	"  vbsctl timeline watch lab --accuracy 100us\n",
	.run = subcommand_run,
	.subcommands = subcommands,
};
