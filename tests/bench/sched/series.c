// SPDX-License-Identifier: GPL-2.0
/* What was measured of one operation, less what reading the clock takes */
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "mark.h"

static uint64_t clock_cost = UINT64_MAX;

void series_init(void)
{
	for (int i = 0; i < REPS; i++) {
		uint64_t a = ticks(), b = ticks();

		if (b - a < clock_cost)
			clock_cost = b - a;
	}
}

/* What follows is printed as one more of them. Return: its number for the profile */
unsigned int next_situation(void)
{
	static unsigned int next;
	const char *first = getenv("SITUATION");

	mark(MARK_NEXT);
	return (first ? strtoul(first, NULL, 10) : 0) + next++;
}

void series_add(struct series *s, uint64_t since, uint64_t until)
{
	if (until < since)
		fatal("%s: ended before it began", s->name);
	if (s->n < ARRAY_SIZE(s->value))
		s->value[s->n++] = until - since - clock_cost;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void series_print(struct series *s, const char *where)
{
	const uint32_t *v = s->value;
	uint32_t n = s->n, want = s->few ? 1 : REPS;

	if (!n)
		return;
	if (n < want)
		fatal("%s, %s: %u repetitions, want %u", where, s->name, n, want);
	qsort(s->value, n, sizeof(*v), by_value);
	printf("{%s,\"op\":\"%s\",\"reps\":%u,\"min\":%u,\"p10\":%u,\"median\":%u,\"p90\":%u,\"max\":%u}\n",
	       where, s->name, n, v[0], v[n / 10], v[n / 2], v[n - 1 - n / 10],
	       v[n - 1]);
	fflush(stdout);
	s->n = 0;
}
