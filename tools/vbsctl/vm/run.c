// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl vm run: this process is configured before it becomes the VMM, so that every
 * thread of that is in a server from its first instruction.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "options.h"
#include "servers/start.h"
#include "vm/act.h"
#include "vm/vm.h"

#define PI_LIBRARY	"lib/vbsctl/vbs-pi.so"	/* beside the bin that vbsctl is in */

static const struct option options[] = {
	VM_OPTIONS,
	{ "pi", no_argument, NULL, 'P' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

/* That of a vbsctl that is not installed; but who runs it with privilege does not choose */
static bool find_library(char *file, size_t size)
{
	const char *other = secure_getenv("VBSCTL_PI");
	char self[4096];
	ssize_t n;
	int up;

	if (other)
		return (size_t)snprintf(file, size, "%s", other) < size;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	for (up = 0; up < 2 && strrchr(self, '/'); up++)
		*strrchr(self, '/') = '\0';
	return (size_t)snprintf(file, size, "%s/" PI_LIBRARY, self) < size;
}

/* In front of what the user preloads, which may then wrap it */
static int preload(void)
{
	const char *others = getenv("LD_PRELOAD");
	char file[4096], value[8192];

	if (!find_library(file, sizeof(file)) || access(file, R_OK))
		return failure(VC_RUN, "--pi: cannot read %s: %s", file, strerror(errno));
	if (snprintf(value, sizeof(value), "%s%s%s", file, others && *others ? ":" : "",
		     others ? others : "") >= (int)sizeof(value))
		return failure(VC_RUN, "--pi: LD_PRELOAD is too long");
	return setenv("LD_PRELOAD", value, 1) ? failure(VC_RUN, "out of memory") : 0;
}

int vm_run_as(const struct vm_request *req, char **argv)
{
	struct vm_deed deed = { .verb = "run", .object = argv[0], .pid = getpid(), .quiet = true };
	int code = vm_act(&deed, req);

	if (!code && req->pi)
		code = preload();
	return code ? code : run_exec(argv);
}

/* Any failure of vbsctl's own has one code */
static int run(const struct vm_request *req, char **argv)
{
	int code = vm_run_as(req, argv);

	return code < VC_RUN ? VC_RUN : code;
}

static int run_main(const struct command *cmd, int argc, char **argv)
{
	struct vm_request req = { 0 };
	char numbers[512];
	const char *why;
	int c;

	/* What follows the first operand are the command's options */
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == 'P')
			req.pi = true;
		else if (vm_request_option(cmd, options, c, &req))
			return VC_RUN;
	}
	why = optind == argc ? "which command?" : vm_request_complete(&req, numbers, sizeof(numbers));
	if (why) {
		usage_error(cmd, "%s", why);
		return VC_RUN;
	}
	return run(&req, argv + optind);
}

const struct command vm_run = {
	.name = "vm run",
	.summary = "start a VMM whose machines are in servers",
	.help =
	"Usage: vbsctl vm run [OPTION]... [--] COMMAND [ARGUMENT]...\n\n"
	VM_OPTIONS_HELP
	"  --pi                  make the VMM's mutexes inherit (a preloaded library), so\n"
	"                        that QEMU's big lock is handed over to who waits for it\n\n"
	"Exit status: the command's; 125 if vbsctl failed, 126 if the command cannot be\n"
	"run, 127 if there is none.\n\n"
	"  vbsctl vm run --vcpu 400us/1ms --cap 50% --pi -- qemu-system-x86_64 -accel kvm ...\n",
	.run = run_main,
};
