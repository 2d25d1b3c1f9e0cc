// SPDX-License-Identifier: GPL-2.0
/* Commands that have subcommands: irq, timeline, vm and others. */
#include <string.h>

#include "command.h"
#include "options.h"

/* Their names begin with that of the command, for messages: "vm list" */
static const struct command *find(const struct command *self, const char *name)
{
	const struct command *const *sub;

	for (sub = self->subcommands; *sub; sub++) {
		if (!strcmp(strchr((*sub)->name, ' ') + 1, name))
			return *sub;
	}
	return NULL;
}

int subcommand_help(const struct command *self, const char *name)
{
	const struct command *sub = name ? find(self, name) : NULL;

	if (sub)
		return print_help(sub);
	if (name)
		return usage_error(self, "there is no subcommand '%s'", name);
	return print_help(self);
}

int subcommand_run(const struct command *self, int argc, char **argv)
{
	const struct command *sub;

	if (argc < 2)
		return usage_error(self, "a subcommand is missing");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return subcommand_help(self, argc > 2 ? argv[2] : NULL);
	sub = find(self, argv[1]);
	if (!sub)
		return usage_error(self, "there is no subcommand '%s'", argv[1]);
	options_begin(argv + 1);
	return sub->run(sub, argc - 1, argv + 1);
}
