// SPDX-License-Identifier: GPL-2.0
/* Sets of CPUs. */
#include <stdio.h>
#include <string.h>

#include "base/cpumask.h"

static const char *take_cpu(const char **s, int *cpu)
{
	if (**s < '0' || **s > '9')
		return "a CPU list looks like 0-2,5";
	for (*cpu = 0; **s >= '0' && **s <= '9'; (*s)++) {
		*cpu = *cpu * 10 + **s - '0';
		if (*cpu >= CPUMASK_BITS)
			return "there is no CPU with so high a number";
	}
	return NULL;
}

static const char *take_range(const char **s, struct cpumask *mask)
{
	const char *why;
	int first, last;

	why = take_cpu(s, &first);
	if (why)
		return why;
	last = first;
	if (**s == '-') {
		(*s)++;
		why = take_cpu(s, &last);
	}
	if (!why && last < first)
		why = "a range of CPUs runs upwards";
	for (; !why && first <= last; first++)
		cpumask_set(mask, first);
	return why;
}

const char *parse_cpus(const char *text, struct cpumask *mask)
{
	const char *why;

	memset(mask, 0, sizeof(*mask));
	for (;;) {
		why = take_range(&text, mask);
		if (why)
			return why;
		if (!*text)
			return NULL;
		if (*text++ != ',')
			return "a CPU list looks like 0-2,5";
	}
}

static int range_end(const struct cpumask *mask, int cpu)
{
	while (cpumask_test(mask, cpu + 1))
		cpu++;
	return cpu;
}

void fmt_cpus(const struct cpumask *mask, char *buf, size_t size)
{
	size_t used = 0;
	int cpu, end;

	buf[0] = 0;
	for (cpu = 0; cpu < CPUMASK_BITS && used < size; cpu = end + 1) {
		end = cpu;
		if (!cpumask_test(mask, cpu))
			continue;
		end = range_end(mask, cpu);
		used += snprintf(buf + used, size - used, end > cpu ? "%s%d-%d" : "%s%d",
				 used ? "," : "", cpu, end);
	}
}

int cpumask_weight(const struct cpumask *mask)
{
	int i, n = 0;

	for (i = 0; i < CPUMASK_BITS / 64; i++)
		n += __builtin_popcountll(mask->word[i]);
	return n;
}
