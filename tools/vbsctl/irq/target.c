// SPDX-License-Identifier: GPL-2.0
/* Interrupts and network queues as people name them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/sysfile.h"
#include "irq/irq.h"

static bool exists(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(sys_path(path), F_OK);
}

static int no_thread(const char *text, const char *dev, int line)
{
	if (line >= 0 && !exists("/proc/irq", text))
		return failure(VC_NOPROC, "there is no interrupt %s", text);
	if (line >= 0)
		return failure(VC_FAIL, "interrupt %s has no thread: its handler runs in the interrupt, which is charged to nobody; the kernel's parameter threadirqs gives most lines one",
			       text);
	if (!exists("/sys/class/net", dev))
		return failure(VC_NOPROC, "there is no interrupt and no network device '%s' here", dev);
	return failure(VC_FAIL, "%s has no such thread of NAPI: while the device is up, a 1 in /sys/class/net/%s/threaded gives each queue one (not all drivers have queues of NAPI)",
		       text, dev);
}

static bool is_it(const struct irq_thread *t, int line, const char *dev, int queue)
{
	if (line >= 0)
		return t->line == line;
	return t->line < 0 && !strcmp(t->dev, dev) && (queue < 0 || t->queue == queue);
}

/* A name of a device has no ':' in it, and none is a number alone */
static const char *parse_target(const char *text, int *line, char dev[16], int *queue)
{
	size_t digits = strspn(text, "0123456789"), n = strcspn(text, ":");
	const char *why;
	uint64_t number;

	*line = *queue = -1;
	if (!text[digits]) {
		why = parse_count(text, &number);
		*line = number;
		return why ? why : number > 1 << 30 ? "no line has that number" : NULL;
	}
	if (!n || n >= 16)
		return "name an interrupt by its number, or a network device, as in 24, eth0 or eth0:1";
	memcpy(dev, text, n);
	dev[n] = 0;
	if (!text[n])
		return NULL;
	why = parse_count(text + n + 1, &number);
	*queue = number;
	return why ? why : number > 1 << 30 ? "no device has that many queues" : NULL;
}

int irq_target(const struct command *cmd, const struct irq_threads *all, const char *text,
	       struct irq_threads *some)
{
	char dev[16] = "";
	int i, line, queue;
	const char *why = parse_target(text, &line, dev, &queue);

	if (why)
		return usage_error(cmd, "'%s': %s", text, why);
	memset(some, 0, sizeof(*some));
	for (i = 0; i < all->count; i++) {
		if (!is_it(&all->thread[i], line, dev, queue))
			continue;
		if (!some->count)
			some->thread = &all->thread[i];
		some->count++;
	}
	return some->count ? VC_OK : no_thread(text, dev, line);
}
