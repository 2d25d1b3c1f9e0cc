// SPDX-License-Identifier: GPL-2.0
/*
 * flip COUNT RES0 RES1: a task in a server works for a while and switches the server to the other
 * resource, again and again. RES is runtime:period in us; RES0 is in force at the start.
 *
 * Writes one line per switch: the new runtime and period, and CLOCK_MONOTONIC before the system
 * call and when it has returned, that is, when the task executes under the new resource; all in ns.
 */
#include <linux/sched/vbs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define US		1000ULL
#define WORK_LEAST	(100 * US)
#define WORK_MOST	(4000 * US)

struct resource {
	__u64 runtime;
	__u64 period;
};

struct record {
	const struct resource *res;
	__u64 before;
	__u64 after;
};

static __u64 now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Executes for that long, whatever the time on the wall. */
static void work(__u64 ns)
{
	__u64 end = now_ns(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		for (volatile int i = 0; i < 2000; i++)
			;
}

static int switch_to(const struct resource *res)
{
	struct vbs_sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_VBS,
		.sched_runtime = res->runtime,
		.sched_period = res->period,
	};

	return syscall(SYS_sched_setattr, 0, &attr, 0);
}

static int flip(struct record *record, const struct resource *res)
{
	record->res = res;
	record->before = now_ns(CLOCK_MONOTONIC);
	if (switch_to(res)) {
		perror("flip: switch");
		return -1;
	}
	record->after = now_ns(CLOCK_MONOTONIC);
	return 0;
}

static int parse(struct resource *res, const char *text)
{
	if (sscanf(text, "%llu:%llu", &res->runtime, &res->period) != 2)
		return -1;
	res->runtime *= US;
	res->period *= US;
	return 0;
}

static void print(const struct record *record, int count)
{
	for (int i = 0; i < count; i++)
		printf("%llu %llu %llu %llu\n", record[i].res->runtime, record[i].res->period,
		       record[i].before, record[i].after);
}

int main(int argc, char *argv[])
{
	int count = argc == 4 ? atoi(argv[1]) : 0;
	struct record *records = calloc(count, sizeof(*records));
	struct resource res[2];

	if (count <= 0 || !records || parse(&res[0], argv[2]) || parse(&res[1], argv[3])) {
		fprintf(stderr, "usage: flip COUNT RUNTIME:PERIOD RUNTIME:PERIOD (us)\n");
		return 2;
	}
	srandom(1);
	for (int i = 0; i < count; i++) {
		work(WORK_LEAST + random() % (WORK_MOST - WORK_LEAST));
		if (flip(&records[i], &res[(i + 1) % 2]))
			return 1;
	}
	print(records, count);
	return 0;
}
