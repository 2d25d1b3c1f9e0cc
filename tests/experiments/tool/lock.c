// SPDX-License-Identifier: GPL-2.0
/*
 * Two vCPUs and a spinlock without queue: how long each waits for it.  It waits in
 * vain while the holder's vCPU does not run.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include "tool.h"

#define VCPUS	2

static volatile int held, go;
static uint64_t hold, rest, length;

static struct worker {
	pthread_t thread;
	int cpu;
	struct spread wait;
} worker[VCPUS];

static void spin(uint64_t ns)
{
	for (uint64_t end = now_ns() + ns; now_ns() < end;)
		;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	uint64_t end, since;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(w->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fatal("guest CPU %d: %s", w->cpu, strerror(errno));
	be_fifo(50);
	__sync_fetch_and_add(&go, 1);
	while (go < VCPUS)
		;
	for (end = now_ns() + length; now_ns() < end;) {
		since = now_ns();
		while (__sync_lock_test_and_set(&held, 1))
			__builtin_ia32_pause();
		spread_add(&w->wait, now_ns() - since);
		spin(hold);
		__sync_lock_release(&held);
		spin(rest);
	}
	return NULL;
}

int lock(int argc, char **argv)
{
	static struct spread all;

	(void)argc;
	hold = number(argv[0]) * US;
	rest = number(argv[1]) * US;
	length = number(argv[2]) * SEC;
	for (int i = 0; i < VCPUS; i++) {
		worker[i].cpu = i;
		if (pthread_create(&worker[i].thread, NULL, work, &worker[i]))
			fatal("a thread");
	}
	for (int i = 0; i < VCPUS; i++) {
		struct spread *w = &worker[i].wait;

		pthread_join(worker[i].thread, NULL);
		all.n += w->n;
		all.sum += w->sum;
		all.worst = w->worst > all.worst ? w->worst : all.worst;
		for (unsigned int k = 0; k < ARRAY_SIZE(all.bin); k++)
			all.bin[k] += w->bin[k];
	}
	spread_print(&all);
	return 0;
}
