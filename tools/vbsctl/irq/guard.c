// SPDX-License-Identifier: GPL-2.0
/* Lines without which the machine is lost if their server is too small. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "irq/irq.h"

/* The end of a line of /proc/interrupts, where the names of the handlers are, or NULL */
static char *names_of(char *text, int line)
{
	char *at = text, *end;

	while (at && *at) {
		if (strtol(at, &end, 10) == line && end != at && *end == ':') {
			end[strcspn(end, "\n")] = 0;
			return end;
		}
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return NULL;
}

static bool is_timer(int line)
{
	char *text = sys_read("/proc/interrupts");
	char *names = text ? names_of(text, line) : NULL;
	bool is = names && (strstr(names, "timer") || strstr(names, "hpet"));

	free(text);
	return is;
}

/* The consoles' names stand in one line */
static bool is_console(int line)
{
	char *text = sys_read("/sys/class/tty/console/active"), *name, *rest = text;
	char path[128];
	bool is = false;
	int64_t irq;

	while (!is && (name = strsep(&rest, " \n"))) {
		snprintf(path, sizeof(path), "/sys/class/tty/%.32s/irq", name);
		is = *name && !sys_number(path, &irq) && irq == line;
	}
	free(text);
	return is;
}

/* Paths that realpath() has made, so none of sys_path() */
static bool holds(const char *path, int line)
{
	FILE *f = fopen(path, "re");
	int irq = -1;

	if (!f)
		return false;
	if (fscanf(f, "%d", &irq) != 1)
		irq = -1;
	fclose(f);
	return irq == line;
}

static bool device_has(const char *dir, int line)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/msi_irqs/%d", dir, line);
	if (!access(path, F_OK))
		return true;
	snprintf(path, sizeof(path), "%s/irq", dir);
	return holds(path, line);
}

/* Of the disk that / is on, and of what it is connected to */
static bool is_root_disk(int line)
{
	char link[64], dir[PATH_MAX], sys[PATH_MAX];
	struct stat st;

	if (stat(sys_path("/"), &st))
		return false;
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	if (!realpath(sys_path(link), dir) || !realpath(sys_path("/sys"), sys))
		return false;
	while (strlen(dir) > strlen(sys)) {
		if (device_has(dir, line))
			return true;
		dirname(dir);
	}
	return false;
}

const char *irq_guard(int line)
{
	if (line < 0)
		return NULL;
	if (is_timer(line))
		return "a timer's";
	if (is_console(line))
		return "the console's";
	return is_root_disk(line) ? "that of the disk that / is on" : NULL;
}
