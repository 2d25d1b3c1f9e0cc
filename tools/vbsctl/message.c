// SPDX-License-Identifier: GPL-2.0
/* The form of messages: one line, whatever the names in it hold. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "show/utf8.h"

static void vmessage(const char *who, const char *fmt, va_list ap)
{
	char *words = NULL;

	fflush(stdout);
	if (vasprintf(&words, fmt, ap) < 0)
		words = NULL;
	if (words)
		make_printable(words);
	fprintf(stderr, "vbsctl%s%s: %s\n", who ? " " : "", who ? who : "", words ? words : "out of memory");
	free(words);
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
