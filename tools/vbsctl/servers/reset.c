// SPDX-License-Identifier: GPL-2.0
/* vbsctl reset: the worst of servers, from now on. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "options.h"
#include "show/snapshot.h"
#include "show/target.h"

#define PROC_VBS "/proc/vbs"

/* 0 or an errno */
static int tell_kernel(const char *text)
{
	int fd = open(PROC_VBS, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

static int refused(const char *what, int err)
{
	switch (err) {
	case EACCES:
	case EINVAL:
	case EIO:
		return failure(VC_FAIL, "this kernel cannot reset the worst of servers");
	case ENOENT:
		return vbs_snapshot_error(err);
	case EPERM:
		return failure(VC_PERM, "cannot reset %s: only its owner may, or a task with CAP_SYS_NICE",
			       what);
	case ESRCH:
		return failure(VC_NOPROC, "cannot reset %s: it has ended", what);
	default:
		return failure(VC_FAIL, "cannot write " PROC_VBS ": %s", strerror(err));
	}
}

static int reset_one(const struct command *cmd, const struct vbs_snapshot *snap, const char *what)
{
	const struct vbs_server *s;
	char text[32];
	int code, err;

	s = target_server(cmd, snap, what, &code);
	if (!s)
		return code;
	snprintf(text, sizeof(text), "reset %u", s->id);
	err = tell_kernel(text);
	return err ? refused(what, err) : VC_OK;
}

static int reset_named(const struct command *cmd, int argc, char **argv)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	int i, code, first = VC_OK;

	if (!snap)
		return vbs_snapshot_error(errno);
	for (i = 0; i < argc; i++) {
		code = reset_one(cmd, snap, argv[i]);
		first = first ? first : code;
	}
	vbs_snapshot_free(snap);
	return first;
}

static int reset_all(void)
{
	int err = tell_kernel("reset all");

	return err ? refused("the servers", err) : VC_OK;
}

static int reset_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	bool all = false;
	int c;

	while ((c = getopt_long(argc, argv, "ah", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		all = true;
	}
	if (all && optind < argc)
		return usage_error(cmd, "--all, or which servers?");
	if (all)
		return reset_all();
	if (optind == argc)
		return usage_error(cmd, "which server: a process or thread in it, id:N, or its name?");
	return reset_named(cmd, argc - optind, argv + optind);
}

const struct command cmd_reset = {
	.name = "reset",
	.summary = "forget the worst of servers so far",
	.help =
	"Usage: vbsctl reset PID|id:N|NAME...\n"
	"       vbsctl reset --all\n\n"
	"  -a, --all            all servers that you may\n\n"
	"The worst overrun, switch and release that show and list --wide tell are those from now\n"
	"on; counts go on. It takes the server's owner, or CAP_SYS_NICE.\n\n"
	"  vbsctl reset audio\n",
	.run = reset_main,
};
