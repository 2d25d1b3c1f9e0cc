// SPDX-License-Identifier: GPL-2.0
/* The messages of vbsctl.c, for unit tests: what was said last is kept. */
#include <stdarg.h>
#include <stdio.h>

#include "command.h"

char last_message[2048];

static void keep(const char *fmt, va_list ap)
{
	vsnprintf(last_message, sizeof(last_message), fmt, ap);
}

int usage_error(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	(void)cmd;
	va_start(ap, fmt);
	keep(fmt, ap);
	va_end(ap);
	return VC_USAGE;
}

int failure(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(fmt, ap);
	va_end(ap);
	return code;
}

int print_help(const struct command *cmd)
{
	(void)cmd;
	return VC_OK;
}
