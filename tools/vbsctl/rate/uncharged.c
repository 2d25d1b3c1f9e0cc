// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "rate/uncharged.h"
#include "vbs/task.h"

/* Of interrupts the kernel tells hundredths of a second */
static uint64_t tick_ns(void)
{
	return 1000000000 / sysconf(_SC_CLK_TCK);
}

static uint64_t interrupts_ns(void)
{
	char *text = sys_read("/proc/stat");
	uint64_t irq = 0, softirq = 0;

	if (text && sscanf(text, "cpu %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &irq, &softirq) != 2)
		irq = softirq = 0;
	free(text);
	return (irq + softirq) * tick_ns();
}

static uint64_t thread_ns(pid_t pid)
{
	struct task_info task;
	uint64_t ns = 0;
	char path[64], *text;

	task_read(pid, &task);
	if (!task.kthread)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	text = sys_read(path);
	if (text)
		sscanf(text, "%" SCNu64, &ns);
	free(text);
	return ns;
}

uint64_t uncharged_ns(void)
{
	uint64_t sum = interrupts_ns();
	pid_t *pids;
	int i, n = task_processes(&pids);

	for (i = 0; i < n; i++)
		sum += thread_ns(pids[i]);
	free(n < 0 ? NULL : pids);
	return sum;
}

/* Of interrupts and of softirqs */
uint64_t uncharged_rounding_ns(void)
{
	return 2 * tick_ns();
}

uint64_t uncharged_background(void)
{
	const struct timespec second = { .tv_sec = 1 };
	uint64_t before = uncharged_ns(), after;

	nanosleep(&second, NULL);
	after = uncharged_ns();
	return after > before ? after - before : 0;
}
