// SPDX-License-Identifier: GPL-2.0
/*
 * What many tasks of 1 ms cost a CPU. All of its user space counts its own
 * instructions: those of the tasks, and of an ordinary task that has what they
 * leave. What is missing of the time, which is counted in instructions, was the kernel's.
 *
 * "busy": each always has work, so that every period ends with its budget.
 * "periodic": each sleeps until the next millisecond, then works for 10 us.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "bench.h"

#define MOST	64
#define LENGTH	(200 * MS)
#define WORK	(10 * US)

struct one {
	uint64_t count;
	char pad[56];
};

static struct one one[MOST];
static volatile bool stop;

static const struct rank rank = { 25 * US, MS, 50 };

/* Three instructions a round, until *@end */
static void count_rounds(uint64_t *count, volatile bool *end)
{
	__asm__ __volatile__("1: incq %0; cmpb $0, %1; je 1b" : "+m"(*count) : "m"(*end) : "cc", "memory");
}

/* Six a round, until the clock is there */
static void count_until(uint64_t *count, uint64_t end)
{
	__asm__ __volatile__("1: incq %0; rdtsc; shl $32, %%rdx; or %%rdx, %%rax; cmp %%rax, %1; ja 1b"
			     : "+m"(*count) : "r"(end) : "rax", "rdx", "cc", "memory");
}

/* Three a round, so many */
static void count_down(uint64_t *count, uint64_t rounds)
{
	__asm__ __volatile__("1: incq %0; dec %1; jnz 1b" : "+m"(*count), "+r"(rounds) : : "cc", "memory");
}

static void *busy_main(void *arg)
{
	count_rounds(&((struct one *)arg)->count, &stop);
	return NULL;
}

static void *periodic_main(void *arg)
{
	struct one *o = arg;
	uint64_t until = now_ns() / MS * MS + (uint64_t)(o - one) * 37 * US;

	while (!stop) {
		struct timespec ts;

		until += MS;
		ts = (struct timespec) { until / (1000 * MS), until % (1000 * MS) };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		count_down(&o->count, WORK / 3);
	}
	return NULL;
}

static void *waits_first(void *arg)
{
	struct one *o = arg;
	uint64_t class = o->count;

	o->count = 0;
	class_set(0, class & 0xff, &rank);
	return class & 0x100 ? busy_main(o) : periodic_main(o);
}

static uint64_t counted(unsigned int n)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < n; i++)
		sum += __atomic_load_n(&one[i].count, __ATOMIC_RELAXED);
	return sum * 3;
}

static uint64_t switches(void)
{
	return file_number("/proc/stat", "ctxt");
}

int many_run(enum class class, bool hrtick, unsigned int n, bool busy)
{
	uint64_t mine = 0, user, times, since, elapsed;
	pthread_t thread[MOST];

	must(n <= MOST, "number of tasks");
	if (hrtick)
		hrtick_set(true);
	for (unsigned int i = 0; i < n; i++) {
		one[i].count = class | busy << 8;
		must(!pthread_create(&thread[i], NULL, waits_first, &one[i]), "thread");
	}
	sleep_ns(20 * MS);
	times = switches();
	since = ticks();
	user = counted(n);
	count_until(&mine, since + LENGTH);
	user = counted(n) - user + mine * 6;
	elapsed = ticks() - since;
	times = switches() - times;
	stop = true;
	for (unsigned int i = 0; i < n; i++)
		must(!pthread_join(thread[i], NULL), "join");
	printf("{\"op\":\"many\",\"class\":\"%s%s\",\"n\":%u,\"kind\":\"%s\",\"elapsed\":%llu,\"user\":%llu,\"switches\":%llu}\n",
	       class_name[class], hrtick ? "+HRTICK" : "", n, busy ? "busy" : "periodic",
	       (unsigned long long)elapsed, (unsigned long long)user, (unsigned long long)times);
	if (hrtick)
		hrtick_set(false);
	return 0;
}
