// SPDX-License-Identifier: GPL-2.0
/* Switches, caps, moves and bookings, one rule at a time. */
#include "bed.h"

/* ---- switch ---- */

/*
 * 50 of (50, 100) are executed, then (1, 2): not released at t, that would be
 * 51 in 52 and make a neighbour miss, but at z = 100.
 */
static void test_switch_ahead(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(50 * MS, 100 * MS, HALF);
	wake(s, USER);
	run(s, 50 * MS);
	switch_to(s, 1 * MS, 2 * MS);
	assert_int_equal(s->state, VBS_WAITING);
	waits_until(s, 100 * MS);
	at(100 * MS);
	is_ready(s);
	instance(s, 100 * MS, 102 * MS, 0);
}

/* Not ahead of its cap: released at once, a switch is not a penalty */
static void test_switch_behind(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(10 * MS, 100 * MS, HALF);
	wake(s, USER);
	run(s, 10 * MS);
	waits_until(s, 100 * MS);
	at(20 * MS);
	switch_to(s, 1 * MS, 2 * MS);
	is_ready(s);
	instance(s, 20 * MS, 22 * MS, 0);
}

static void test_switch_while_waiting(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(50 * MS, 100 * MS, HALF);
	wake(s, USER);
	run(s, 30 * MS);
	switch_to(s, 1 * MS, 2 * MS);
	waits_until(s, 60 * MS);
	at(40 * MS);
	switch_to(s, 2 * MS, 8 * MS);
	waits_until(s, 60 * MS);
	stop(s, USER);
	at(70 * MS);		/* a wake at t >= s releases at t */
	wake(s, USER);
	instance(s, 70 * MS, 78 * MS, 0);
}

static void test_switch_while_blocked(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(50 * MS, 100 * MS, HALF);
	wake(s, USER);
	run(s, 30 * MS);
	stop(s, USER);
	switch_to(s, 1 * MS, 2 * MS);
	at(50 * MS);
	wake(s, USER);
	waits_until(s, 60 * MS);
	at(60 * MS);
	instance(s, 60 * MS, 62 * MS, 0);
}

/* What was yielded is over with the instance, z still counts */
static void test_switch_after_yield(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(50 * MS, 100 * MS, HALF);
	wake(s, USER);
	run(s, 10 * MS);
	yield(s);
	switch_to(s, 1 * MS, 2 * MS);
	waits_until(s, 20 * MS);
	at(20 * MS);
	is_ready(s);
}

/* z falls between two nanoseconds: up, against the server */
static void test_switch_rounds_up(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(10 * US, 100 * US, 350000);
	wake(s, USER);
	run(s, 10 * US);
	assert_int_equal(s->z, 29959);		/* 29959.3 */
	switch_to(s, 10 * US, 100 * US);
	waits_until(s, 29960);
}

/* ---- caps ---- */

static void test_cap_reduced(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 1 * MS);
	ask_cap(s, HALF / 2);
	run(s, 1 * MS);
	assert_int_equal(s->z, 4 * MS);		/* still at the old cap */
	at(10 * MS - 1);
	assert_int_equal(bed.freed, 0);
	at(10 * MS);
	assert_int_equal(bed.freed, HALF / 2);
	run(s, 1 * MS);
	assert_int_equal(s->z, 14 * MS);
}

static void test_cap_reduced_blocked(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 1 * MS);
	stop(s, USER);
	ask_cap(s, HALF / 2);
	at(5 * MS - 1);
	assert_int_equal(bed.freed, 0);
	at(5 * MS);		/* y */
	assert_int_equal(bed.freed, HALF / 2);
}

static void test_cap_reduced_switched(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 1 * MS);
	stop(s, USER);
	switch_cap(s, 1 * MS, 10 * MS, HALF / 2);
	at(2 * MS - 1);
	assert_int_equal(bed.freed, 0);
	at(2 * MS);		/* max(t, z) */
	assert_int_equal(bed.freed, HALF / 2);
}

/* Raised, and taken back before it was in force: freed at once */
static void test_cap_raise_taken_back(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	ask_cap(s, HALF + 1000);
	ask_cap(s, HALF - 1000);
	assert_int_equal(bed.freed, 1000);
	run(s, 2 * MS);
	at(10 * MS);
	assert_int_equal(bed.freed, 2000);
}

/* ---- moves, bookings ---- */

static void test_move(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 2 * MS);
	stop(s, USER);
	vbs_server_detach(&bed.cpu, s);
	take_nodes();
	at(3 * MS);
	give_nodes();
	vbs_server_attach(s);
	wake(s, USER);
	waits_until(s, 4 * MS);
	at(4 * MS);
	instance(s, 4 * MS, 14 * MS, 0);
}

/* z is carried into the next life, its cap stays booked until then */
static void test_leave_and_reenter(void **state)
{
	struct vbs_server *s;
	u64 z;

	(void)state;
	bed_start(0);
	s = enter(50 * MS, 100 * MS, HALF);
	wake(s, USER);
	run(s, 50 * MS);
	stop(s, USER);
	z = vbs_termination(s);
	vbs_server_detach(&bed.cpu, s);
	vbs_booking_add(&bed.cpu, &bed.b, z, bed.now);
	s = enter_z(1 * MS, 2 * MS, HALF, false, z);
	wake(s, USER);
	waits_until(s, 100 * MS);
	at(100 * MS - 1);
	assert_false(bed.over);
	at(100 * MS);
	assert_true(bed.over);
	is_ready(s);
}

/* Further than 8 s away: queued again on the way, over at the right time */
static void test_far_booking(void **state)
{
	u64 when;

	(void)state;
	bed_start(5 * MS);
	give_nodes();
	vbs_booking_add(&bed.cpu, &bed.b, 100000 * MS, bed.now);
	assert_true(vbs_next_release(&bed.cpu, &when));
	assert_int_equal(when, 5 * MS + VBS_WAIT_MAX);
	at(100000 * MS - 1);
	assert_false(bed.over);
	at(100000 * MS);
	assert_true(bed.over);
}

/* Idle, the cap is reduced at y: the remainder of z was one of the old cap */
static void test_reduced_idle_remainder(void **state)
{
	struct vbs_server *s;
	u64 z;

	(void)state;
	bed_start(0);
	s = enter(1 * MS, 10 * MS, HALF - 1);
	wake(s, USER);
	run(s, 1001);
	stop(s, USER);
	assert_int_not_equal(s->z_rem, 0);
	z = vbs_termination(s);
	vbs_set_cap(&bed.cpu, s, HALF / 4, bed.now);
	at(10 * MS);
	assert_int_equal(s->cap, HALF / 4);
	assert_int_equal(s->z, z);
	assert_int_equal(s->z_rem, 0);
}

/* A booking that serves again lasts until the later instant, never less */
static void test_extended_booking(void **state)
{
	(void)state;
	bed_start(0);
	give_nodes();
	vbs_booking_add(&bed.cpu, &bed.b, 10 * MS, bed.now);
	vbs_booking_extend(&bed.b, 5 * MS);
	vbs_booking_extend(&bed.b, 30 * MS);
	vbs_booking_extend(&bed.b, 20 * MS);
	at(30 * MS - 1);
	assert_false(bed.over);
	at(30 * MS);
	assert_true(bed.over);
}

/* Releases due are processed in batches */
static void test_batches(void **state)
{
	(void)state;
	bed_start(0);
	for (int i = 0; i < 70; i++) {
		enter(10 * US, 1 * MS, HALF / 40);
		wake(&bed.s[i], USER);
		vbs_charge(&bed.s[i], 10 * US);
		vbs_settle(&bed.cpu, &bed.s[i], bed.now);
	}
	late_at(1 * MS);
	assert_int_equal(vbs_release_due(&bed.cpu, bed.now, 64), 64);
	assert_int_equal(vbs_release_due(&bed.cpu, bed.now, 64), 6);
	assert_int_equal(vbs_release_due(&bed.cpu, bed.now, 64), 0);
	for (int i = 0; i < 70; i++) {
		assert_ptr_equal(vbs_first_ready(&bed.cpu), &bed.s[i]);
		stop(&bed.s[i], USER);
	}
}

/* Members of a throttled server bring no budget */
static void test_join_throttled(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 2 * MS);
	wake(s, USER);
	waits_until(s, 10 * MS);
	instance(s, 0, 10 * MS, 2 * MS);
	at(10 * MS);
	assert_int_equal(vbs_nr_eligible(s), 2);
}

/* ---- figures ---- */

static void test_latencies(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(10 * MS);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	late_at(10 * MS + 300 * US);
	vbs_runs(s, bed.now);
	assert_int_equal(s->stats.release_worst, 300 * US);
	run(s, 1 * MS);
	vbs_runs(s, bed.now);	/* not the first execution any more */
	assert_int_equal(s->stats.release_worst, 300 * US);
	switch_to(s, 1 * MS, 4 * MS);
	waits_until(s, 12 * MS);
	assert_int_equal(s->stats.switches, 1);
	at(12 * MS);
	late_at(12 * MS + 50 * US);
	vbs_runs(s, bed.now);
	assert_int_equal(s->stats.switch_worst, 750 * US);
	assert_int_equal(s->stats.release_worst, 300 * US);
}

static void test_overruns(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	wake(s, USER);
	run(s, 2 * MS);
	assert_int_equal(s->stats.overruns, 0);
	at(10 * MS);
	run(s, 2 * MS + 70 * US);
	at(20 * MS);
	run(s, 1 * MS + 990 * US);
	assert_int_equal(s->stats.overruns, 2);
	assert_int_equal(s->stats.overrun_worst, 70 * US);
	assert_int_equal(s->stats.instances, 3);
	assert_int_equal(s->stats.consumed, 6 * MS + 60 * US);
}

/* It comes to another CPU, whose clock is behind that of the first */
static void test_switch_then_move(void **state)
{
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	at(80 * MS);
	switch_to(s, 1 * MS, 4 * MS);
	vbs_runs(s, 79 * MS);
	assert_int_equal(s->stats.switch_worst, 0);
	switch_to(s, 2 * MS, 10 * MS);
	wake(s, USER);
	stop(s, USER);
	vbs_server_detach(&bed.cpu, s);
	vbs_server_attach(s);
	vbs_runs(s, 90 * MS);
	assert_int_equal(s->stats.switch_worst, 0);
	assert_int_equal(s->stats.release_worst, 0);
}

/* A server that is on no CPU yet takes another resource */
static void test_switch_detached(void **state)
{
	struct vbs_params p = {
		.runtime = 1 * MS, .period = 4 * MS, .cap = HALF,
	};
	struct vbs_server *s;

	(void)state;
	bed_start(0);
	s = enter(2 * MS, 10 * MS, HALF);
	vbs_server_detach(&bed.cpu, s);
	vbs_switch(NULL, s, &p, bed.now);
	vbs_server_attach(s);
	at(3 * MS);
	wake(s, USER);
	instance(s, 3 * MS, 7 * MS, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_switch_ahead),
		cmocka_unit_test(test_switch_behind),
		cmocka_unit_test(test_switch_while_waiting),
		cmocka_unit_test(test_switch_while_blocked),
		cmocka_unit_test(test_switch_after_yield),
		cmocka_unit_test(test_switch_rounds_up),
		cmocka_unit_test(test_cap_reduced),
		cmocka_unit_test(test_cap_reduced_blocked),
		cmocka_unit_test(test_cap_reduced_switched),
		cmocka_unit_test(test_cap_raise_taken_back),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_leave_and_reenter),
		cmocka_unit_test(test_far_booking),
		cmocka_unit_test(test_extended_booking),
		cmocka_unit_test(test_reduced_idle_remainder),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_join_throttled),
		cmocka_unit_test(test_latencies),
		cmocka_unit_test(test_overruns),
		cmocka_unit_test(test_switch_detached),
		cmocka_unit_test(test_switch_then_move),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
