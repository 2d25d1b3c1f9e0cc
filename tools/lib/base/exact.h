/* SPDX-License-Identifier: GPL-2.0 */
/* Exact arithmetic: 128-bit integers and ratios of them.  No verdict rounds. */
#ifndef LIB_BASE_EXACT_H
#define LIB_BASE_EXACT_H

#include <stdbool.h>

__extension__ typedef unsigned __int128 u128;

struct ratio {
	u128 num, den;
};

static inline u128 div_up(u128 a, u128 b)
{
	return a / b + (a % b != 0);
}

u128 gcd128(u128 a, u128 b);

/* <0, 0 or >0 as a is less than, equal to or more than b; cannot overflow */
int ratio_cmp(struct ratio a, struct ratio b);

/* *sum += add; false, with *sum unchanged, if the sum has no 128-bit form */
bool ratio_add(struct ratio *sum, struct ratio add);

/* The same, a bit more where the sum has no such form; neither above 64 */
void ratio_add_up(struct ratio *sum, struct ratio add);

/* A ratio that is not below, with a shorter denominator, of 2 at least */
struct ratio ratio_shorten(struct ratio r);

#endif
