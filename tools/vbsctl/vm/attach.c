// SPDX-License-Identifier: GPL-2.0
/* vbsctl vm attach and check: the servers of a running VMM, or whether they would fit. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "show/utf8.h"
#include "vbs/task.h"
#include "vm/act.h"
#include "vm/rules.h"
#include "vm/vm.h"

static const struct option options[] = {
	VM_OPTIONS,
	{ "pi", no_argument, NULL, 'P' },
	{ "rules", no_argument, NULL, 'r' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

struct attach {
	struct vm_request req;
	struct vm_deed deed;
	bool rules, pi;
};

/* 0, -1 for help, or an exit code */
static int parse(const struct command *cmd, int argc, char **argv, struct attach *a)
{
	int c, code;

	while ((c = getopt_long(argc, argv, "jqh", options, NULL)) != -1) {
		if (c == 'h') {
			print_help(cmd);
			return -1;
		}
		a->rules |= c == 'r';
		a->pi |= c == 'P';
		a->deed.quiet |= c == 'q';
		a->deed.json |= c == 'j';
		if (strchr("rPqj", c))
			continue;
		code = vm_request_option(cmd, options, c, &a->req);
		if (code)
			return code;
	}
	if (a->pi && !a->deed.test)
		return usage_error(cmd, "--pi: a running VMM has its mutexes already; that is for run and check");
	return 0;
}

static int by_options(const struct command *cmd, struct attach *a)
{
	char numbers[512];
	const char *why;

	a->req.pi = a->pi || (a->deed.pid != getpid() && vm_has_pi(a->deed.pid));
	why = vm_request_complete(&a->req, numbers, sizeof(numbers));
	return why ? usage_error(cmd, "%s", why) : vm_act(&a->deed, &a->req);
}

static int by_rules(const struct attach *a)
{
	struct vm_rule rule;
	struct task_info task;
	char name[VM_NAME];
	int found;

	task_read(a->deed.pid, &task);
	vm_name(a->deed.pid, name, sizeof(name));
	found = vm_rule_find(name, task.comm, task_user(&task), &rule);
	if (found < 0)
		return VC_FAIL;
	if (found) {
		rule.req.pi = vm_has_pi(a->deed.pid);
		return vm_act(&a->deed, &rule.req);
	}
	if (a->deed.quiet)
		return VC_OK;
	make_printable(name);
	make_printable(task.comm);
	printf("No rule in " VM_RULES_DIR " is for %s.\n", *name ? name : task.comm);
	return VC_OK;
}

static int act(const struct command *cmd, int argc, char **argv, struct attach *a)
{
	int code = 0;

	if (argc > 1)
		return usage_error(cmd, "'%s': one machine", argv[1]);
	if (argc)
		code = vm_find(cmd, argv[0], &a->deed.pid);
	a->deed.object = argc ? argv[0] : "such a machine";
	if (code)
		return code;
	return a->rules ? by_rules(a) : by_options(cmd, a);
}

static int attach_main(const struct command *cmd, int argc, char **argv)
{
	struct attach a = { .deed.verb = "attach" };
	int code = parse(cmd, argc, argv, &a);

	if (code)
		return code < 0 ? VC_OK : code;
	if (optind == argc)
		return usage_error(cmd, "which machine: a pid, its name, or libvirt's name of the domain?");
	return act(cmd, argc - optind, argv + optind, &a);
}

/* Without a machine it is this process that would run one, on the CPUs that it may use */
static int check_main(const struct command *cmd, int argc, char **argv)
{
	struct attach a = { .deed = { .verb = "admit", .test = true, .pid = getpid() } };
	int code = parse(cmd, argc, argv, &a);

	if (code)
		return code < 0 ? VC_OK : code;
	if (optind == argc && a.rules)
		return usage_error(cmd, "--rules: which machine?");
	if (optind == argc && !a.req.vcpus)
		a.req.vcpus = 1;
	return act(cmd, argc - optind, argv + optind, &a);
}

const struct command vm_attach = {
	.name = "vm attach",
	.summary = "put the machines of a running VMM into servers",
	.help =
	"Usage: vbsctl vm attach [OPTION]... PID|NAME\n\n"
	VM_OPTIONS_HELP
	"  --rules               by what /etc/vbs/vm.d says, if that names it\n"
	"  -q, --quiet           say nothing if it is done\n"
	"  -j, --json            what was done, as JSON\n\n"
	"Each vCPU gets a server of its own, all other threads of the process that of the\n"
	"device model, also those that are yet to come: all, or nothing.  NAME is that of\n"
	"QEMU's option -name, which is libvirt's name of the domain, or of the process.\n"
	"A second call replaces the first.  It takes root (CAP_SYS_NICE).\n\n"
	"  vbsctl vm attach web1 --vcpu 400us/1ms --cap 50%\n"
	"  vbsctl vm attach 4242 --vcpu 400us/1ms --cap 50% --dm 200us/2ms --vcpus 4\n",
	.run = attach_main,
};

const struct command vm_check = {
	.name = "vm check",
	.summary = "say whether a machine would fit",
	.help =
	"Usage: vbsctl vm check [OPTION]... [PID|NAME]\n\n"
	VM_OPTIONS_HELP
	"  --pi                  as if the VMM's mutexes inherited: vm run --pi\n"
	"  --rules               by what /etc/vbs/vm.d says, if that names it\n"
	"  -q, --quiet           say nothing if it fits\n"
	"  -j, --json            the answer as JSON\n\n"
	"The kernel is asked, and nothing changes.  Without a machine: one with --vcpus\n"
	"vCPUs that this process would run.  The bound on waits for the VMM's locks follows\n"
	"from the resources; vbsctl-vm(1) has how.\n"
	"Exit status: 0 it fits, 4 no room, 3 a kernel without it.\n\n"
	"  vbsctl vm check --vcpu 400us/1ms --cap 50% --vcpus 4\n",
	.run = check_main,
};
