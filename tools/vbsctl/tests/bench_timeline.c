// SPDX-License-Identifier: GPL-2.0
/*
 * The feed-forward clock beside a PI clock on generated traces: a table, and a
 * drawing of error against bound for each trace.
 *	bench_timeline DIRECTORY [SEED]
 */
#include <stdlib.h>

#include "plot.h"
#include "score.h"

static void print_header(void)
{
	printf("Readings at the end of each interval, just before the next update. Times in ns.\n\n");
	printf("%-12s %8s | %9s %9s %10s %9s | %9s %9s %10s %9s\n", "", "", "feed-", "forward", "",
	       "", "PI", "", "", "");
	printf("%-12s %8s | %9s %9s %10s %9s | %9s %9s %10s %9s\n", "TRACE", "READINGS", "INSIDE %",
	       "|ERROR|", "WORST", "WIDTH", "INSIDE %", "|ERROR|", "WORST", "WIDTH");
}

static double inside(const struct score *s)
{
	int i, n = 0;

	for (i = 0; i < s->readings; i++)
		n += s->reading[i].inside;
	return s->readings ? 100.0 * n / s->readings : 100;
}

static void print_score(const struct score *s)
{
	printf(" | %9.3f %9.0f %10.0f %9.0f", inside(s), s->median_error, s->worst_error,
	       s->median_width);
}

static bool bench(const struct trace_spec *spec, uint64_t seed, const char *directory,
		  int *outside)
{
	struct scores scores;
	bool ok = score_trace(spec, seed, &scores);

	printf("%-12s %8d", spec->name, scores.feed_forward.readings);
	print_score(&scores.feed_forward);
	print_score(&scores.pi);
	putchar('\n');
	fflush(stdout);
	*outside += scores.feed_forward.outside;
	ok = ok && plot_scores(directory, spec, &scores);
	score_free(&scores);
	return ok;
}

static void print_traces(void)
{
	int i;

	printf("\n|ERROR| and WIDTH (of the bound, both sides together) are medians. A PI clock has no bound;\n"
	       "its columns show what it could claim: the last offset, half the read gap, the reference's\n"
	       "bound, growing by its correction and by the stated wander.\n\n");
	for (i = 0; i < trace_specs_n; i++)
		printf("%-12s %s; wander stated: %g ppm\n", trace_specs[i].name,
		       trace_specs[i].what, trace_specs[i].wander);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	int i, outside = 0;
	bool ok = true;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_timeline DIRECTORY [SEED]\n");
		return 2;
	}
	print_header();
	for (i = 0; i < trace_specs_n; i++)
		ok &= bench(&trace_specs[i], seed, argv[1], &outside);
	print_traces();
	printf("\nFeed-forward readings outside of their bound: %d. Drawings: %s/timeline-*.svg\n",
	       outside, argv[1]);
	return !ok || outside;
}
