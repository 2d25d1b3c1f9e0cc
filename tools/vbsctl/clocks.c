// SPDX-License-Identifier: GPL-2.0
/* Clocks, chance and busy waiting of a measurement. */
#include "clocks.h"

static uint64_t read_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

uint64_t now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

uint64_t cpu_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

struct timespec at_ns(uint64_t ns)
{
	return (struct timespec){ ns / 1000000000, ns % 1000000000 };
}

/* xorshift64: the same sequence for the same seed, so that a run can be repeated */
uint64_t random_below(uint64_t *seed, uint64_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return below ? *seed % below : 0;
}

/* Some 500 instructions, which cost an emulator less than a loop */
void work_some(void)
{
	__asm__ volatile(".rept 500\n\tnop\n\t.endr");
}

void spin_until(uint64_t end)
{
	while (now_ns() < end)
		work_some();
}

void sleep_until(uint64_t end)
{
	const struct timespec ts = at_ns(end);

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}
