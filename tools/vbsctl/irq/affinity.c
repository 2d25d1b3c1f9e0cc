// SPDX-License-Identifier: GPL-2.0
/* Where interrupts come, and where their threads run. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysfile.h"
#include "irq/irq.h"

static const char *file_of(int line)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list", line);
	return path;
}

int irq_affinity_get(int line, struct cpumask *cpus)
{
	char *text = sys_read(file_of(line));
	const char *why;

	if (!text)
		return errno;
	text[strcspn(text, "\n")] = 0;
	why = parse_cpus(text, cpus);
	free(text);
	return why ? EINVAL : 0;
}

int irq_affinity_set(int line, const struct cpumask *cpus)
{
	FILE *f = fopen(sys_path(file_of(line)), "we");
	char list[4096];
	int err;

	if (!f)
		return errno;
	fmt_cpus(cpus, list, sizeof(list));
	err = fprintf(f, "%s\n", list) < 0 ? errno : 0;
	if (fclose(f) && !err)
		err = errno;
	return err;
}

int irq_thread_set_cpus(pid_t tid, const struct cpumask *cpus)
{
	return sched_setaffinity(tid, sizeof(*cpus), (const cpu_set_t *)cpus) ? errno : 0;
}
