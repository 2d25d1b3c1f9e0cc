// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "tool.h"

static const struct {
	const char *name, *args;
	int (*run)(int argc, char **argv);
	int argc;
} commands[] = {
	{ "supply", "PERIOD_US SECONDS", supply, 2 },
	{ "storm", "busy|cpuid|hypercall|timer|mmio SECONDS", storm, 2 },
	{ "mmio", "SECONDS", mmio, 1 },
	{ "lock", "HOLD_US FREE_US SECONDS", lock, 3 },
	{ "charge", "SECONDS", charge, 1 },
	{ "flood", "QMP_PIPE", flood, 1 },
	{ "packets", "PORT COUNT", packets, 2 },
	{ "reads", "TIMELINE|none SECONDS FILE", clock_reads, 3 },
	{ "once", "TIMELINE", clock_once, 1 },
	{ "history", "TIMELINE FILE", clock_history, 2 },
	{ "agree", "FILE DIRECTORY_OF_VCPU", clock_agree, 2 },
	{ "wake", "TIMELINE|none COUNT", clock_wake, 2 },
	{ "act", "TIMELINE|none PERIOD_MS COUNT", clock_act, 3 },
	{ "apart", "PERIOD_MS FILE DIRECTORY ANSWER DIRECTORY ANSWER", clock_apart, 6 },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	for (unsigned int i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name) && argc == commands[i].argc + 2)
			return commands[i].run(argc - 2, argv + 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stderr, "usage: guestload %s %s\n", commands[i].name,
			commands[i].args);
	return 2;
}
