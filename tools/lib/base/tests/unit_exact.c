// SPDX-License-Identifier: GPL-2.0
/* Ratios at the edge of 128 bits. */
#include "base/tests/unit.h"

#include "base/exact.h"

static const u128 max = ~(u128)0;

static int cmp(u128 an, u128 ad, u128 bn, u128 bd)
{
	return ratio_cmp((struct ratio){ an, ad }, (struct ratio){ bn, bd });
}

static void small_ratios_compare(void **state)
{
	int a, b, c, d;

	(void)state;
	for (a = 0; a < 12; a++)
		for (b = 1; b < 12; b++)
			for (c = 0; c < 12; c++)
				for (d = 1; d < 12; d++)
					assert_int_equal(cmp(a, b, c, d),
							 (a * d > c * b) - (a * d < c * b));
}

static void huge_ratios_compare(void **state)
{
	(void)state;
	assert_int_equal(cmp(max - 1, max, max - 2, max - 1), 1);
	assert_int_equal(cmp(max, max, 1, 1), 0);
	assert_int_equal(cmp(max / 3, max, 1, 3), 0);
	assert_int_equal(cmp(max / 3 - 1, max, 1, 3), -1);
}

static void sums_are_reduced(void **state)
{
	struct ratio sum = { 0, 1 };

	(void)state;
	assert_true(ratio_add(&sum, (struct ratio){ 1, 10 }));
	assert_true(ratio_add(&sum, (struct ratio){ 2, 10 }));
	assert_true(ratio_add(&sum, (struct ratio){ 1, 5 }));
	assert_true(sum.num == 1 && sum.den == 2);
}

static void sums_that_do_not_fit_are_refused(void **state)
{
	struct ratio sum = { 1, max };

	(void)state;
	assert_false(ratio_add(&sum, (struct ratio){ 1, max - 1 }));
	assert_true(sum.num == 1 && sum.den == max);
}

static void sums_that_do_not_fit_are_rounded_up(void **state)
{
	struct ratio sum = { max / 3, max }, third = { max / 3 - 1, max - 4 }, more;

	(void)state;
	assert_true(sum.num * 3 == sum.den);
	ratio_add_up(&sum, third);
	assert_true(ratio_cmp(sum, (struct ratio){ 2 * (max / 3) - 1, max }) > 0);
	more = (struct ratio){ 2 * ((u128)1 << 60) / 3 + 4, (u128)1 << 60 };
	assert_true(ratio_cmp(sum, more) < 0);
	sum = (struct ratio){ 1, 10 };
	ratio_add_up(&sum, (struct ratio){ 1, 15 });
	assert_true(sum.num == 1 && sum.den == 6);
	assert_true(ratio_shorten((struct ratio){ 1, 3 }).num == 1 && ratio_shorten((struct ratio){ 1, 3 }).den == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ratios_compare),
		cmocka_unit_test(huge_ratios_compare),
		cmocka_unit_test(sums_are_reduced),
		cmocka_unit_test(sums_that_do_not_fit_are_refused),
		cmocka_unit_test(sums_that_do_not_fit_are_rounded_up),
	};

	return cmocka_run_group_tests_name("exact", tests, NULL, NULL);
}
