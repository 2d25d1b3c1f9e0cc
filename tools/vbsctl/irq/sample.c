// SPDX-License-Identifier: GPL-2.0
/* Counters of interrupts, of their threads, and of what is charged to nobody. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "irq/sample.h"
#include "vbs/task.h"

static uint64_t ran_of(pid_t tid)
{
	char path[64], *text;
	uint64_t ns = 0;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)tid);
	text = sys_read(path);
	if (text)
		ns = strtoull(text, NULL, 10);
	free(text);
	return ns;
}

/* The sum over all CPUs: the numbers behind "24:" */
static uint64_t sum_of_line(const char *at)
{
	uint64_t sum = 0, n;
	char *end;

	for (;;) {
		n = strtoull(at, &end, 10);
		if (end == at || (*end && !strchr(" \n", *end)))
			return sum;
		sum += n;
		at = end;
		if (*at == '\n')
			return sum;
	}
}

static uint64_t count_of(const char *interrupts, int line)
{
	const char *at = interrupts;
	char *end;

	while (line >= 0 && at && *at) {
		if (strtol(at, &end, 10) == line && end != at && *end == ':')
			return sum_of_line(end + 1);
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return 0;
}

static int read_threads(struct irq_sample *s, const struct irq_threads *all)
{
	char *interrupts = sys_read("/proc/interrupts");
	int i;

	s->ran = calloc(all->count + 1, sizeof(*s->ran));
	s->count = calloc(all->count + 1, sizeof(*s->count));
	for (i = 0; s->ran && s->count && i < all->count; i++) {
		s->ran[i] = ran_of(all->thread[i].tid);
		s->count[i] = interrupts ? count_of(interrupts, all->thread[i].line) : 0;
	}
	free(interrupts);
	return s->ran && s->count ? 0 : -1;
}

/* Lines "cpu0 ..." of /proc/stat: the sixth and seventh number */
static void read_stat_line(const char *line, struct irq_sample *s)
{
	uint64_t irq, softirq, tick = 1000000000 / sysconf(_SC_CLK_TCK);
	int cpu;

	if (sscanf(line, "cpu%d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &cpu, &irq, &softirq) != 3 ||
	    cpu < 0 || cpu >= s->cpus)
		return;
	s->cpu[cpu].irq = irq * tick;
	s->cpu[cpu].softirq = softirq * tick;
	s->cpu[cpu].online = true;
}

static void read_ksoftirqd(struct irq_sample *s)
{
	struct task_info task;
	pid_t *pids;
	int i, cpu, n = task_processes(&pids);

	for (i = 0; i < n; i++) {
		task_read(pids[i], &task);
		if (task.kthread && sscanf(task.comm, "ksoftirqd/%d", &cpu) == 1 && cpu >= 0 &&
		    cpu < s->cpus)
			s->cpu[cpu].ksoftirqd = ran_of(pids[i]);
	}
	if (n >= 0)
		free(pids);
}

static int read_cpus(struct irq_sample *s)
{
	char *stat = sys_read("/proc/stat"), *rest = stat, *line;

	s->cpu = calloc(CPUMASK_BITS, sizeof(*s->cpu));
	s->cpus = s->cpu ? CPUMASK_BITS : 0;
	while (s->cpu && (line = strsep(&rest, "\n")))
		read_stat_line(line, s);
	free(stat);
	if (s->cpu)
		read_ksoftirqd(s);
	while (s->cpus && !s->cpu[s->cpus - 1].online)
		s->cpus--;
	return s->cpu ? 0 : -1;
}

int irq_sample_take(struct irq_sample *s, const struct irq_threads *all)
{
	struct timespec now;

	memset(s, 0, sizeof(*s));
	clock_gettime(CLOCK_MONOTONIC, &now);
	s->when = now.tv_sec * 1000000000ULL + now.tv_nsec;
	if (read_threads(s, all) || read_cpus(s))
		return failure(VC_FAIL, "out of memory");
	return VC_OK;
}

void irq_sample_free(struct irq_sample *s)
{
	free(s->ran);
	free(s->count);
	free(s->cpu);
	memset(s, 0, sizeof(*s));
}
