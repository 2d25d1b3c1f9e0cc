/* SPDX-License-Identifier: GPL-2.0 */
/* The options that describe a server, and the attributes they make. */
#ifndef VBSCTL_SERVERS_REQUEST_H
#define VBSCTL_SERVERS_REQUEST_H

#include <stdbool.h>

#include "base/cpumask.h"
#include "command.h"
#include "vbs/attr.h"
#include "vbs/params.h"

struct request {
	struct resource res;
	struct cpumask cpus;
	uint32_t cap;
	pid_t leader;
	bool has_res, has_cpus;
	bool align, no_align, no_inherit, overrun_signal;
	bool verbose, json;
	bool all, dry_run;
	const char *name;	/* of the new server, or NULL */
	const char *command;	/* of run, or NULL: what messages speak of */
	const char *user;
	const char *leader_text;	/* of irq join: --leader as it was given, or NULL */
	const char *vcpu;	/* of switch: a CPU of this machine, whose host is asked; or NULL */
	bool keep_user, keep_class, report, force;
};

/* Which of them a command takes, as entries of a struct option array */
#define REQUEST_OPTIONS \
	{ "cap", required_argument, NULL, 'c' }, \
	{ "res", required_argument, NULL, 'r' }, \
	{ "align", no_argument, NULL, 'l' }, \
	{ "no-inherit", no_argument, NULL, 'n' }, \
	{ "overrun-signal", no_argument, NULL, 'o' }

/* Of what makes a server */
#define NEW_OPTIONS \
	{ "name", required_argument, NULL, 'N' }, \
	{ "dry-run", no_argument, NULL, 'D' }

#define ALL_OPTION \
	{ "all-tasks", no_argument, NULL, 'a' }

#define PRINT_OPTIONS \
	{ "verbose", no_argument, NULL, 'v' }, \
	{ "json", no_argument, NULL, 'j' }, \
	{ "help", no_argument, NULL, 'h' }

/* Ends option parsing without running the command: --help was asked for */
#define REQUEST_HELP	(-1)

/*
 * Takes the options of argv that stand in @options and @letters, as those of
 * getopt_long(); optind is left at the first operand.
 * Returns 0, REQUEST_HELP or VC_USAGE with the message printed.
 */
int request_parse(const struct command *cmd, int argc, char **argv, const char *letters,
		  const struct option *options, struct request *req);

/* A new server; fills in a missing resource.  0 or VC_USAGE. */
int request_complete(const struct command *cmd, struct request *req);
void request_attr(const struct request *req, struct vbs_sched_attr *attr);

#endif
