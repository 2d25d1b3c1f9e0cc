// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl vm hook: /etc/libvirt/hooks/qemu.d/vbs calls it with libvirt's arguments and the
 * domain's description on standard input.  libvirt takes what comes out of "migrate" and
 * "restore" for another description: nothing is written to standard output.  It waits for
 * the hook, so nothing here may ask libvirt anything.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/sysfile.h"
#include "options.h"
#include "vm/act.h"
#include "vm/domain.h"
#include "vm/rules.h"
#include "vm/vm.h"

#define PID_FILE	"/run/libvirt/qemu/%s.pid"

/* These may say no: libvirt starts nothing then */
static bool may_refuse(const char *operation)
{
	return !strcmp(operation, "prepare") || !strcmp(operation, "migrate") ||
	       !strcmp(operation, "restore");
}

/* On the CPUs that the domain's threads may use */
static void take_mask(const struct vm_domain *d)
{
	if (d->pinned)
		sched_setaffinity(0, sizeof(d->cpus), (const cpu_set_t *)&d->cpus);
}

static int check(const struct vm_domain *d)
{
	struct vm_deed deed = { .verb = "start", .object = d->name, .pid = getpid(), .quiet = true,
				.test = true };
	struct vm_rule rule;
	int code, found = vm_rule_find(d->name, "", UINT32_MAX, &rule);

	if (found <= 0)
		return found ? VC_FAIL : VC_OK;
	if (rule.req.vcpus < d->vcpus)
		rule.req.vcpus = d->vcpus;
	take_mask(d);
	code = vm_act(&deed, &rule.req);
	/* The same machine on a kernel without servers is one that runs as it always has */
	return code == VC_NOVBS ? VC_OK : code;
}

static int refuse_or_not(const char *guest)
{
	struct vm_domain d;
	const char *why = vm_domain_read(STDIN_FILENO, &d);

	if (why)
		return failure(VC_FAIL, "cannot read the description of '%s': %s", guest, why);
	if (strcmp(d.name, guest))
		return failure(VC_FAIL, "the description is of '%s', and not of '%s'", d.name, guest);
	return d.kvm ? check(&d) : VC_OK;
}

static void drain(void)
{
	char bytes[16384];

	while (read(STDIN_FILENO, bytes, sizeof(bytes)) > 0)
		;
}

static bool in_servers(pid_t pid)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	bool is = snap && vbs_find_group(snap, pid);

	vbs_snapshot_free(snap);
	return is;
}

/* Where udev has no rule for it; the vCPUs run already, and nobody can refuse any more */
static void started(const char *guest)
{
	struct vm_deed deed = { .verb = "attach", .object = guest, .quiet = true };
	struct vm_rule rule;
	char path[512];
	int64_t pid;

	snprintf(path, sizeof(path), PID_FILE, guest);
	if (strchr(guest, '/') || sys_number(path, &pid) || pid <= 0 || in_servers(pid) ||
	    vm_rule_find(guest, "", UINT32_MAX, &rule) <= 0)
		return;
	deed.pid = pid;
	rule.req.pi = vm_has_pi(pid);
	vm_act(&deed, &rule.req);
}

static int hook_main(const struct command *cmd, int argc, char **argv)
{
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return print_help(cmd);
	if (argc < 3)
		return usage_error(cmd, "libvirt calls it: GUEST OPERATION SUBOPERATION EXTRA");
	if (may_refuse(argv[2]))
		return refuse_or_not(argv[1]);
	drain();
	if (!strcmp(argv[2], "started"))
		started(argv[1]);
	return VC_OK;
}

const struct command vm_hook = {
	.name = "vm hook",
	.summary = "be libvirt's hook for QEMU",
	.help =
	"Usage: vbsctl vm hook GUEST OPERATION SUBOPERATION EXTRA\n\n"
	"As /etc/libvirt/hooks/qemu.d/vbs calls it, with the domain's description on\n"
	"standard input.  'prepare', 'migrate' and 'restore' fail if a rule in /etc/vbs/vm.d\n"
	"names the domain, and what it says does not fit; 'started' attaches what no udev\n"
	"rule has; all others, 'reconnect' too, never fail.\n",
	.run = hook_main,
};
