// SPDX-License-Identifier: GPL-2.0
/*
 * A wake-up at z < t < y leaves z >= t, whatever it enters: what is left of the
 * instance is executed from t on, so the next one starts no earlier than t plus
 * what that costs at the cap.  The judge is a neighbour that always has work, on
 * a CPU that is booked in full.
 */
#include "bed.h"

/*
 * A of (2.1, 6), cap 1/2, has executed 1.18 of the instance of 6 ms before its
 * release and wakes at 9.307, 64 us before y.  All but 47 us of what is left is
 * executed, then A switches, 1 us after 8.36 + 0.92 / u, where z would be without
 * the wake-up.
 */
#define A_RUNTIME	(2100 * US)
#define A_PERIOD	(6 * MS)
#define A_BEFORE	(1180 * US)
#define WAKE		(9307 * US)
#define A_AFTER		(873 * US)

/* B: released with A's wake-up, due just after A's next instance */
static struct vbs_server *honest(u32 cap, u64 period)
{
	bed.judge = enter(cap * period / VBS_BW_UNIT, period, cap);
	return &bed.s[bed.nr - 1];
}

static u32 full(void)
{
	return (u64)VBS_BW_UNIT * (100000 - 1024) / (100000 + 1024);
}

static const u32 ninety = VBS_BW_UNIT / 10 * 9;

/* It runs into the kernel, borrows, and blocks there before the release comes */
static struct vbs_server *blocked_borrower(void)
{
	struct vbs_server *a;

	bed_start(0);
	a = enter(A_RUNTIME, A_PERIOD, HALF);
	wake(a, KERNEL);
	edf_until(a, A_RUNTIME + A_BEFORE);
	assert_true(a->early);
	instance(a, 6 * MS, 12 * MS, A_BEFORE);
	stop(a, KERNEL);
	return a;
}

/* It is charged late, and blocks with a debt */
static struct vbs_server *blocked_debtor(void)
{
	struct vbs_server *a;

	bed_start(0);
	a = enter(A_RUNTIME, A_PERIOD, HALF);
	wake(a, USER);
	run(a, A_RUNTIME + A_BEFORE);
	instance(a, 0, 6 * MS, A_RUNTIME + A_BEFORE);
	stop(a, USER);
	return a;
}

/* A wakes between z and y, uses up what is left and switches to half of @period */
static void attack(struct vbs_server *a, u32 booked, u64 period)
{
	u64 b_period = A_AFTER + period + 7 * US;
	struct vbs_server *b = honest(booked - HALF, b_period);
	u64 ran = a->stats.consumed;

	edf(WAKE - b_period);
	wake(b, USER);
	edf(WAKE);
	assert_true(vbs_zero_lag(a) > WAKE);
	wake(a, USER);
	instance(a, 6 * MS, 12 * MS, A_BEFORE);
	edf_until(a, ran + A_AFTER);
	switch_to(a, period / 2, period);
	edf(200 * MS);
	print_message("# %llu misses, %llu ns late\n", b->stats.misses, bed.late);
	assert_int_equal(b->stats.misses, 0);
	assert_int_equal(bed.late, 0);
}

static void test_borrowed_90(void **state)
{
	(void)state;
	attack(blocked_borrower(), ninety, 2170 * US);
}

static void test_borrowed_full(void **state)
{
	(void)state;
	attack(blocked_borrower(), full(), 2170 * US);
}

static void test_debt_90(void **state)
{
	(void)state;
	attack(blocked_debtor(), ninety, 2170 * US);
}

static void test_debt_full(void **state)
{
	(void)state;
	attack(blocked_debtor(), full(), 2170 * US);
}

/*
 * Two budgets of debt and a half: one instance is skipped, so the next wake-up
 * finds one that was entered early though nobody was in the kernel.
 */
static void test_skipped(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 5 * MS);			/* y = 25 */
	stop(s, USER);
	late_at(15 * MS);
	wake(s, USER);
	waits_until(s, 20 * MS);
	instance(s, 20 * MS, 30 * MS, 1 * MS);
	assert_int_equal(s->z, 16 * MS);	/* d + debt/u */
	stop(s, USER);
	late_at(24 * MS);
	wake(s, USER);
	is_ready(s);
	instance(s, 20 * MS, 30 * MS, 1 * MS);
	assert_int_equal(s->z, 24 * MS);	/* not r + e0/u = 22 */
	run(s, 500 * US);
	switch_to(s, 1 * MS, 2 * MS);
	waits_until(s, 25 * MS);
}

/*
 * The release that the wake-up enters knows nothing of it: a multiple at d is not
 * skipped because z is at the wake-up afterwards.
 */
static void test_aligned_in_debt(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_z(2 * MS, 10 * MS, HALF, true, 0);
	wake(s, USER);
	run(s, 3 * MS);			/* z = 6, y = 15 */
	stop(s, USER);
	late_at(14 * MS);
	wake(s, USER);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 1 * MS);
	assert_int_equal(s->z, 14 * MS);
	assert_int_equal(s->stats.skipped, 0);
}

/* At z and beside it: z is the later of the two, to the nanosecond */
static void test_at_z(void **state)
{
	(void)state;
	for (int off = -1; off <= 1; off++) {
		struct vbs_server *s = blocked_borrower();

		late_at(8360 * US + (u64)off);
		wake(s, USER);
		instance(s, 6 * MS, 12 * MS, A_BEFORE);
		assert_int_equal(vbs_termination(s), 8360 * US + (off > 0));
	}
}

/* At y and beside it: the old instance until 1 ns before it, then a new one */
static void test_at_y(void **state)
{
	(void)state;
	for (int off = -1; off <= 1; off++) {
		struct vbs_server *s = blocked_borrower();
		u64 t = vbs_zero_lag(s) + (u64)off;

		late_at(t);
		wake(s, USER);
		if (off < 0)
			instance(s, 6 * MS, 12 * MS, A_BEFORE);
		else
			instance(s, t, t + A_PERIOD, 0);
		assert_int_equal(s->z, t);
	}
}

/* A raise is no gift to who has a debt: z stays where the smaller cap has it */
static void test_raise_in_debt(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2500 * US, 10 * MS, HALF / 2);
	wake(s, USER);
	run(s, 4 * MS);			/* z = 16 */
	ask_cap(s, HALF);
	at(10 * MS);
	instance(s, 10 * MS, 20 * MS, 1500 * US);
	assert_int_equal(s->z, 16 * MS);	/* not 10 + 1.5/u' = 13 */
	assert_int_equal(s->cap, HALF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_borrowed_90),
		cmocka_unit_test(test_borrowed_full),
		cmocka_unit_test(test_debt_90),
		cmocka_unit_test(test_debt_full),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_aligned_in_debt),
		cmocka_unit_test(test_at_z),
		cmocka_unit_test(test_at_y),
		cmocka_unit_test(test_raise_in_debt),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("wakeup", tests, NULL, NULL);
}
