// SPDX-License-Identifier: GPL-2.0
/* Labels and files of OpenMetrics. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "command.h"
#include "openmetrics.h"
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
	char temp[4096];
	bool good;
	FILE *to;

	if (snprintf(temp, sizeof(temp), "%s.new", file) >= (int)sizeof(temp))
		return failure(VC_FAIL, "'%s': the name is too long", file);
	to = fopen(temp, "we");
	if (!to)
		return failure(VC_FAIL, "cannot write %s: %s", temp, strerror(errno));
	print(to, arg);
	good = !ferror(to);
	good &= !fclose(to);
	if (good && !rename(temp, file))
		return VC_OK;
	failure(VC_FAIL, "cannot write %s: %s", file, strerror(errno));
	remove(temp);
	return VC_FAIL;
}

int metrics_write(const char *file, void (*print)(FILE *to, const void *arg), const void *arg)
{
	if (file)
		return write_file(file, print, arg);
	print(stdout, arg);
	return VC_OK;
}
