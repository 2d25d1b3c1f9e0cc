// SPDX-License-Identifier: GPL-2.0
/* Labels and files of OpenMetrics. */
#include "command.h"
#include "new_file.h"
#include "openmetrics.h"
#include "options.h"
#include "show/utf8.h"

void metrics_label(FILE *to, const char *name, const char *value)
{
	char text[METRICS_VALUE], *c;

	snprintf(text, sizeof(text), "%s", value);
	make_utf8(text);
	fprintf(to, "%s=\"", name);
	for (c = text; *c; c++) {
		if (*c == '\n') {
			fputs("\\n", to);
			continue;
		}
		if (*c == '"' || *c == '\\')
			fputc('\\', to);
		fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, to);
	}
	fputc('"', to);
}

/* A reader of the file never sees half of it */
static int write_file(const char *file, void (*print)(FILE *to, const void *arg), const void *arg)
{
	struct new_file n;
	int code = new_file_begin(&n, file);

	if (code)
		return code;
	print(n.to, arg);
	return new_file_end(&n);
}

int metrics_write(const char *file, void (*print)(FILE *to, const void *arg), const void *arg)
{
	if (file)
		return write_file(file, print, arg);
	print(stdout, arg);
	return VC_OK;
}

bool metrics_options(const struct command *cmd, int argc, char **argv, const char **file, int *code)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	*file = NULL;
	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) == 'o')
		*file = optarg;
	if (c == -1 && optind == argc)
		return true;
	if (c == -1)
		*code = usage_error(cmd, "'%s': metrics takes no operands", argv[optind]);
	else
		*code = c == 'h' ? print_help(cmd) : option_error(cmd);
	return false;
}
