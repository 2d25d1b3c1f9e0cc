/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers for the tests: repeatable from one seed (splitmix64). */
#ifndef _TESTS_UNIT_RAND_H
#define _TESTS_UNIT_RAND_H

#include <time.h>
#include "shim.h"

struct rnd {
	u64 state;
};

static inline u64 rnd_next(struct rnd *r)
{
	u64 x = r->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* 0 .. n - 1 */
static inline u64 rnd_below(struct rnd *r, u64 n)
{
	return rnd_next(r) % n;
}

static inline bool rnd_one_in(struct rnd *r, u64 n)
{
	return !rnd_below(r, n);
}

/* A number below 2^bits of a random order of magnitude */
static inline u64 rnd_scaled(struct rnd *r, unsigned int bits)
{
	return rnd_next(r) >> (63 - rnd_below(r, bits));
}

/* VBS_SEED=n repeats a run; the seed is printed as a TAP comment */
static inline u64 rnd_seed(const char *what)
{
	const char *env = getenv("VBS_SEED");
	struct timespec ts;
	u64 seed;

	clock_gettime(CLOCK_REALTIME, &ts);
	seed = (u64)ts.tv_sec * 1000000 + (u64)ts.tv_nsec / 1000;
	if (env)
		seed = strtoull(env, NULL, 0);
	printf("# %s: VBS_SEED=%llu\n", what, seed);
	return seed;
}

static inline u64 env_u64(const char *name, u64 value)
{
	const char *env = getenv(name);

	return env ? strtoull(env, NULL, 0) : value;
}

#endif /* _TESTS_UNIT_RAND_H */
