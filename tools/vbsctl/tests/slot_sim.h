/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A server in slots of one unit, by the rules of the class alone, for searches of all that can
 * happen to messages.
 */
#ifndef VBSCTL_TESTS_SLOT_SIM_H
#define VBSCTL_TESTS_SLOT_SIM_H

#include <stdbool.h>
#include <stdio.h>

#include "base/tests/unit.h"

#include "analyze/channel.h"

#define TIME_MAX	200
#define TAU_MAX		9	/* since the release, blocked: until it makes no difference */
#define USED_MAX	4
#define SIMS	((TAU_MAX + 1) * (USED_MAX + 1))

/* tau is the time since the release */
struct sim {
	int tau, used;
};

struct tally {
	int cases, reached, beyond_published;
};

/* Of a state that is number @n but for @s */
static inline size_t sim_number(size_t n, const struct sim *s)
{
	return (n * (TAU_MAX + 1) + s->tau) * (USED_MAX + 1) + s->used;
}

/* The first member becomes runnable: y = release + used period/budget */
static inline void wake(struct sim *s, const struct resource *res)
{
	if (s->tau * (int)res->runtime >= s->used * (int)res->period)
		*s = (struct sim){ 0, 0 };
}

/* Who is exhausted has its next release at the deadline */
static inline void release(struct sim *s, const struct resource *res)
{
	if (s->used == (int)res->runtime && s->tau == (int)res->period)
		*s = (struct sim){ 0, 0 };
}

static inline bool must_run(const struct sim *s, const struct resource *res)
{
	int left = res->runtime - s->used;

	return left && (int)res->period - s->tau <= left;
}

static inline bool may_run(const struct sim *s, const struct resource *res)
{
	return s->used < (int)res->runtime;
}

static inline bool allowed(bool wants, bool runs, const struct sim *s, const struct resource *res)
{
	bool can = wants && may_run(s, res);

	return runs ? can : !(can && must_run(s, res));
}

/* Whether a server that always has work can be there */
static inline bool possible(const struct resource *res, int tau, int used)
{
	return used <= tau && used <= (int)res->runtime &&
	       (int)res->runtime - used <= (int)res->period - tau;
}

/* Fails if fewer than @percent reach the bound: it would be coarse */
static inline void at_least(const char *what, int part, int whole, int percent)
{
	printf("# %s: %d of %d\n", what, part, whole);
	assert_true(part * 100 >= whole * percent);
}

#endif
