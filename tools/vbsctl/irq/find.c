// SPDX-License-Identifier: GPL-2.0
/* Which threads of the kernel are those of devices: by their names, which the kernel gives. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irq/irq.h"
#include "vbs/task.h"

/* "irq/24-virtio0" */
static bool of_line(const char *comm, struct irq_thread *t)
{
	return sscanf(comm, "irq/%d-", &t->line) == 1 && t->line >= 0;
}

/* "napi/eth0-8193"; the device's name may have a '-', too */
static bool of_queue(const char *comm, struct irq_thread *t)
{
	const char *dev = comm + 5, *id = strrchr(comm, '-');
	char *end;

	t->line = -1;
	if (strncmp(comm, "napi/", 5) || !id || id <= dev || (size_t)(id - dev) >= sizeof(t->dev))
		return false;
	memcpy(t->dev, dev, id - dev);
	t->id = strtoul(id + 1, &end, 10);
	return end != id + 1 && !*end;
}

static bool read_one(pid_t tid, struct irq_thread *t)
{
	struct task_info task;

	memset(t, 0, sizeof(*t));
	task_read(tid, &task);
	if (!task.kthread || task.ended || !(of_line(task.comm, t) || of_queue(task.comm, t)))
		return false;
	t->tid = tid;
	t->allowed = task.allowed;
	memcpy(t->comm, task.comm, sizeof(t->comm));
	return true;
}

/* Lines by number, then devices by name, each in the order in which its threads were made */
static int compare(const void *pa, const void *pb)
{
	const struct irq_thread *a = pa, *b = pb;
	int by_dev = strcmp(a->dev, b->dev);

	if ((a->line < 0) != (b->line < 0))
		return a->line < 0 ? 1 : -1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (by_dev)
		return by_dev;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

static void count_queues(struct irq_threads *all)
{
	struct irq_thread *t = all->thread;
	int i;

	for (i = 1; i < all->count; i++)
		if (t[i].line < 0 && !strcmp(t[i].dev, t[i - 1].dev))
			t[i].queue = t[i - 1].queue + 1;
}

int irq_threads_read(struct irq_threads *all)
{
	pid_t *pids;
	int i, n = task_processes(&pids);

	memset(all, 0, sizeof(*all));
	if (n < 0)
		return failure(VC_FAIL, "cannot read /proc: %s", strerror(errno));
	all->thread = calloc(n + 1, sizeof(*all->thread));
	if (!all->thread) {
		free(pids);
		return failure(VC_FAIL, "out of memory");
	}
	for (i = 0; i < n; i++)
		all->count += read_one(pids[i], &all->thread[all->count]);
	free(pids);
	qsort(all->thread, all->count, sizeof(*all->thread), compare);
	count_queues(all);
	return VC_OK;
}

void irq_threads_free(struct irq_threads *all)
{
	free(all->thread);
	memset(all, 0, sizeof(*all));
}

struct irq_name irq_name(const struct irq_thread *t)
{
	struct irq_name name;

	if (t->line >= 0)
		snprintf(name.s, sizeof(name.s), "%d", t->line);
	else
		snprintf(name.s, sizeof(name.s), "%s:%d", t->dev, t->queue);
	return name;
}
