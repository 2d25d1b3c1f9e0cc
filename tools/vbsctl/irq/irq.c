// SPDX-License-Identifier: GPL-2.0
/* vbsctl irq: the table of its subcommands. */
#include <stddef.h>

#include "commands.h"
#include "irq/irq.h"

static const struct command *const subcommands[] = { &irq_list, &irq_join, &irq_leave, NULL };

const struct command cmd_irq = {
	.name = "irq",
	.summary = "threads of interrupts and of network queues in servers",
	.help =
	"Usage: vbsctl irq SUBCOMMAND [OPTION]...\n\n"
	"  list     show them, what they use, and what of interrupts is nobody's\n"
	"  join     put those of a line or of a network device into a server\n"
	"  leave    take them out of their servers\n\n"
	"Interrupts have threads with the kernel's parameter threadirqs, always on PREEMPT_RT,\n"
	"and where a driver asks for one; network queues where the device's\n"
	"/sys/class/net/DEV/threaded is 1.\n\n"
	"  vbsctl irq list\n"
	"  vbsctl irq join eth0 --res 1ms/10ms --cpu 0\n"
	"  vbsctl irq leave eth0\n",
	.run = subcommand_run,
	.subcommands = subcommands,
};
