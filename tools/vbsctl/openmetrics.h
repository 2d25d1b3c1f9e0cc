/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands need to print OpenMetrics 1.0. */
#ifndef VBSCTL_OPENMETRICS_H
#define VBSCTL_OPENMETRICS_H

#include <stdbool.h>
#include <stdio.h>

#include "command.h"

/* NAME="VALUE", as a label is written; control characters are '?', as people look at it, too */
void metrics_label(FILE *to, const char *name, const char *value);

/* In quotes there, longer values are cut */
#define METRICS_VALUE	160

/*
 * What @print prints, to a file that is complete at any time, or to the standard output if
 * that is NULL: 0 or an exit code, message printed
 */
int metrics_write(const char *file, void (*print)(FILE *to, const void *arg), const void *arg);

/*
 * Reads the options of a command that prints OpenMetrics, to @file if not NULL.  False: it
 * ends here, with the status @code.
 */
bool metrics_options(const struct command *cmd, int argc, char **argv, const char **file,
		     int *code);

#endif
