// SPDX-License-Identifier: GPL-2.0
/* vbsctl vm switch and detach. */
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "vm/act.h"
#include "vm/machines.h"
#include "vm/vm.h"

static int change(const struct command *cmd, const struct vm_deed *deed, struct vm_request *req)
{
	struct vm_machines all;
	char numbers[512];
	const char *why;
	int code = vm_machines_read(&all, deed->pid);

	if (code)
		return code;
	if (!all.machines || !all.machine[0].vcpu || !all.machine[0].dm) {
		code = failure(VC_FAIL, "%s has no virtual machine in servers that is shown to you; 'vbsctl vm attach' puts it there",
			       deed->object);
	} else {
		vm_request_keep(req, &all.machine[0]);
		why = vm_request_complete(req, numbers, sizeof(numbers));
		code = why ? usage_error(cmd, "%s", why) : vm_act(deed, req);
	}
	vm_machines_free(&all);
	return code;
}

static const struct option options[] = {
	VM_OPTIONS,
	{ "quiet", no_argument, NULL, 'q' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int switch_operands(const struct command *cmd, int argc, char **argv, struct vm_deed *deed,
			   struct vm_request *req)
{
	const char *why;
	int code;

	if (argc < 1 || argc > 2)
		return usage_error(cmd, "give one machine, and a vCPU's new resource, as in web1 200us/1ms");
	if (argc == 2) {
		why = vm_request_take(req, "vcpu", argv[1]);
		if (why)
			return usage_error(cmd, "'%s': %s", argv[1], why);
	}
	deed->object = argv[0];
	code = vm_find(cmd, argv[0], &deed->pid);
	return code ? code : change(cmd, deed, req);
}

static int switch_main(const struct command *cmd, int argc, char **argv)
{
	struct vm_deed deed = { .verb = "switch" };
	struct vm_request req = { 0 };
	int c, code;

	while ((c = getopt_long(argc, argv, "jqh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		deed.quiet |= c == 'q';
		deed.json |= c == 'j';
		code = strchr("qj", c) ? 0 : vm_request_option(cmd, options, c, &req);
		if (code)
			return code;
	}
	return switch_operands(cmd, argc - optind, argv + optind, &deed, &req);
}

static int detach_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option help[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct vm_deed deed = { .verb = "detach" };
	int c, code;

	while ((c = getopt_long(argc, argv, "h", help, NULL)) != -1)
		return c == 'h' ? print_help(cmd) : option_error(cmd);
	if (argc - optind != 1)
		return usage_error(cmd, "give one machine: a pid or a name");
	deed.object = argv[optind];
	code = vm_find(cmd, argv[optind], &deed.pid);
	return code ? code : vm_undo(&deed);
}

const struct command vm_switch = {
	.name = "vm switch",
	.summary = "give the servers of a machine other resources",
	.help =
	"Usage: vbsctl vm switch [OPTION]... PID|NAME [BUDGET/PERIOD]\n\n"
	VM_OPTIONS_HELP
	"  -q, --quiet           say nothing if it is done\n"
	"  -j, --json            what was done, as JSON\n\n"
	"The operand is that of --vcpu.  What is not named stays; all of it is done, or nothing.\n"
	"It takes root; who owns the servers may switch one vCPU within its cap by\n"
	"'vbsctl switch' and its thread.\n\n"
	"  vbsctl vm switch web1 200us/1ms\n"
	"  vbsctl vm switch web1 --dm 100us/1ms --cap 60%\n",
	.run = switch_main,
};

const struct command vm_detach = {
	.name = "vm detach",
	.summary = "take the machines of a VMM out of their servers",
	.help =
	"Usage: vbsctl vm detach PID|NAME\n\n"
	"All its threads become ordinary ones with the nice value that they had.\n\n"
	"  vbsctl vm detach web1\n",
	.run = detach_main,
};
