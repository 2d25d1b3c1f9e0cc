// SPDX-License-Identifier: GPL-2.0
/* Parameters at their limits, and what is exact or rounded against the server. */
#include "bed.h"

static u64 least_cap(u64 runtime, u64 period, bool align)
{
	struct vbs_params p = {
		.runtime = runtime, .period = period, .align = align,
	};

	return vbs_bandwidth(&p);
}

static int fits(u64 runtime, u64 period, u32 cap, bool align)
{
	struct vbs_params p = {
		.runtime = runtime, .period = period, .cap = cap, .align = align,
	};

	return (int)vbs_params_in_cap(&p);
}

/* The cap on entry is rounded up, and the least that passes the test */
static void test_bandwidth(void **state)
{
	static const u64 runtimes[] = {
		10000, 10001, 33333, 99999, 100000, 1234567, 99999999, 100000000,
	};

	(void)state;
	assert_int_equal(least_cap(1 * MS, 2 * MS, false), HALF);
	assert_int_equal(least_cap(1 * MS, 3 * MS, false), 349526);
	assert_int_equal(least_cap(5 * MS, 5 * MS, false), VBS_BW_UNIT);
	for (unsigned int i = 0; i < ARRAY_SIZE(runtimes); i++) {
		for (u64 period = 100000; period <= 1000 * MS;
		     period = period * 3 + 1) {
			u64 cap = least_cap(runtimes[i], period, i % 2);

			if (runtimes[i] > period || cap > VBS_BW_UNIT)
				continue;
			assert_int_equal(fits(runtimes[i], period, (u32)cap,
					      i % 2), VBS_REJECT_NONE);
			assert_int_not_equal(fits(runtimes[i], period,
						  (u32)cap - 1, i % 2),
					     VBS_REJECT_NONE);
		}
	}
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(fits(1 * MS, 2 * MS, HALF, false), VBS_REJECT_NONE);
	assert_int_equal(fits(1 * MS, 2 * MS, HALF - 1, false),
			 VBS_REJECT_ABOVE_CAP);
	assert_int_equal(fits(1 * MS + 1, 2 * MS, HALF, false),
			 VBS_REJECT_ABOVE_CAP);
	/* (2^20 - 1) * (2^20 + 1) = 2^40 - 1: less by one than lambda * 2^20 */
	assert_int_equal(fits(VBS_BW_UNIT, VBS_BW_UNIT + 1, VBS_BW_UNIT - 1,
			      false), VBS_REJECT_ABOVE_CAP);
	/* Aligned: 1/512 of slack */
	assert_int_equal(fits(1 * MS, 2 * MS, HALF, true),
			 VBS_REJECT_ALIGN_SLACK);
	assert_int_equal(fits(511 * US, 1024 * US, HALF, true), VBS_REJECT_NONE);
	assert_int_equal(fits(511 * US + 1, 1024 * US, HALF, true),
			 VBS_REJECT_ALIGN_SLACK);
	assert_int_equal(fits(1000 * MS, 1000 * MS, VBS_BW_UNIT, false),
			 VBS_REJECT_NONE);
	assert_int_equal(least_cap(1000 * MS, 1000 * MS, false), VBS_BW_UNIT);
}

/* One ns at a time under odd caps: z is as exact as in one piece */
static void test_remainder(void **state)
{
	static const u32 caps[] = { 999983, 350003, 700001, VBS_BW_UNIT };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(caps); i++) {
		struct vbs_server *s;

		bed_start(0);
		s = enter(300 * US, 1 * MS, caps[i]);
		wake(s, USER);
		for (u64 n = 1; n <= 300 * US; n++) {
			vbs_charge(s, 1);
			if (n % 1000)
				continue;
			assert_int_equal(s->z, (n << 20) / caps[i]);
			assert_int_equal(s->z_rem, (n << 20) % caps[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bandwidth),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_remainder),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
