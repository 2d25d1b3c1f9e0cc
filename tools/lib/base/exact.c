// SPDX-License-Identifier: GPL-2.0
/* Ratios of 128-bit integers. */
#include "base/exact.h"

u128 gcd128(u128 a, u128 b)
{
	while (b) {
		u128 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * Euclid's algorithm on both at once: compare the integer parts; if they are
 * equal, a < b as den_b/rest_b < den_a/rest_a, which swaps the two sides.
 */
int ratio_cmp(struct ratio a, struct ratio b)
{
	for (;;) {
		u128 qa = a.num / a.den, qb = b.num / b.den;
		u128 ra = a.num % a.den, rb = b.num % b.den, den_b = b.den;

		if (qa != qb)
			return qa < qb ? -1 : 1;
		if (!ra || !rb)
			return (ra != 0) - (rb != 0);
		b = (struct ratio){ a.den, ra };
		a = (struct ratio){ den_b, rb };
	}
}

bool ratio_add(struct ratio *sum, struct ratio add)
{
	u128 g = gcd128(sum->den, add.den);
	u128 scale_sum = add.den / g, scale_add = sum->den / g;
	u128 x, y, num, den;

	if (__builtin_mul_overflow(sum->num, scale_sum, &x) ||
	    __builtin_mul_overflow(add.num, scale_add, &y) ||
	    __builtin_mul_overflow(sum->den, scale_sum, &den) ||
	    __builtin_add_overflow(x, y, &num))
		return false;
	g = gcd128(num, den);
	sum->num = num / g;
	sum->den = den / g;
	return true;
}

struct ratio ratio_shorten(struct ratio r)
{
	return (struct ratio){ r.num / 2 + r.num % 2, r.den / 2 };
}

/* Short enough that a sum with another one fits, and exact to 2^-59 */
static struct ratio shortened(struct ratio r)
{
	while (r.den >> 60)
		r = ratio_shorten(r);
	return r;
}

void ratio_add_up(struct ratio *sum, struct ratio add)
{
	if (ratio_add(sum, add))
		return;
	*sum = shortened(*sum);
	ratio_add(sum, shortened(add));
}
