/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of CPUs, as lists such as 0-2,5. */
#ifndef LIB_BASE_CPUMASK_H
#define LIB_BASE_CPUMASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUMASK_BITS	8192	/* the most that the kernel supports */

struct cpumask {
	uint64_t word[CPUMASK_BITS / 64];
};

const char *parse_cpus(const char *text, struct cpumask *mask);
void fmt_cpus(const struct cpumask *mask, char *buf, size_t size);
int cpumask_weight(const struct cpumask *mask);

static inline bool cpumask_test(const struct cpumask *mask, int cpu)
{
	return cpu >= 0 && cpu < CPUMASK_BITS && (mask->word[cpu / 64] >> (cpu % 64) & 1);
}

static inline void cpumask_set(struct cpumask *mask, int cpu)
{
	mask->word[cpu / 64] |= 1ULL << (cpu % 64);
}

#endif
