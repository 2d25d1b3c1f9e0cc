// SPDX-License-Identifier: GPL-2.0
/* Threads with a part in an operation, woken through an eventfd */
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "bench.h"

void actor_wait(struct actor *a)
{
	uint64_t count;

	must(read(a->event, &count, sizeof(count)) == sizeof(count), "eventfd");
}

void actor_kick(struct actor *a)
{
	uint64_t one = 1;

	must(write(a->event, &one, sizeof(one)) == sizeof(one), "eventfd");
}

static void *actor_main(void *arg)
{
	struct actor *a = arg;

	a->tid = gettid();
	for (;;) {
		a->waits = true;
		actor_wait(a);
		a->waits = false;
		a->part(a);
	}
	return NULL;
}

void actor_start(struct actor *a)
{
	pthread_t thread;

	a->event = eventfd(0, 0);
	must(a->event >= 0, "eventfd");
	must(!pthread_create(&thread, NULL, actor_main, a), "thread");
	while (!a->waits)
		sleep_ns(MS);
}

void actor_play(struct actor *a, void (*part)(struct actor *a))
{
	a->part = part;
	actor_kick(a);
}
