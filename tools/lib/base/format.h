/* SPDX-License-Identifier: GPL-2.0 */
/* Quantities as text, by value: good until the end of the full expression. */
#ifndef LIB_BASE_FORMAT_H
#define LIB_BASE_FORMAT_H

#include <stdint.h>
#include <stddef.h>

#include "base/exact.h"

struct text {
	char s[48];
};

enum rounding { ROUND_DOWN, ROUND_NEAREST, ROUND_UP };

/* Exact, in the largest unit that gives a whole part: 1.5ms, 100us, 2s */
struct text fmt_time(uint64_t ns);

/* Three significant digits, for measured times */
struct text fmt_short(uint64_t ns);

/* num/den in percent, at most @digits after the point, no zeros at the end */
struct text fmt_percent(u128 num, u128 den, int digits, enum rounding how);

/* A bandwidth in units of 1 << 20, two digits, to the nearest: "30 %" */
struct text fmt_bw(uint64_t units);

/* "3ms/10ms" */
struct text fmt_resource(uint64_t runtime, uint64_t period);

/* Same number of digits always: "30.00", for tables */
struct text fmt_column(uint64_t units);

/* u128 to what the printers take */
uint64_t clamp64(u128 v);

#endif
