// SPDX-License-Identifier: GPL-2.0
/* Leap indicators of VMClock, from the states that adjtimex() goes through */
#include <sys/timex.h>

#include "base/tests/unit.h"

#include "timeline/source.h"

static void follow(const int *state, const unsigned int *leap, unsigned int n)
{
	unsigned int before = LEAP_NONE;

	for (unsigned int i = 0; i < n; i++) {
		before = source_leap(state[i], before);
		assert_int_equal(before, leap[i]);
	}
}

static void a_second_is_inserted(void **state)
{
	static const int is[] = { TIME_OK, TIME_INS, TIME_OOP, TIME_WAIT, TIME_WAIT, TIME_OK };
	static const unsigned int leap[] = {
		LEAP_NONE, LEAP_PRE_POS, LEAP_POS, LEAP_POST_POS, LEAP_POST_POS, LEAP_NONE
	};

	(void)state;
	follow(is, leap, 6);
}

static void a_second_is_deleted(void **state)
{
	static const int is[] = { TIME_DEL, TIME_DEL, TIME_WAIT, TIME_WAIT, TIME_OK, TIME_WAIT };
	static const unsigned int leap[] = {
		LEAP_PRE_NEG, LEAP_PRE_NEG, LEAP_POST_NEG, LEAP_POST_NEG, LEAP_NONE,
		LEAP_POST_POS	/* what was before was not seen */
	};

	(void)state;
	follow(is, leap, 6);
}

static void nobody_keeps_it(void **state)
{
	(void)state;
	assert_int_equal(source_leap(TIME_ERROR, LEAP_PRE_NEG), LEAP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_is_inserted),
		cmocka_unit_test(a_second_is_deleted),
		cmocka_unit_test(nobody_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
