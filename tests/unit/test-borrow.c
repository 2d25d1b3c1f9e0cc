// SPDX-License-Identifier: GPL-2.0
/* Borrowing by members in kernel mode, and aligned release. */
#include "bed.h"

/* ---- borrowing ---- */

static void test_borrow(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	wake(s, USER);
	run(s, 2500 * US);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 500 * US);	/* k = 1 */
	assert_int_equal(vbs_nr_eligible(s), 1);	/* the kernel only */
	mode(s, USER);
	waits_until(s, 10 * MS);
	at(10 * MS);
	assert_int_equal(vbs_nr_eligible(s), 2);	/* the rest is everybody's */
	instance(s, 10 * MS, 20 * MS, 500 * US);
	assert_int_equal(s->z, 11 * MS);
}

/* An instance that is entered early costs a release, too */
static void test_borrow_cost(void **state)
{
	struct vbs_server *s = enter_where_releases_cost(KERNEL);

	(void)state;
	run(s, vbs_budget_left(s) + 5 * US);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 15 * US);
	assert_int_equal(s->z, 2 * (2 * MS + 5 * US));	/* as it may never be released */
	mode(s, USER);
	at(10 * MS);
	instance(s, 10 * MS, 20 * MS, 15 * US);
	assert_int_equal(s->z, 10 * MS + 2 * 15 * US);
}

/* Late by 2.5 budgets: k = 3 in one step */
static void test_borrow_debt(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	run(s, 7 * MS);
	is_ready(s);
	instance(s, 30 * MS, 40 * MS, 1 * MS);
	assert_int_equal(s->borrows, 1);
}

static void test_borrow_limit(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	run(s, 2 * MS);
	run(s, 2 * MS);
	run(s, 2 * MS);
	is_ready(s);
	run(s, 2 * MS);		/* 3 lambda since the release */
	waits_until(s, 40 * MS);
	assert_int_equal(s->stats.fair, 1);
	stop(s, KERNEL);
	wake(s, KERNEL);	/* block and wake gain nothing */
	waits_until(s, 40 * MS);
	at(40 * MS);
	is_ready(s);
	assert_int_equal(s->borrows, 0);
}

static struct vbs_server *at_the_limit(void)
{
	struct vbs_server *s;

	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	for (int i = 0; i < 3; i++)
		run(s, 2 * MS);
	assert_false(bed.fair);
	run(s, 2 * MS);
	assert_true(bed.fair);
	return s;
}

static void go_fair(struct vbs_server *s)
{
	s->nr_fair++;
	stop(s, KERNEL);
}

static void come_back(struct vbs_server *s, bool kernel)
{
	s->nr_fair--;
	wake(s, kernel);
}

/* Who goes on as a fair task is called back when the release comes */
static void test_fair_release(void **state)
{
	struct vbs_server *s = at_the_limit();

	(void)state;
	go_fair(s);
	waits_until(s, 40 * MS);
	at(40 * MS - 1);
	assert_false(bed.recall);
	at(40 * MS);
	assert_true(bed.recall);
	instance(s, 40 * MS, 50 * MS, 0);
	at(40 * MS + 5 * US);
	come_back(s, KERNEL);
	is_ready(s);
	assert_true(vbs_budget_left(s) == 2 * MS);
}

/* It comes to the boundary before: it waits there, and nothing is left behind */
static void test_fair_boundary(void **state)
{
	struct vbs_server *s = at_the_limit();

	(void)state;
	go_fair(s);
	at(20 * MS);
	come_back(s, USER);
	waits_until(s, 40 * MS);
	at(40 * MS);
	is_ready(s);
	assert_false(bed.recall);
}

/* A wake-up beyond the limit starts nothing: it asks again */
static void test_fair_wake(void **state)
{
	struct vbs_server *s = at_the_limit();

	(void)state;
	go_fair(s);
	at(20 * MS);
	s->nr_fair--;		/* it blocks, and nobody tells the core */
	bed.fair = false;
	at(21 * MS);
	wake(s, KERNEL);
	assert_true(bed.fair);
	waits_until(s, 40 * MS);
}

/* The switch of a server whose members are all away releases it as any other */
static void test_fair_switch(void **state)
{
	struct vbs_server *s = at_the_limit();

	(void)state;
	go_fair(s);
	at(39 * MS);
	switch_to(s, 1 * MS, 4 * MS);
	instance(s, 39 * MS, 43 * MS, 0);	/* z has passed */
	assert_true(bed.recall);
}

/* Keys can't order a deadline of more than 8.6 s ahead: it does not compete */
static void test_borrow_far(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(10 * US, 1000 * MS, HALF);
	wake(s, KERNEL);
	run(s, 65 * US);
	is_ready(s);
	instance(s, 6000 * MS, 7000 * MS, 5 * US);
	run(s, 10 * US);
	is_ready(s);		/* d is 7.99992 s ahead */
	instance(s, 7000 * MS, 8000 * MS, 5 * US);
	run(s, 10 * US);
	waits_until(s, 8000 * MS);
	instance(s, 8000 * MS, 9000 * MS, 5 * US);
	assert_int_equal(s->stats.fair, 1);
	at(8000 * MS);
	is_ready(s);
}

/* Switches before a release do not give three more steps */
static void test_borrow_switches(void **state)
{
	struct vbs_server *s;
	u64 ran = 0;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	while (vbs_nr_eligible(s)) {
		run(s, 1 * MS);
		ran += 1 * MS;
		switch_to(s, 2 * MS, 10 * MS);
	}
	assert_true(ran <= 4 * 2 * MS);
	assert_true(s->wait.due >= 2 * ran);
}

/* Before r only the kernel, also after block and wake */
static void test_borrow_blocked(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	run(s, 2 * MS);
	run(s, 1 * MS);
	stop(s, KERNEL);
	wake(s, USER);
	waits_until(s, 10 * MS);
	wake(s, KERNEL);
	assert_int_equal(vbs_nr_eligible(s), 1);
	instance(s, 10 * MS, 20 * MS, 1 * MS);
}

/* While waiting after a switch: as throttled with d := s */
static void test_borrow_waiting(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(50 * MS, 100 * MS, HALF);
	wake(s, KERNEL);
	run(s, 50 * MS - 1);
	switch_to(s, 1 * MS, 2 * MS);
	is_ready(s);
	assert_true(s->early);
	instance(s, 100 * MS - 2, 102 * MS - 2, 0);
	mode(s, USER);
	waits_until(s, 100 * MS - 2);
}

/* ---- aligned release ---- */

static struct vbs_server *enter_aligned(u64 runtime, u64 period, u32 cap)
{
	return enter_z(runtime, period, cap, true, 0);
}

static void test_aligned(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(13 * MS);
	bed.ahead = 4 * MS;	/* multiples at 6, 16, 26 ... here */
	s = enter_aligned(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	assert_int_equal(s->state, VBS_WAITING);
	waits_until(s, 16 * MS);
	at(16 * MS);
	is_ready(s);
	instance(s, 16 * MS, 26 * MS, 0);
	run(s, 2 * MS);
	waits_until(s, 26 * MS);
	at(26 * MS);
	run(s, 1 * MS);
	stop(s, USER);
	at(33 * MS);		/* y = 31: a new instance, at the multiple */
	wake(s, USER);
	waits_until(s, 36 * MS);
}

/* The clock of the multiples has drifted: the deadline's one is found again */
static void test_aligned_drift(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_aligned(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 2 * MS);
	for (u64 k = 1; k < 100; k++) {
		s64 drift = k % 2 ? 3 * US : -4 * US;

		bed.ahead += (u64)drift;
		at(s->deadline + 5 * US);
		is_ready(s);
		assert_int_equal((s->release + bed.ahead) % (10 * MS), 0);
		assert_int_equal((s->release + bed.ahead) / (10 * MS), k);
		run(s, 2 * MS);
	}
}

/* While it waits the clock gains 0.1 %: it is released with it, not after it */
static void test_aligned_fast(void **state)
{
	struct vbs_server *s;
	u64 when;

	(void)state;
	bed_start(0);
	s = enter_aligned(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 2 * MS);
	waits_until(s, 10 * MS);
	assert_true(vbs_next_release(&bed.cpu, &when));
	assert_int_equal(when, 10 * MS - 8 * MS / 512);
	bed.ahead = when / 1000;
	at(when);
	waits_until(s, 10 * MS - when / 1000);
	at(10 * MS - when / 1000);
	is_ready(s);
	instance(s, 10 * MS - when / 1000, 20 * MS - when / 1000, 0);
}

/* After a switch it waits for a multiple; so it does when that moves */
static void test_aligned_fast_start(void **state)
{
	struct vbs_server *s;
	u64 when;

	(void)state;
	bed_start(1 * MS);
	s = enter_aligned(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	waits_until(s, 10 * MS);
	assert_true(vbs_next_release(&bed.cpu, &when));
	bed.ahead = 9 * US;
	at(when);
	waits_until(s, 10 * MS - 9 * US);
	at(10 * MS - 9 * US);
	instance(s, 10 * MS - 9 * US, 20 * MS - 9 * US, 0);
}

/* A start that is nearer to 0 than half a period, at the very z */
static void test_aligned_at_z(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(1);
	s = enter_z(10 * US, 800 * MS, VBS_BW_UNIT / 100, true, 200 * MS);
	bed.ahead = 600 * MS;
	wake(s, USER);
	waits_until(s, 200 * MS);
	bed.ahead += 39;
	vbs_settle(&bed.cpu, s, bed.now);
	waits_until(s, 1000 * MS - 39);
}

/* The clock is stepped on by 4 ms, the next multiple comes before z */
static void test_aligned_step(void **state)
{
	struct vbs_server *s;
	u64 when;

	(void)state;
	bed_start(0);
	s = enter_aligned(2 * MS, 10 * MS, VBS_BW_UNIT / 4);
	wake(s, USER);
	run(s, 2 * MS);		/* z = 8 */
	switch_cap(s, 2 * MS, 10 * MS, VBS_BW_UNIT / 4);
	waits_until(s, 10 * MS);
	assert_true(vbs_next_release(&bed.cpu, &when));
	bed.ahead = 4 * MS;	/* multiples at 6, 16 ... here */
	at(when);
	waits_until(s, 16 * MS);
}

/* What was borrowed from an instance stays in it, wherever the clock goes */
static void test_aligned_borrowed(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_aligned(2 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	run(s, 3 * MS);
	instance(s, 10 * MS, 20 * MS, 1 * MS);
	mode(s, USER);
	waits_until(s, 10 * MS);
	bed.ahead = 2 * MS;
	mode(s, KERNEL);
	mode(s, USER);
	waits_until(s, 10 * MS);
	instance(s, 10 * MS, 20 * MS, 1 * MS);
}

/*
 * An interrupt ends each budget 2.7 us late, which is more than the least cap leaves until
 * the next multiple.  That is carried, as without ALIGN, and no multiple is skipped.
 */
static void test_aligned_debt(void **state)
{
	const struct vbs_params p = { .runtime = 90 * US, .period = 1 * MS, .align = true };
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_aligned(p.runtime, p.period, vbs_bandwidth(&p));
	wake(s, USER);
	run(s, 90 * US + 2700);
	assert_true(vbs_termination(s) > 1 * MS);
	for (u64 k = 1; k < 1000; k++) {
		waits_until(s, k * MS);
		at(k * MS);
		is_ready(s);
		instance(s, k * MS, (k + 1) * MS, 2700);
		run(s, 90 * US);
	}
	assert_int_equal(s->stats.consumed, 1000 * 90 * US + 2700);
	assert_int_equal(s->stats.skipped, 0);
}

/* A step brings the multiple 2 ms before z: what the cap has not paid for counts as consumed */
static void test_aligned_step_pays(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_aligned(4 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 4 * MS);		/* z = 8 */
	bed.ahead = 4 * MS;	/* multiples at 6, 16 ... here */
	vbs_settle(&bed.cpu, s, bed.now);
	waits_until(s, 6 * MS);
	at(6 * MS);
	is_ready(s);
	instance(s, 6 * MS, 16 * MS, 1 * MS);
	assert_int_equal(vbs_termination(s), 8 * MS);
	assert_int_equal(s->stats.skipped, 0);
	run(s, 3 * MS);
	waits_until(s, 16 * MS);
	at(16 * MS);
	instance(s, 16 * MS, 26 * MS, 0);
}

/*
 * So early that 3.75 would be unpaid of 2, more than the debt of 3: the next multiple, where
 * that is 1.25.  The one that is passed pays for 2 of the debt.
 */
static void test_aligned_step_passes(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_aligned(2 * MS, 10 * MS, VBS_BW_UNIT / 4);
	wake(s, USER);
	run(s, 5 * MS);		/* z = 20 */
	bed.ahead = 5 * MS;	/* multiples at 5, 15 ... here */
	vbs_settle(&bed.cpu, s, bed.now);
	at(5 * MS);
	waits_until(s, 15 * MS);
	assert_int_equal(s->stats.skipped, 1);
	at(15 * MS);
	instance(s, 15 * MS, 25 * MS, 1250 * US);
}

/* A step has moved the multiple to the past: it is released now, for a whole period */
static void test_aligned_step_back(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_aligned(1 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 1 * MS);
	at(9 * MS);
	bed.ahead = 4 * MS;	/* multiples at 6, 16 ... here */
	vbs_settle(&bed.cpu, s, bed.now);
	waits_until(s, 9 * MS);
	at(9 * MS);
	instance(s, 9 * MS, 19 * MS, 0);
	run(s, 1 * MS);
	waits_until(s, 16 * MS);
}

/* The same after a switch */
static void test_aligned_step_start(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(1 * MS);
	s = enter_aligned(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	waits_until(s, 10 * MS);
	at(9 * MS);
	bed.ahead = 4 * MS;
	vbs_settle(&bed.cpu, s, bed.now);
	waits_until(s, 9 * MS);
	at(9 * MS);
	instance(s, 9 * MS, 19 * MS, 0);
}

/*
 * Who wakes between d and y has the next instance at once, from d on.  By a clock that was
 * stepped meanwhile it began at 6, and 4.8 were left to it for 5.9 ms of half of the CPU.
 */
static void test_aligned_step_blocked(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_aligned(4900 * US, 10 * MS, HALF);
	wake(s, USER);
	run(s, 5 * MS);
	stop(s, USER);
	bed.ahead = 4 * MS;
	at(10100 * US);		/* y = 10.204 */
	wake(s, USER);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 100 * US);
}

/* What is borrowed has a whole period, though a step has moved the deadline before it */
static void test_aligned_step_borrowed(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_aligned(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 2 * MS);
	bed.ahead = 4 * MS;
	vbs_settle(&bed.cpu, s, bed.now);
	waits_until(s, 6 * MS);
	mode(s, KERNEL);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 0);
	run(s, 1 * MS);
	mode(s, USER);
	at(10 * MS);
	instance(s, 10 * MS, 20 * MS, 1 * MS);
	run(s, 1 * MS);
	waits_until(s, 16 * MS);
}

/* Multiples that whole budgets of debt pass are skipped and counted */
static void test_aligned_skip(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter_aligned(2 * MS, 10 * MS, VBS_BW_UNIT / 4);
	wake(s, USER);
	run(s, 5 * MS);		/* the debt of 3 is 1.5 budgets */
	at(10 * MS);
	waits_until(s, 20 * MS);
	at(20 * MS);
	is_ready(s);
	instance(s, 20 * MS, 30 * MS, 1 * MS);
	assert_int_equal(s->stats.skipped, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_borrow),
		cmocka_unit_test(test_borrow_cost),
		cmocka_unit_test(test_borrow_debt),
		cmocka_unit_test(test_borrow_limit),
		cmocka_unit_test(test_fair_release),
		cmocka_unit_test(test_fair_boundary),
		cmocka_unit_test(test_fair_wake),
		cmocka_unit_test(test_fair_switch),
		cmocka_unit_test(test_borrow_far),
		cmocka_unit_test(test_borrow_switches),
		cmocka_unit_test(test_borrow_blocked),
		cmocka_unit_test(test_borrow_waiting),
		cmocka_unit_test(test_aligned),
		cmocka_unit_test(test_aligned_drift),
		cmocka_unit_test(test_aligned_fast),
		cmocka_unit_test(test_aligned_fast_start),
		cmocka_unit_test(test_aligned_at_z),
		cmocka_unit_test(test_aligned_step),
		cmocka_unit_test(test_aligned_borrowed),
		cmocka_unit_test(test_aligned_debt),
		cmocka_unit_test(test_aligned_step_pays),
		cmocka_unit_test(test_aligned_step_passes),
		cmocka_unit_test(test_aligned_step_back),
		cmocka_unit_test(test_aligned_step_start),
		cmocka_unit_test(test_aligned_step_blocked),
		cmocka_unit_test(test_aligned_step_borrowed),
		cmocka_unit_test(test_aligned_skip),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("borrow", tests, NULL, NULL);
}
