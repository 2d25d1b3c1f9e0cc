// SPDX-License-Identifier: GPL-2.0
/*
 * On the host: how far apart two guests were that acted at the same instants of a timeline, or
 * of clocks that they take for the same, and how late each was: by the host's
 * timeline, from what "act" has said in the guests.
 */
#include <errno.h>
#include <string.h>
#include "clock.h"

#define ACTS	10000

static struct acts {
	unsigned int n;
	int64_t at[ACTS];
} side[2];

static uint64_t bound;

static void acts_of(struct acts *a, const struct versions *v, const char *dir, const char *path)
{
	struct counter c = counter_of(dir);
	unsigned long long counter;
	struct timeline_time h;
	char line[4096];
	FILE *f = fopen(path, "r");

	if (!f)
		fatal("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "at=%llu", &counter) != 1 || a->n == ACTS)
			continue;
		h = version_reads(v, host_counter(&c, counter));
		a->at[a->n++] = ns_of(&h);
		if (h.err_low_ns + h.err_high_ns > bound)
			bound = h.err_low_ns + h.err_high_ns;
	}
	fclose(f);
}

/* Of the multiple that is next to it */
static int64_t late(int64_t at, int64_t period)
{
	int64_t after = at % period;

	return after > period / 2 ? after - period : after;
}

int clock_apart(int argc, char **argv)
{
	int64_t period = number(argv[0]) * MS, diff;
	struct versions v = versions_of(argv[1]);
	uint64_t n = 0, worst = 0, sum = 0;
	int64_t latest = 0, earliest = 0;
	unsigned int k = 0;

	(void)argc;
	acts_of(&side[0], &v, argv[2], argv[3]);
	acts_of(&side[1], &v, argv[4], argv[5]);
	for (unsigned int i = 0; i < side[0].n; i++) {
		while (k < side[1].n && side[1].at[k] < side[0].at[i] - period / 2)
			k++;
		if (k == side[1].n || side[1].at[k] > side[0].at[i] + period / 2)
			continue;
		diff = side[0].at[i] - side[1].at[k];
		diff = diff < 0 ? -diff : diff;
		sum += diff;
		worst = (uint64_t)diff > worst ? (uint64_t)diff : worst;
		for (int s = 0; s < 2; s++) {
			int64_t l = late(side[s].at[s ? k : i], period);

			latest = l > latest ? l : latest;
			earliest = l < earliest ? l : earliest;
		}
		n++;
	}
	printf("pairs=%ju avg=%ju max=%ju latest=%jd earliest=%jd bound=%ju\n", (uintmax_t)n,
	       (uintmax_t)(n ? sum / n : 0), (uintmax_t)worst, (intmax_t)latest,
	       (intmax_t)earliest, (uintmax_t)bound);
	return 0;
}
