// SPDX-License-Identifier: GPL-2.0
/*
 * The longest time that an ordinary task has to wait for the CPU, in ns.
 *	longest_wait MILLISECONDS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	int64_t t, last = now(), end, longest = 0;

	if (argc != 2)
		return 2;
	end = last + atoll(argv[1]) * 1000000;
	do {
		t = now();
		if (t - last > longest)
			longest = t - last;
		last = t;
	} while (t < end);
	printf("%" PRId64 "\n", longest);
	return 0;
}
