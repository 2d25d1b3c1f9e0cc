// SPDX-License-Identifier: GPL-2.0
/* The chart of a command, from lines of the tracer. */
#include <stdlib.h>
#include <string.h>

#include "base/tests/unit.h"

#include "show/gantt.h"

#define HEAD(cpu, time) " x y-1 [" cpu "] d..2. " time ": "
#define SWITCH(cpu, time, prev, state, next, comm) \
	HEAD(cpu, time) "sched_switch: prev_comm=p prev_pid=" prev " prev_prio=1 prev_state=" state \
	" ==> next_comm=" comm " next_pid=" next " next_prio=1"

static struct gantt g;

static void feed(void)
{
	static const char *const lines[] = {
		"# tracer: nop",
		SWITCH("000", "5.000000", "0", "R", "42", "sh"),
		HEAD("000", "5.001000") "sched_vbs_admit: server=7 cpu=0 cap=1 runtime=3000000 period=10000000 pid=42 comm=sh",
		HEAD("000", "5.001000") "sched_vbs_release: server=7 cpu=0 release=1 deadline=2 runtime=3000000 period=10000000 debt=0",
		HEAD("000", "5.002000") "sched_process_fork: comm=a child_comm=b pid=42 child_comm=c child_pid=9 child_pid=43",
		HEAD("000", "5.002000") "sched_process_fork: comm=x pid=99 child_comm=c child_pid=100",
		SWITCH("000", "5.003000", "42", "R+", "43", "<b> & c"),
		SWITCH("001", "5.003500", "0", "R", "100", "other"),
		HEAD("000", "5.004000") "sched_vbs_exhaust: server=7 cpu=0 why=budget consumed=3 runtime=3 until=5",
		SWITCH("000", "5.004000", "43", "R+", "0", "idle"),
		SWITCH("001", "5.010000", "0", "R", "42", "sh"),
		HEAD("001", "5.011000") "sched_vbs_switch: server=7 cpu=1 runtime=1->2 period=3->4 at=1 release=2",
		"CPU:1 [LOST 5 EVENTS]",
	};
	size_t i;

	gantt_begin(&g, 42);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		gantt_line(&g, lines[i]);
}

static void the_threads_of_the_command(void **state)
{
	(void)state;
	feed();
	assert_int_equal(g.threads, 2);
	assert_int_equal(g.thread[0].runs, 2);
	assert_int_equal(g.thread[0].run[0].from, 5000000000ULL);
	assert_int_equal(g.thread[0].run[0].to, 5003000000ULL);
	assert_int_equal(g.thread[0].run[1].cpu, 1);
	assert_true(g.thread[0].running);
	assert_int_equal(g.thread[1].tid, 43);
	assert_string_equal(g.thread[1].comm, "<b> & c");
	assert_int_equal(g.thread[1].run[0].to - g.thread[1].run[0].from, 1 * MS);
	assert_false(g.thread[1].running);
	gantt_free(&g);
}

static void the_marks_of_servers(void **state)
{
	(void)state;
	feed();
	assert_int_equal(g.servers, 1);
	assert_int_equal(g.server[0].id, 7);
	assert_int_equal(g.server[0].runtime, 3 * MS);
	assert_int_equal(g.server[0].marks, 3);
	assert_int_equal(g.server[0].mark[0].kind, MARK_RELEASE);
	assert_int_equal(g.server[0].mark[1].kind, MARK_EXHAUST);
	assert_int_equal(g.server[0].mark[1].at, 5004000000ULL);
	assert_int_equal(g.server[0].mark[2].kind, MARK_SWITCH);
	gantt_free(&g);
}

static int count(const char *text, const char *what)
{
	int n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

static void the_chart(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	feed();
	gantt_draw(&g, 5000000000ULL, 20 * MS, f);
	fclose(f);
	assert_non_null(strstr(text, ">&lt;b> &amp; c 43<"));
	assert_non_null(strstr(text, ">server 7, 3ms/10ms<"));
	assert_int_equal(count(text, "class=\"r\""), 1);
	assert_int_equal(count(text, "class=\"e\""), 1);
	assert_int_equal(count(text, "class=\"s\""), 1);
	assert_int_equal(count(text, "\"#0072b2\""), 3);	/* two runs, and CPU 0 below */
	assert_int_equal(count(text, "\"#009e73\""), 2);
	/* 3 of 20 ms in 990 pixels from 190 on */
	assert_non_null(strstr(text, "<rect x=\"190.00\" y=\"68\" width=\"148.50\""));
	free(text);
	text = NULL;
	f = open_memstream(&text, &size);
	gantt_draw(&g, 5020000000ULL, 20 * MS, f);	/* after the last event one still runs */
	fclose(f);
	assert_int_equal(count(text, "class=\"r\""), 0);
	free(text);
	gantt_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_threads_of_the_command),
		cmocka_unit_test(the_marks_of_servers),
		cmocka_unit_test(the_chart),
	};

	return cmocka_run_group_tests_name("gantt", tests, NULL, NULL);
}
