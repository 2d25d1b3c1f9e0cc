// SPDX-License-Identifier: GPL-2.0
/*
 * The feed-forward clock beside a PI clock on generated traces: a table, the same
 * as DIRECTORY/timeline.json, and a drawing of error against bound for each trace.
 *	bench DIRECTORY [SEED]
 * Or one of the traces as text, to be replayed:
 *	bench_timeline --trace NAME [SEED]
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timeline/tests/plot.h"
#include "timeline/tests/score.h"

static void print_header(void)
{
	printf("Readings at the end of each interval, just before the next update. Times in ns.\n\n");
	printf("%-12s %8s | %9s %9s %9s %10s %9s | %9s %9s %9s %10s %9s\n", "", "", "feed-", "forward",
	       "", "", "", "PI", "", "", "", "");
	printf("%-12s %8s | %9s %9s %9s %10s %9s | %9s %9s %9s %10s %9s\n", "TRACE", "READINGS",
	       "INSIDE %", "|ERROR|", "99 %", "WORST", "WIDTH", "INSIDE %", "|ERROR|", "99 %", "WORST",
	       "WIDTH");
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
	printf(" | %9.3f %9.0f %9.0f %10.0f %9.0f", inside(s), s->median_error, s->p99_error,
	       s->worst_error, s->median_width);
}

static void write_score(FILE *f, const char *name, const struct score *s)
{
	fprintf(f, "\"%s\": { \"inside_percent\": %.4f, \"median_error_ns\": %.0f, ", name,
		inside(s), s->median_error);
	fprintf(f, "\"p99_error_ns\": %.0f, \"worst_error_ns\": %.0f, \"median_width_ns\": %.0f, \"worst_width_ns\": %.0f }",
		s->p99_error, s->worst_error, s->median_width, s->worst_width);
}

static void write_scores(FILE *f, const struct trace_spec *spec, const struct scores *scores,
			 bool last)
{
	fprintf(f, "  { \"trace\": \"%s\", \"wander_ppm\": %g, \"readings\": %d,\n    ", spec->name,
		spec->wander, scores->feed_forward.readings);
	write_score(f, "feed_forward", &scores->feed_forward);
	fputs(",\n    ", f);
	write_score(f, "pi", &scores->pi);
	fprintf(f, " }%s\n", last ? "" : ",");
}

static bool draw(const char *directory, const struct trace_spec *spec,
		 const struct scores *scores)
{
	char file[64];

	snprintf(file, sizeof(file), "timeline-%s", spec->name);
	return plot_scores(directory, &(struct plot){ file, spec->name, spec->what, spec->duration,
						      &scores->feed_forward, &scores->pi,
						      "the PI clock" });
}

static bool bench(const struct trace_spec *spec, uint64_t seed, const char *directory,
		  FILE *json, int *outside)
{
	struct scores scores;
	bool ok = score_trace(spec, seed, &scores);

	printf("%-12s %8d", spec->name, scores.feed_forward.readings);
	print_score(&scores.feed_forward);
	print_score(&scores.pi);
	putchar('\n');
	fflush(stdout);
	*outside += scores.feed_forward.outside;
	write_scores(json, spec, &scores, spec == &trace_specs[trace_specs_n - 1]);
	ok = ok && draw(directory, spec, &scores);
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

static int bench_all(const char *directory, uint64_t seed)
{
	char path[4096];
	int i, outside = 0;
	bool ok = true;
	FILE *json;

	snprintf(path, sizeof(path), "%s/timeline.json", directory);
	json = fopen(path, "w");
	if (!json) {
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
		return 1;
	}
	fprintf(json, "{ \"format\": 1, \"seed\": %llu, \"traces\": [\n", (unsigned long long)seed);
	print_header();
	for (i = 0; i < trace_specs_n; i++)
		ok &= bench(&trace_specs[i], seed, directory, json, &outside);
	fputs("] }\n", json);
	ok &= !fclose(json);
	print_traces();
	printf("\nFeed-forward readings outside of their bound: %d. Drawings: %s/timeline-*.svg\n",
	       outside, directory);
	return !ok || outside;
}

static int write_trace(const char *name, uint64_t seed)
{
	struct trace_source src;
	struct trace_line line;
	int i;

	for (i = 0; i < trace_specs_n; i++) {
		if (strcmp(trace_specs[i].name, name))
			continue;
		trace_start(&src, &trace_specs[i], seed);
		trace_write_header(stdout, TRACE_HZ);
		printf("# %s: %s; wander %g ppm\n", name, trace_specs[i].what,
		       trace_specs[i].wander);
		while (trace_next(&src, &line)) {
			if (src.was_set)
				puts("# set: the truth is another one from here on");
			line.has_truth = !src.was_set;
			trace_write_line(stdout, &line);
		}
		return 0;
	}
	fprintf(stderr, "there is no trace '%s'\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	bool trace = argc > 2 && !strcmp(argv[1], "--trace");
	uint64_t seed = argc > 2 + trace ? strtoull(argv[2 + trace], NULL, 10) : 1;

	if (argc < 2) {
		fprintf(stderr, "usage: bench DIRECTORY [SEED] | --trace NAME [SEED]\n");
		return 2;
	}
	return trace ? write_trace(argv[2], seed) : bench_all(argv[1], seed);
}
