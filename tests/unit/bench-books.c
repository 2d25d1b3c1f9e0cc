// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of admission, by the number of CPUs and of servers on each: a CPU is found for a
 * cap, the cap is booked there, and another one freed. In ticks of the counter, which are
 * instructions in a machine where one takes a nanosecond (tests/vm/run --icount).
 *
 * Loads: "spread": as the books place them, the CPUs are nearly equally full; "random":
 * each CPU is as full as it happens to be; "full": nobody has as much as is asked for, and
 * all are in the bucket that might have.
 */
#include CORE_H
#include "rand.h"

#define STEPS		4000
#define CAPACITY	(VBS_BW_UNIT / 10 * 9)

static struct cpumask masks[VBS_BUCKETS], all;
static struct vbs_adm_cpu cpus[NR_CPUS];
static struct vbs_admission adm;
static u32 sample[STEPS];

enum load { SPREAD, RANDOM, FULL, LOADS };

static const char *const load_name[] = { "spread", "random", "full" };

static u64 ticks(void)
{
	u32 low, high;

	__asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high) :: "memory");
	return (u64)high << 32 | low;
}

static u32 best_for(u32 cap, int *cpu)
{
	u32 spare;

	*cpu = vbs_adm_best(&adm, &all, cap, &spare);
	return spare;
}

static void start(int nr)
{
	memset(masks, 0, sizeof(masks));
	memset(cpus, 0, sizeof(cpus));
	cpumask_clear(&all);
	adm = (struct vbs_admission){ .cpu = cpus, .mask = masks };
	for (int cpu = 0; cpu < nr; cpu++) {
		cpumask_set_cpu((unsigned int)cpu, &all);
		vbs_adm_set_capacity(&adm, cpu, CAPACITY);
		vbs_adm_set_online(&adm, cpu, true);
	}
}

/* @servers on each CPU take half of it */
static void fill(int nr, enum load load, u32 cap, unsigned int servers, struct rnd *r)
{
	for (int i = 0; i < nr; i++)
		for (unsigned int s = 0; s < servers; s++) {
			int cpu = i;

			if (load == SPREAD)
				best_for(cap, &cpu);
			else if (load == RANDOM)
				cpu = (int)rnd_below(r, (u64)nr);
			if (vbs_adm_fits(&adm, cpu, cap))
				vbs_adm_book(&adm, cpu, cap);
		}
}

static void step(int nr, enum load load, u32 cap, struct rnd *r, u32 *taken)
{
	u32 want = load == FULL ? CAPACITY - CAPACITY / 2 + VBS_BUCKETS : cap;
	int old = (int)rnd_below(r, (u64)nr), cpu;
	u64 t = ticks();

	if (best_for(want, &cpu) >= want) {
		vbs_adm_book(&adm, cpu, want);
		if (cpus[old].booked >= want)
			vbs_adm_free(&adm, old, want);
	}
	*taken = (u32)(ticks() - t);
}

static int by_value(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

static void measure(int nr, enum load load, unsigned int servers)
{
	u32 cap = CAPACITY / 2 / servers;
	struct rnd r = { 1 };

	start(nr);
	fill(nr, load, cap, servers, &r);
	for (int i = 0; i < STEPS; i++)
		step(nr, load, cap, &r, &sample[i]);
	qsort(sample, STEPS, sizeof(*sample), by_value);
	printf("{\"op\":\"books\",\"load\":\"%s\",\"cpus\":%d,\"servers\":%u,\"median\":%u,\"max\":%u}\n",
	       load_name[load], nr, servers, sample[STEPS / 2], sample[STEPS - 1]);
}

int main(void)
{
	static const int sizes[] = { 1, 16, 64, 256, 1000 };
	static const unsigned int servers[] = { 1, 100, 1000 };

	for (int load = 0; load < LOADS; load++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			for (size_t k = 0; k < ARRAY_SIZE(servers); k++)
				measure(sizes[i], load, servers[k]);
	return 0;
}
