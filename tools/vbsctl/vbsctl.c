// SPDX-License-Identifier: GPL-2.0
/* vbsctl: the command table and help. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "commands.h"
#include "options.h"

static const struct command *const commands[] = {
	&cmd_run, &cmd_admit, &cmd_join, &cmd_switch, &cmd_move, &cmd_leave,
	&cmd_apply, &cmd_save,
	&cmd_list, &cmd_show, &cmd_reset, &cmd_top, &cmd_watch, &cmd_metrics, &cmd_trace,
	&cmd_check, &cmd_analyze, &cmd_advise, &cmd_calibrate, &cmd_check_rate,
	&cmd_channel, &cmd_irq, &cmd_timeline, &cmd_vm,
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static int print_overview(FILE *to)
{
	size_t i;

	fputs("Usage: vbsctl COMMAND [OPTION]...\n"
	      "Run, watch and analyze variable-bandwidth servers (SCHED_VBS).\n\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
	fputs("  help        this text, or that of a command: vbsctl help run\n\n"
	      "Times are written 500us, 1.5ms, 2s; bandwidths 25%, 0.25, 1/4;\n"
	      "resources budget/period, as in 3ms/10ms.  See vbsctl(1).\n", to);
	return to == stdout ? VC_OK : VC_USAGE;
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	}
	return NULL;
}

static int help(const char *topic, const char *part)
{
	const struct command *cmd;

	if (!topic || !strcmp(topic, "--help") || !strcmp(topic, "-h") || !strcmp(topic, "help"))
		return print_overview(stdout);
	cmd = find(topic);
	if (cmd)
		return cmd->subcommands ? subcommand_help(cmd, part) : print_help(cmd);
	return failure(VC_USAGE, "there is no command '%s'; 'vbsctl help' lists them", topic);
}

static int dispatch(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2)
		return print_overview(stderr);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return puts("vbsctl " VBSCTL_VERSION) == EOF ? VC_FAIL : VC_OK;
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(argv[2], argv[2] ? argv[3] : NULL);
	cmd = find(argv[1]);
	if (!cmd)
		return failure(VC_USAGE, "there is no command '%s'; 'vbsctl help' lists them",
			    argv[1]);
	options_begin(argv + 1);
	return cmd->run(cmd, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int code = dispatch(argc, argv);

	if ((fflush(stdout) || ferror(stdout)) && code == VC_OK)
		return failure(VC_FAIL, "cannot write the output: %s", strerror(errno));
	return code;
}
