// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions that a read of each of the kernel's own clocks takes, in a machine
 * where one is a nanosecond: the least of some rounds, so no interrupt is in it.
 * A line each: name, thousandths of an instruction. Needs no timelines.
 */
#include <stdio.h>
#include <time.h>

#define CALLS	1000
#define ROUNDS	20

static const struct clock {
	const char *name;
	clockid_t id;
} clocks[] = {
	{ "CLOCK_REALTIME", CLOCK_REALTIME },
	{ "CLOCK_MONOTONIC", CLOCK_MONOTONIC },
	{ "CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW },
	{ "CLOCK_BOOTTIME", CLOCK_BOOTTIME },
	{ "CLOCK_TAI", CLOCK_TAI },
	{ "CLOCK_REALTIME_COARSE", CLOCK_REALTIME_COARSE },
	{ "CLOCK_MONOTONIC_COARSE", CLOCK_MONOTONIC_COARSE },
	{ "CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID },
	{ "CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID },
};

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static long long calls(clockid_t clock)
{
	long long begin = now_ns();
	struct timespec ts;

	for (int i = 0; i < CALLS; i++)
		clock_gettime(clock, &ts);
	return now_ns() - begin;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		long long best = calls(clocks[i].id);

		for (int round = 1; round < ROUNDS; round++) {
			long long n = calls(clocks[i].id);

			best = n < best ? n : best;
		}
		printf("%s %lld\n", clocks[i].name, best * 1000 / CALLS);
	}
	return 0;
}
