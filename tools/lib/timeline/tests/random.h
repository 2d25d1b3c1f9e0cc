/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers that are the same in each run: xorshift64*. */
#ifndef LIB_TIMELINE_TESTS_RANDOM_H
#define LIB_TIMELINE_TESTS_RANDOM_H

#include <stdint.h>

static inline uint64_t random_bits(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* In [low, high] */
static inline int64_t random_between(uint64_t *state, int64_t low, int64_t high)
{
	return low + (int64_t)(random_bits(state) % ((uint64_t)(high - low) + 1));
}

/* In [0, 1) */
static inline double random_unit(uint64_t *state)
{
	return (random_bits(state) >> 11) * 0x1p-53;
}

/* Up to @most, small ones as likely as large ones */
static inline uint64_t random_scaled(uint64_t *state, uint64_t most)
{
	uint64_t mask = ~0ULL >> random_between(state, 0, 63);
	uint64_t v = random_bits(state) & mask;

	return v > most ? v % (most + 1) : v;
}

#endif
