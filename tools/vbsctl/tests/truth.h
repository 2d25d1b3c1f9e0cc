/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A truth that is a function of the counter: T(c) = t0 + p (c - c0), where p changes after
 * each piece of a script, over and over; in exact integers, so that whoever knows the
 * script knows the truth. The counter is CLOCK_MONOTONIC_RAW.
 */
#ifndef VBSCTL_TESTS_TRUTH_H
#define VBSCTL_TESTS_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#define TRUTH_PIECES	16

struct truth {
	uint64_t c0;
	int64_t t0;		/* ns since 1970 */
	struct truth_piece {
		uint64_t period;	/* 2^-48 ns per tick of a ns */
		uint64_t ticks;
	} piece[TRUTH_PIECES];
	int pieces;
	int64_t leaps_at;	/* ns since 1970; then it is a second less than the script has it; 0: never */
};

/* One whose rate is that of the counter */
void truth_begin(struct truth *t);

/* "C0,T0"; "PPM:SECONDS[,...]"; false if it is none */
bool truth_take_start(struct truth *t, const char *text);
bool truth_take_rates(struct truth *t, const char *text);

/* ns since 1970, rounded down */
int64_t truth_at(const struct truth *t, uint64_t counter);

#endif
