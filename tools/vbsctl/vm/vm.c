// SPDX-License-Identifier: GPL-2.0
/* vbsctl vm: the table of its subcommands. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "options.h"
#include "vm/vm.h"

static const struct command *const subcommands[] = {
	&vm_run, &vm_attach, &vm_switch, &vm_detach, &vm_check, &vm_list, &vm_top, &vm_watch,
	&vm_hook,
};

#define SUBCOMMANDS	(sizeof(subcommands) / sizeof(subcommands[0]))

/* Their names begin with "vm ", for messages */
static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < SUBCOMMANDS; i++) {
		if (!strcmp(strchr(subcommands[i]->name, ' ') + 1, name))
			return subcommands[i];
	}
	return NULL;
}

int vm_help(const struct command *self, const char *name)
{
	const struct command *sub = name ? find(name) : NULL;

	if (sub)
		return print_help(sub);
	if (name)
		return usage_error(self, "there is no subcommand '%s'", name);
	return print_help(self);
}

static int vm_main(const struct command *self, int argc, char **argv)
{
	const struct command *sub;

	if (argc < 2)
		return usage_error(self, "a subcommand is missing");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return vm_help(self, argc > 2 ? argv[2] : NULL);
	sub = find(argv[1]);
	if (!sub)
		return usage_error(self, "there is no subcommand '%s'", argv[1]);
	options_begin(argv + 1);
	return sub->run(sub, argc - 1, argv + 1);
}

const struct command cmd_vm = {
	.name = "vm",
	.summary = "virtual machines of KVM in servers",
	.help =
	"Usage: vbsctl vm SUBCOMMAND [OPTION]...\n\n"
	"  run      start a VMM whose machines are in servers\n"
	"  attach   put the machines of a running VMM into servers\n"
	"  switch   give them other resources\n"
	"  detach   take them out of their servers\n"
	"  check    say whether a machine would fit, and how long its locks may last\n"
	"  list     show the machines that are in servers, and what of them is not\n"
	"  top      show what they use\n"
	"  watch    tell what happens to them\n"
	"  hook     be libvirt's hook for QEMU\n\n"
	"'vbsctl vm SUBCOMMAND --help' shows the options; vbsctl-vm(1) has all of it.\n\n"
	"  vbsctl vm check --vcpu 400us/1ms --vcpus 4\n"
	"  vbsctl vm attach web1 --vcpu 400us/1ms --cap 50%\n"
	"  vbsctl vm list\n",
	.run = vm_main,
};
