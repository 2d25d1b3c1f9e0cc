// SPDX-License-Identifier: GPL-2.0
/* vbsctl channel: the table of its subcommands. */
#include <stddef.h>

#include "channel/channel.h"
#include "commands.h"

static const struct command *const subcommands[] = { &channel_measure, &channel_answer, NULL };

const struct command cmd_channel = {
	.name = "channel",
	.summary = "messages between servers",
	.help =
	"Usage: vbsctl channel SUBCOMMAND [OPTION]...\n\n"
	"  measure  send messages between two servers, and compare with the bound\n"
	"  answer   be the receiver of a measurement elsewhere\n\n"
	"'vbsctl channel SUBCOMMAND --help' shows the options; the bound itself, without\n"
	"sending anything, is that of 'vbsctl analyze --channel'.\n\n"
	"  sudo vbsctl channel measure --res 1ms/10ms,2ms/10ms --reply 64 --load\n",
	.run = subcommand_run,
	.subcommands = subcommands,
};
