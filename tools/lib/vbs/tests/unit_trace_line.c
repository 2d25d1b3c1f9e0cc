// SPDX-License-Identifier: GPL-2.0
/* Lines of the tracer, in which names may hold anything. */
#include "base/tests/unit.h"

#include "vbs/trace_line.h"

static void lines_of_the_tracer(void **state)
{
	struct trace_event e;

	(void)state;
	trace_parse("          <idle>-0       [001] d..2.   123.456789: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=x next_pid=42 next_prio=-3",
		    &e);
	assert_int_equal(e.kind, TRACE_SWITCH);
	assert_int_equal(e.now, 123456789000ULL);
	assert_int_equal(e.pid, 0);
	assert_int_equal(e.next, 42);
	assert_false(e.sleeps);
	trace_parse(" a b-42 [001] d..2. 5.000001: sched_switch: prev_comm=a prev_pid=7 prev_pid=42 prev_prio=1 prev_state=S ==> next_comm= next_pid=9 next_pid=0 next_prio=120",
		    &e);
	assert_int_equal(e.pid, 42);
	assert_int_equal(e.next, 0);
	assert_true(e.sleeps);
	assert_int_equal(e.now, 5000001000ULL);
	trace_parse(" x-1 [000] d.h4. 7.250000: sched_waking: comm=w pid=5 pid=42 prio=120 target_cpu=001", &e);
	assert_int_equal(e.kind, TRACE_WAKE);
	assert_int_equal(e.pid, 42);
	trace_parse(" x-1 [000] d.h4. 7.250000: sched_wakeup: comm=w pid=42 prio=120 target_cpu=001", &e);
	assert_int_equal(e.kind, TRACE_OTHER);
	trace_parse("CPU:1 [LOST 52 EVENTS]", &e);
	assert_int_equal(e.kind, TRACE_OTHER);
	trace_parse("sched_switch: prev_pid=1 ==> next_pid=2", &e);
	assert_int_equal(e.kind, TRACE_OTHER);
}

/* Names are 15 characters of anybody's choice, and stand before the event and in it */
static void names_are_no_events(void **state)
{
	struct trace_event e;

	(void)state;
	trace_parse(" sched_switch: -4242  [000] d..2.    12.000001: sched_switch: prev_comm=sched_switch:  prev_pid=4242 "
		    "prev_prio=120 prev_state=S ==> next_comm=y next_pid=77 next_prio=120", &e);
	assert_int_equal(e.kind, TRACE_SWITCH);
	assert_true(e.now == 12000001000 && e.pid == 4242 && e.next == 77 && e.sleeps);
	trace_parse(" x-1  [000] d..2.    12.000001: sched_switch: prev_comm=a ==> b prev_pid=4242 prev_prio=120 "
		    "prev_state=S ==> next_comm=y next_pid=77 next_prio=120", &e);
	assert_true(e.kind == TRACE_SWITCH && e.pid == 4242 && e.next == 77 && e.sleeps);
	trace_parse(" x-1  [000] d..2.    12.000001: sched_switch: prev_comm= prev_pid= ==>  prev_pid=4242 prev_prio=120 "
		    "prev_state=S ==> next_comm= ==> next_comm= next_pid=77 next_prio=120", &e);
	assert_true(e.kind == TRACE_SWITCH && e.pid == 4242 && e.next == 77 && e.sleeps);
	trace_parse(" x-1  [000] d..2.    12.000001: sched_switch: prev_comm= prev_state=S prev_pid=4242 prev_prio=120 "
		    "prev_state=R+ ==> next_comm=y next_pid=77 next_prio=120", &e);
	assert_true(e.kind == TRACE_SWITCH && e.pid == 4242 && !e.sleeps);
	trace_parse(" sched_waking: -1  [000] d..2.    12.000001: sched_waking: comm=sched_switch:  pid=4242 prio=120 "
		    "target_cpu=000", &e);
	assert_true(e.kind == TRACE_WAKE && e.pid == 4242 && e.now == 12000001000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_tracer),
		cmocka_unit_test(names_are_no_events),
	};

	return cmocka_run_group_tests_name("trace_line", tests, NULL, NULL);
}
