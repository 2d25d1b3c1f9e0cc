/* SPDX-License-Identifier: GPL-2.0 */
/* How far two clocks are apart, at one instant of the counter. */
#ifndef LIB_TIMELINE_COMPARE_H
#define LIB_TIMELINE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/timeline.h>

/* A clock around two values of the counter: at 'before' or later, and at 'after' or earlier, it showed ns */
struct shown {
	uint64_t before, after;
	int64_t ns;
	uint64_t low, high;	/* its bound, TIMELINE_UNBOUNDED: none */
};

/* a - b at one instant: in [ns - read, ns + read], however good the clocks are */
struct apart {
	int64_t ns;
	uint64_t read;
	uint64_t counter;
};

/*
 * @a: a reading of a timeline, with its parameters as they were before and after it
 * @b: the other clock, read close to it
 * @first, @last: what TIMELINE_GET said
 */
void compare(const struct timeline_time *a, const struct timeline_get *first,
	     const struct timeline_get *last, const struct shown *b, struct apart *apart);

/* Whether both bounds can hold: the truth is in both, if two clocks of one scale are apart by that */
bool compare_agree(const struct apart *apart, uint64_t a_low, uint64_t a_high, uint64_t b_low,
		   uint64_t b_high);

#endif
