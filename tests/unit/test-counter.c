// SPDX-License-Identifier: GPL-2.0
/*
 * Counter-examples: what breaks a guarantee if a rule is left out or read
 * loosely.  Random events hardly ever find these; each is here as it was found.
 */
#include "bed.h"

/* A of (1, 10), cap 1/2, is kept from the CPU and exhausted at 9, in the kernel */
static struct vbs_server *borrower(void)
{
	struct vbs_server *s;

	bed_start(0);
	s = enter(1 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	late_at(8 * MS);
	run(s, 1 * MS);
	is_ready(s);
	instance(s, 10 * MS, 20 * MS, 0);
	return s;
}

/*
 * What is executed early counts as released when it begins to compete.  Else a
 * switch at 9.5 would be released there, and A could take 5.5 in [9, 19.5].
 */
static void test_borrow_raises_z(void **state)
{
	struct vbs_server *s = borrower();

	(void)state;
	assert_int_equal(s->z, 9 * MS);
	run(s, 500 * US);
	switch_to(s, 5 * MS, 10 * MS);
	assert_int_equal(s->start, 10 * MS);
}

/* The same where a neighbour misses if it is not so */
static void test_borrow_neighbour(void **state)
{
	struct vbs_server *s = borrower(), *b;

	(void)state;
	run(s, 1 * MS - 1);
	b = enter(5500 * US, 11 * MS, HALF);
	/* The neighbour wakes at 9; A, as early as that, was first until now */
	vbs_member_add(&bed.cpu, b, USER, 9 * MS);
	mode(s, USER);
	switch_to(s, 5 * MS, 10 * MS);
	edf(31 * MS);
	assert_int_equal(s->stats.misses, 0);
	assert_int_equal(b->stats.misses, 0);
	assert_true(b->stats.consumed >= 11 * MS - 1);
}

/*
 * A is in the kernel all the time and takes what it can get; half of the CPU is
 * B's, in each period.  At the old deadline A would take it from B.
 */
static void test_borrow_takes_nothing(void **state)
{
	struct vbs_server *a, *b;

	(void)state;
	bed_start(0);
	a = enter(5 * MS, 10 * MS, HALF);
	b = enter(4 * MS, 8 * MS, HALF);
	wake(a, KERNEL);
	wake(b, USER);
	for (u64 k = 1; k <= 1000; k++) {
		edf(k * 8 * MS);
		assert_true(b->stats.consumed >= k * 4 * MS - 1024);
	}
	assert_int_equal(b->stats.misses, 0);
	/* In any window u * L + 2 * lambda * (1 - u) + 3 * lambda, so in all */
	assert_true(a->stats.consumed <= bed.now / 2 + 5 * MS + 15 * MS);
}

/* 50 of (50, 100), then (1, 2), beside a neighbour that needs its half */
static void test_switch_neighbour(void **state)
{
	struct vbs_server *a, *b;

	(void)state;
	bed_start(0);
	a = enter(50 * MS, 100 * MS, HALF);
	b = enter(50 * MS, 100 * MS, HALF);
	wake(a, USER);
	wake(b, USER);
	edf(50 * MS);
	assert_int_equal(a->stats.consumed, 50 * MS);
	switch_to(a, 1 * MS, 2 * MS);
	edf(100 * MS);
	assert_int_equal(b->stats.consumed, 50 * MS);
	edf(1000 * MS);
	assert_int_equal(a->stats.misses, 0);
	assert_int_equal(b->stats.misses, 0);
}

/* Somebody waits at the boundary, so who wakes in the kernel is not the first */
static void test_resume_raises_z(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(1 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	wake(s, USER);
	run(s, 1 * MS);
	run(s, 100 * US);
	stop(s, KERNEL);
	waits_until(s, 10 * MS);
	at(8 * MS);
	wake(s, KERNEL);
	assert_int_equal(s->z, 8 * MS);
	run(s, 500 * US);
	switch_to(s, 5 * MS, 10 * MS);
	assert_int_equal(s->start, 9 * MS);
}

/*
 * 1.9 of (1, 10) executed by 2: z = 3.8.  The 0.1 left is executed from 10 on,
 * the release of what was borrowed: 5.1 in [10, 20.1] if z were not its own.
 */
static void test_open_sets_z(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(1 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	run(s, 1 * MS);
	run(s, 900 * US);
	mode(s, USER);
	assert_int_equal(s->z, 3800 * US);
	at(10 * MS);
	assert_int_equal(s->z, 11800 * US);
	run(s, 50 * US);
	switch_to(s, 5 * MS, 10 * MS);
	assert_int_equal(s->start, 11900 * US);
}

/* A reduction is freed at the release; z follows the new cap from there */
static void test_open_reduced(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(1 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	run(s, 1 * MS);
	run(s, 800 * US);
	mode(s, USER);
	ask_cap(s, HALF / 5);
	assert_int_equal(bed.freed, 0);
	at(10 * MS);
	assert_int_equal(bed.freed, HALF - HALF / 5);
	assert_true(s->z >= 18 * MS);
}

/* A larger cap does not make good what was executed under the smaller one */
static void test_open_raised(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2500 * US, 10 * MS, HALF / 2);
	wake(s, KERNEL);
	run(s, 2500 * US);
	run(s, 2400 * US);
	mode(s, USER);
	assert_int_equal(s->z, 19600 * US);
	at(9 * MS);
	ask_cap(s, HALF);
	at(10 * MS);
	switch_to(s, 5 * MS, 10 * MS);
	assert_int_equal(s->start, 19600 * US);
}

/* Debt is paid at lambda/pi: before y it is carried, however late it is */
static void test_late_debt(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(5 * MS, 20 * MS, HALF);
	wake(s, USER);
	run(s, 12500 * US);
	stop(s, USER);
	at(44 * MS);		/* d + pi = 40, y = 50 */
	wake(s, USER);
	is_ready(s);
	instance(s, 40 * MS, 60 * MS, 2500 * US);
}

/* What is entered early by a skip is one of the three steps, too */
static void test_skip_is_a_step(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, KERNEL);
	run(s, 2 * MS);
	run(s, 2 * MS);
	run(s, 2 * MS);
	run(s, 5 * MS);		/* late by 3, beyond the last step */
	waits_until(s, 40 * MS);
	at(40 * MS);
	instance(s, 50 * MS, 60 * MS, 1 * MS);
	run(s, 1 * MS);
	run(s, 2 * MS);
	is_ready(s);
	run(s, 2 * MS);
	waits_until(s, 80 * MS);
}

/* Whoever leaves and re-enters before z has borrowed what it has */
static void test_reentry_borrows(void **state)
{
	struct vbs_server *s, *old;

	(void)state;
	bed_start(0);
	old = enter(2 * MS, 10 * MS, HALF);
	wake(old, KERNEL);
	for (int i = 0; i < 4; i++)
		run(old, 2 * MS);
	stop(old, KERNEL);
	vbs_server_detach(&bed.cpu, old);
	s = enter_z(2 * MS, 10 * MS, HALF, false, vbs_termination(old));
	s->borrows = old->borrows;
	wake(s, KERNEL);
	waits_until(s, 16 * MS);
	at(16 * MS);
	is_ready(s);
	assert_int_equal(s->borrows, 0);
}

/* Moved while blocked: the reduction is asked for again, and freed */
static void test_move_reduced(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 2 * MS);
	stop(s, USER);
	ask_cap(s, HALF / 2);
	vbs_server_detach(&bed.cpu, s);
	vbs_server_attach(s);
	ask_cap(s, HALF / 2);
	at(4 * MS);
	assert_int_equal(bed.freed, HALF / 2);
}

/*
 * What the unit q of the queues costs at most.  F, to be released at the end of a
 * unit, stands before M and B, who are to be released at its start: both are late
 * by q - 1 ns.  All three are due in one unit, B at its start, M at its end and in
 * front of B.  So B ends q - 1 ns and u * (q - 1) ns late, if C leaves no room.
 */
static u64 lateness_of_units(u32 capacity)
{
	const u64 unit = 1 << VBS_KEY_SHIFT, pi = 98 * unit, t0 = 1000 * unit;
	const u32 least = vbs_bandwidth(&(struct vbs_params){
		.runtime = VBS_RUNTIME_MIN, .period = 1000 * MS });
	const u32 most = capacity - 2 * least;
	struct vbs_server *f, *m, *b;

	bed_start(t0 - 1 * MS);
	f = enter_z(pi * least / VBS_BW_UNIT, pi, least, false, t0 + unit - 1);
	m = enter_z((pi + unit - 1) * most / VBS_BW_UNIT, pi + unit - 1, most, false, t0);
	b = enter_z(pi * least / VBS_BW_UNIT, pi, least, false, t0);
	bed.judge = b;
	wake(f, USER);
	wake(m, USER);
	wake(b, USER);
	edf(t0 + pi + unit);
	assert_int_equal(b->release, t0 + pi);
	return bed.late;
}

static void test_unit_of_lateness(void **state)
{
	const u64 unit = 1 << VBS_KEY_SHIFT, pi = 98 * unit;

	(void)state;
	assert_int_equal(lateness_of_units(VBS_BW_UNIT * (pi - unit) / (pi + unit)), 0);
	/* No less will do */
	assert_in_range(lateness_of_units(VBS_BW_UNIT * pi / (pi + 2 * unit)), 10, 20);
	assert_in_range(lateness_of_units(VBS_BW_UNIT * pi / (pi + unit)), 900, unit);
}

/* ---- what SCHED_DEADLINE does not hold ---- */

/* The share shrinks, and is given away, only when it is used up */
static void test_shrink(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(50 * MS, 100 * MS, HALF);
	wake(s, USER);
	run(s, 50 * MS);
	switch_cap(s, 1 * MS, 100 * MS, HALF / 50 + 1);
	at(100 * MS - 1);
	assert_int_equal(bed.freed, 0);
	at(100 * MS);
	assert_int_equal(bed.freed, HALF - HALF / 50 - 1);
}

/* (10, 100) <-> (1, 10), each 10 ms: no gaps but what (10, 100) needs, 10 % */
static void test_flip(void **state)
{
	struct vbs_server *s;
	u64 ran, gap = 0, since = 0;

	(void)state;
	bed_start(0);
	s = enter(1 * MS, 10 * MS, VBS_BW_UNIT / 10 + 1);
	wake(s, USER);
	for (u64 t = 0; t < 10000; t++) {
		ran = s->stats.consumed;
		edf((t + 1) * MS);
		if (s->stats.consumed > ran) {
			gap = max(gap, t - since);
			since = t;
		}
		if (t % 20 == 0)
			switch_to(s, 10 * MS, 100 * MS);
		else if (t % 20 == 10)
			switch_to(s, 1 * MS, 10 * MS);
	}
	assert_in_range(s->stats.consumed, 990 * MS, 1019 * MS);
	assert_in_range(gap, 1, 100);
}

/* Leaving and re-entering after each budget gains nothing */
static void test_hog_reenters(void **state)
{
	struct vbs_server *s;
	u64 ran = 0, z = 0;

	(void)state;
	bed_start(0);
	for (int i = 0; i < NR_SERVERS; i++) {
		s = enter_z(10 * MS, 100 * MS, VBS_BW_UNIT / 10 + 1, false, z);
		wake(s, USER);
		edf(bed.now + 12345 * US);
		stop(s, USER);
		ran += s->stats.consumed;
		z = vbs_termination(s);
		vbs_server_detach(&bed.cpu, s);
		take_nodes();
	}
	/* u * L + 2 * lambda * (1 - u) */
	assert_true(ran <= bed.now / 10 + 18 * MS + 1);
	assert_true(ran >= bed.now / 10 - 10 * MS);
}

/* A large resource at each period's boundary, a small one between: its cap */
static void test_boundary(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(50 * MS, 100 * MS, HALF);
	wake(s, USER);
	for (u64 k = 1; k < 50; k++) {
		edf(k * 100 * MS - 98 * MS);
		switch_to(s, 500 * US, 100 * MS);
		edf(k * 100 * MS - 1 * MS);
		switch_to(s, 50 * MS, 100 * MS);
	}
	assert_true(s->stats.consumed <= bed.now / 2 + 50 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_borrow_raises_z),
		cmocka_unit_test(test_borrow_neighbour),
		cmocka_unit_test(test_borrow_takes_nothing),
		cmocka_unit_test(test_switch_neighbour),
		cmocka_unit_test(test_resume_raises_z),
		cmocka_unit_test(test_open_sets_z),
		cmocka_unit_test(test_open_reduced),
		cmocka_unit_test(test_open_raised),
		cmocka_unit_test(test_late_debt),
		cmocka_unit_test(test_skip_is_a_step),
		cmocka_unit_test(test_reentry_borrows),
		cmocka_unit_test(test_move_reduced),
		cmocka_unit_test(test_unit_of_lateness),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_flip),
		cmocka_unit_test(test_hog_reenters),
		cmocka_unit_test(test_boundary),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("counter", tests, NULL, NULL);
}
