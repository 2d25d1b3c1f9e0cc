// SPDX-License-Identifier: GPL-2.0
/* The form of messages. */
#include <stdarg.h>
#include <stdio.h>

#include "command.h"

static void vmessage(const char *who, const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, who ? "vbsctl %s: " : "vbsctl: ", who);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int usage_error(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmessage(cmd->name, fmt, ap);
	va_end(ap);
	fprintf(stderr, "'vbsctl %s --help' shows how to use it.\n", cmd->name);
	return VC_USAGE;
}

int failure(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmessage(NULL, fmt, ap);
	va_end(ap);
	return code;
}

int print_help(const struct command *cmd)
{
	printf("vbsctl %s: %s\n\n%s", cmd->name, cmd->summary, cmd->help);
	return VC_OK;
}
