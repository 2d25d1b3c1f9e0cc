// SPDX-License-Identifier: GPL-2.0
/* vbsctl vm: the table of its subcommands. */
#include <stddef.h>

#include "commands.h"
#include "vm/vm.h"

static const struct command *const subcommands[] = {
	&vm_run, &vm_attach, &vm_switch, &vm_detach, &vm_check, &vm_list, &vm_top, &vm_watch,
	&vm_migrate, &vm_receive, &vm_hook, NULL,
};

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
	"  migrate  move a guest to another VMM, here or on another host\n"
	"  receive  book the servers of a machine that is to come\n"
	"  hook     be libvirt's hook for QEMU\n\n"
	"'vbsctl vm SUBCOMMAND --help' shows the options; vbsctl-vm(1) has all of it.\n\n"
	"  vbsctl vm check --vcpu 400us/1ms --vcpus 4\n"
	"  vbsctl vm attach web1 --vcpu 400us/1ms --cap 50%\n"
	"  vbsctl vm list\n",
	.run = subcommand_run,
	.subcommands = subcommands,
};
