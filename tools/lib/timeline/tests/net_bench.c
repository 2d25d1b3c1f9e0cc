// SPDX-License-Identifier: GPL-2.0
/*
 * The client on simulated networks, beside the rules of others on the same packets: a table of
 * errors and bounds, the same as DIRECTORY/network.json, and a drawing of error against bound
 * for each network with one server.
 *	net_bench DIRECTORY [SEED]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timeline/tests/net_sim.h"
#include "timeline/tests/plot.h"

static void print_scores(const struct sim_spec *spec, const struct sim_score *slopes,
			 const struct sim_score *bank)
{
	printf("%-8s %8d | %7d | %8.2f %8.2f | %8.2f %8.2f %9.2f |", spec->name, bank->readings,
	       bank->outside, slopes->median / 1e3, slopes->p99 / 1e3, bank->median / 1e3,
	       bank->p99 / 1e3, bank->worst / 1e3);
	if (spec->servers == 1)
		printf(" %8.2f %8.2f | %8.2f %8.2f |", bank->regression.median / 1e3,
		       bank->regression.p99 / 1e3, bank->radclock.median / 1e3,
		       bank->radclock.p99 / 1e3);
	else
		printf(" %8s %8s | %8s %8s |", "", "", "", "");
	printf(" %8.1f %8.1f |", bank->width / 1e3, bank->width_p99 / 1e3);
	if (spec->servers == 1)
		printf(" %8.1f %7d |", bank->regression.width / 1e3, bank->regression.beyond);
	else
		printf(" %8s %7s |", "", "");
	printf(" %s\n", spec->what);
	fflush(stdout);
}

static void write_scores(FILE *f, const struct sim_spec *spec, const struct sim_score *slopes,
			 const struct sim_score *bank)
{
	fprintf(f, "  { \"network\": \"%s\", \"readings\": %d, \"outside\": %d, \"wander_ppm\": %g,\n",
		spec->name, bank->readings, bank->outside, spec->wander);
	fprintf(f, "    \"slopes\": { \"median_error_ns\": %.0f, \"p99_error_ns\": %.0f },\n",
		slopes->median, slopes->p99);
	fprintf(f, "    \"bank\": { \"median_error_ns\": %.0f, \"p99_error_ns\": %.0f, \"worst_error_ns\": %.0f, \"median_width_ns\": %.0f, \"p99_width_ns\": %.0f }",
		bank->median, bank->p99, bank->worst, bank->width, bank->width_p99);
	if (spec->servers == 1) {
		fprintf(f, ",\n    \"regression\": { \"median_error_ns\": %.0f, \"p99_error_ns\": %.0f, \"median_width_ns\": %.0f, \"beyond_claim\": %d },\n",
			bank->regression.median, bank->regression.p99, bank->regression.width,
			bank->regression.beyond);
		fprintf(f, "    \"radclock\": { \"median_error_ns\": %.0f, \"p99_error_ns\": %.0f }",
			bank->radclock.median, bank->radclock.p99);
	}
	fprintf(f, " }%s\n", spec == &sim_specs[sim_specs_n - 1] ? "" : ",");
}

static bool draw(const char *directory, const struct sim_spec *spec,
		 const struct sim_drawing *drawing)
{
	char file[64];

	if (spec->servers != 1)
		return true;
	snprintf(file, sizeof(file), "network-%s", spec->name);
	return plot_scores(directory, &(struct plot){ file, spec->name, spec->what,
						      spec->hours * 3600, &drawing->ours,
						      &drawing->regression, "a regression" });
}

static bool bench(const struct sim_spec *spec, uint64_t seed, const char *directory, FILE *json,
		  int *outside)
{
	struct sim_drawing drawing = { 0 };
	struct sim_score slopes, bank;
	bool ok = sim_run(spec, seed, false, &slopes, NULL) &&
		  sim_run(spec, seed, true, &bank, &drawing);

	if (!ok)
		return false;
	drawing.ours.median_width = bank.width;
	print_scores(spec, &slopes, &bank);
	write_scores(json, spec, &slopes, &bank);
	*outside += bank.outside + slopes.outside;
	ok = draw(directory, spec, &drawing);
	free(drawing.ours.reading);
	free(drawing.regression.reading);
	return ok;
}

static void print_header(void)
{
	static const char form[] = "%-8s %8s | %7s | %8s %8s | %8s %8s %9s | %8s %8s | %8s %8s | %8s %8s | %8s %7s |\n";

	printf("Readings just before the next update. Times in us.\n\n");
	printf(form, "", "", "", "slopes", "", "bank", "", "", "regress.", "", "radclock", "",
	       "bound", "", "regress.", "");
	printf(form, "NETWORK", "READINGS", "OUTSIDE", "|ERROR|", "99 %", "|ERROR|", "99 %",
	       "WORST", "|ERROR|", "99 %", "|ERROR|", "99 %", "WIDTH", "99 %", "CLAIM", "BEYOND");
}

static int bench_all(const char *directory, uint64_t seed)
{
	int i, outside = 0;
	char path[4096];
	bool ok = true;
	FILE *json;

	snprintf(path, sizeof(path), "%s/network.json", directory);
	json = fopen(path, "w");
	if (!json) {
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
		return 1;
	}
	fprintf(json, "{ \"format\": 1, \"seed\": %llu, \"networks\": [\n",
		(unsigned long long)seed);
	print_header();
	for (i = 0; i < sim_specs_n; i++)
		ok &= bench(&sim_specs[i], seed, directory, json, &outside);
	fputs("] }\n", json);
	ok &= !fclose(json);
	printf("\nregress.: a weighted regression whose memory is cut by a test of runs, as chronyd's, and the\n"
	       "maximum error that it would state; radclock: the rules of 2009. Readings outside of their\n"
	       "bound: %d. Drawings: %s/network-*.svg\n", outside, directory);
	return !ok || outside;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: net_bench DIRECTORY [SEED]\n");
		return 2;
	}
	return bench_all(argv[1], argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
}
