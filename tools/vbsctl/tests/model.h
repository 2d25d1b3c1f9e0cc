/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A server with its members in slots of one unit, simulated by the rules of
 * the class: activation and zero-lag point, exhaustion, release at the
 * deadline, FIFO with a slice.  The rest of the CPU is an adversary that may
 * keep the server waiting as long as its budget still fits before its deadline.
 */
#ifndef VBSCTL_TESTS_MODEL_H
#define VBSCTL_TESTS_MODEL_H

#include "analyze/bounds.h"

enum adversary { EAGER, LAZY, RANDOM, EAGER_THEN_LAZY, ADVERSARIES };

struct scenario {
	const struct load *load;
	const struct supply *supply;
	uint64_t slice;
	enum adversary adversary;
	bool jitter;		/* arrivals more than a period apart, at random */
	uint32_t seed;
	int length;
};

/* The longest response of each task */
void model_run(const struct scenario *sc, int *worst);

/* The same with all tasks released at 0 and at every period, worst supply */
void model_critical(const struct load *load, const struct supply *s, uint64_t slice,
		    int length, int *worst);

uint32_t model_random(uint32_t *seed, uint32_t below);

#endif
