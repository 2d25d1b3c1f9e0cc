// SPDX-License-Identifier: GPL-2.0
/* Messages on options, one for each mistake. */
#include <string.h>

#include "options.h"

static char **words;

void options_begin(char **from)
{
	words = from;
	opterr = 0;
}

/* With optopt set, the option is known, or it is a letter that is not */
static int letter_error(const struct command *cmd, const char *word)
{
	if (!strncmp(word, "--", 2) && strchr(word, '='))
		return usage_error(cmd, "'%s': the option takes no value", word);
	if (!strncmp(word, "--", 2))
		return usage_error(cmd, "'%s': its value is missing", word);
	return usage_error(cmd, "'-%c': there is no such option, or its value is missing", optopt);
}

int option_error(const struct command *cmd)
{
	const char *word = words && optind > 0 ? words[optind - 1] : NULL;

	if (!word)
		return usage_error(cmd, "wrong option");
	if (optopt)
		return letter_error(cmd, word);
	return usage_error(cmd, "'%s': there is no such option", word);
}

int option_value_error(const struct command *cmd, const struct option *options, int c,
		       const char *why)
{
	while (options->name && options->val != c)
		options++;
	return usage_error(cmd, "--%s '%s': %s", options->name, optarg, why);
}

bool option_json_only(const struct command *cmd, int argc, char **argv, bool *json, int *code)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	*json = false;
	while ((c = getopt_long(argc, argv, "jh", options, NULL)) == 'j')
		*json = true;
	if (c == -1)
		return true;
	*code = c == 'h' ? print_help(cmd) : option_error(cmd);
	return false;
}
