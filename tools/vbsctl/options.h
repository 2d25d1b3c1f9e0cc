/* SPDX-License-Identifier: GPL-2.0 */
/* What is said of options, whichever command they belong to. */
#ifndef VBSCTL_OPTIONS_H
#define VBSCTL_OPTIONS_H

#include <stdbool.h>

#include "command.h"

/* The words that getopt_long() reads from now on; it keeps silent itself */
void options_begin(char **words);

/* Says what getopt_long() has just returned '?' for: VC_USAGE */
int option_error(const struct command *cmd);

/* Says why the value of an option is not taken; @c is what getopt_long() returned */
int option_value_error(const struct command *cmd, const struct option *options, int c,
		       const char *why);

/*
 * Reads the options of a command that has none but --json and --help.  False: it ends here,
 * with the status @code.
 */
bool option_json_only(const struct command *cmd, int argc, char **argv, bool *json, int *code);

#endif
