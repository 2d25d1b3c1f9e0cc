/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's stamps of packets, which are CLOCK_REALTIME, as values of the counter. */
#ifndef LIB_TIMELINE_STAMP_H
#define LIB_TIMELINE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/* CLOCK_REALTIME read between two counter values, of which the second counts one more */
struct stamp_pair {
	uint64_t before;
	uint64_t after;
	int64_t ns;
};

struct stamp_range {
	uint64_t low;
	uint64_t high;
};

/*
 * The counter at stamp @ns between pairs @a and @b, of a counter of nominally @hz.
 * *range is what is known without it, and becomes narrower; false, with *range as it
 * was, if the stamp cannot be: then the clock was set in between.
 */
bool stamp_convert(const struct stamp_pair *a, const struct stamp_pair *b, uint64_t hz,
		   int64_t ns, struct stamp_range *range);

#endif
