/* SPDX-License-Identifier: GPL-2.0 */
/* What every command of vbsctl shares: exit codes, its form and messages. */
#ifndef VBSCTL_COMMAND_H
#define VBSCTL_COMMAND_H

#include <getopt.h>

#define VBSCTL_VERSION	"1.0"

/* The value of "format" in everything printed as JSON */
#define JSON_FORMAT	1

enum vc_exit {
	VC_OK		= 0,
	VC_FAIL		= 1,	/* the kernel refused, or a verdict is no */
	VC_USAGE	= 2,
	VC_NOVBS	= 3,	/* this kernel has no SCHED_VBS, no timelines */
	VC_BUSY		= 4,	/* no room: for the bandwidth, for a timeline */
	VC_PERM		= 5,
	VC_NOPROC	= 6,	/* no such process, no such timeline */
	VC_UNKNOWN	= 7,	/* vm migrate: nobody knows where the guest runs */
	VC_RUN		= 125,	/* run: vbsctl itself failed before the command */
	VC_NOEXEC	= 126,
	VC_NOTFOUND	= 127,
};

struct command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(const struct command *self, int argc, char **argv);
	const struct command *const *subcommands;	/* NULL behind the last, or none */
};

int usage_error(const struct command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int failure(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int print_help(const struct command *cmd);

/* subcommands.c: the run() of a command that has some; its help, or that of one of them */
int subcommand_run(const struct command *self, int argc, char **argv);
int subcommand_help(const struct command *self, const char *name);

#endif
