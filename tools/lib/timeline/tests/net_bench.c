// SPDX-License-Identifier: GPL-2.0
/*
 * The client on simulated networks: a table of errors and bounds, the bank of filters
 * beside the mean of slopes.
 *	net_bench [SEED]
 */
#include <stdio.h>
#include <stdlib.h>

#include "timeline/tests/net_sim.h"

static bool bench(const struct sim_spec *spec, uint64_t seed, int *outside)
{
	struct sim_score slopes, bank;
	bool ok = sim_run(spec, seed, false, &slopes) && sim_run(spec, seed, true, &bank);

	if (!ok)
		return false;
	printf("%-8s %8d | %7d | %9.2f %9.2f | %9.2f %9.2f %9.2f | %9.1f %9.1f | %s\n", spec->name,
	       bank.readings, bank.outside, slopes.median / 1e3, slopes.p99 / 1e3,
	       bank.median / 1e3, bank.p99 / 1e3, bank.worst / 1e3, bank.width / 1e3,
	       bank.width_p99 / 1e3, spec->what);
	*outside += bank.outside + slopes.outside;
	return true;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	int i, outside = 0;
	bool ok = true;

	printf("Readings just before the next update. Times in us.\n\n");
	printf("%-8s %8s | %7s | %9s %9s | %9s %9s %9s | %9s %9s |\n", "", "", "", "slopes", "",
	       "bank", "", "", "bound", "");
	printf("%-8s %8s | %7s | %9s %9s | %9s %9s %9s | %9s %9s |\n", "NETWORK", "READINGS",
	       "OUTSIDE", "|ERROR|", "99 %", "|ERROR|", "99 %", "WORST", "WIDTH", "99 %");
	for (i = 0; i < sim_specs_n; i++)
		ok &= bench(&sim_specs[i], seed, &outside);
	printf("\nReadings outside of their bound: %d\n", outside);
	return !ok || outside;
}
