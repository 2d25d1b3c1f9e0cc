// SPDX-License-Identifier: GPL-2.0
/* What happened between two readings, and what a refusal's line says. */
#include <stdio.h>
#include <string.h>

#include "base/tests/unit.h"

#include "show/events.h"
#include "show/refusals.h"

static char told[1024];

static void tell(const struct event *e, void *arg)
{
	size_t n = strlen(told);

	(void)arg;
	snprintf(told + n, sizeof(told) - n, "%s %u %d/%d;", event_name(e->kind), e->server->id,
		 (int)e->more, (int)e->all);
}

static void between(const char *before, const char *after, const char *want)
{
	struct vbs_snapshot *a = NULL, *b;
	char text[1024];

	snprintf(text, sizeof(text), "vbs version=1\n%s", before ? before : "");
	if (before)
		a = vbs_snapshot_parse(text);
	snprintf(text, sizeof(text), "vbs version=1\n%s", after);
	b = vbs_snapshot_parse(text);
	told[0] = '\0';
	events_between(a, b, 1000, tell, NULL);
	assert_string_equal(told, want);
	vbs_snapshot_free(a);
	vbs_snapshot_free(b);
}

static void servers_come_and_go(void **state)
{
	(void)state;
	between("server id=1 comm=a\nserver id=2 comm=b\n", "server id=2 comm=b\nserver id=3 comm=c\n",
		"end 1 1/1;begin 3 1/1;");
	between("", "server id=3 misses=2 comm=c\n", "begin 3 1/1;miss 3 2/2;");
	between(NULL, "server id=3 misses=2 comm=c\n", "");
}

static void counters_that_rise(void **state)
{
	(void)state;
	between("server id=1 misses=3 overruns=10 skipped=1 switches=2 fair=1 comm=a\n",
		"server id=1 misses=5 overruns=17 skipped=2 switches=3 fair=4 comm=a\n",
		"switch 1 1/3;miss 1 2/5;throttle 1 7/17;skip 1 1/2;fair 1 3/4;");
	between("server id=1 misses=3 comm=a\n", "server id=1 misses=3 comm=a\n", "");
	between("server id=1 misses=3 comm=a\n", "server id=1 misses=2 comm=a\n", "");
	/* A kernel that begins to tell it has told nothing before */
	between("server id=1 comm=a\n", "server id=1 fair=4 comm=a\n", "");
}

static void the_longest_counts_from_a_threshold(void **state)
{
	(void)state;
	between("server id=1 overrun_worst=10 comm=a\n", "server id=1 overrun_worst=999 comm=a\n", "");
	between("server id=1 overrun_worst=10 comm=a\n", "server id=1 overrun_worst=1000 comm=a\n",
		"worst 1 990/1000;");
	between("server id=1 overrun_worst=2000 comm=a\n", "server id=1 overrun_worst=2000 comm=a\n", "");
}

static void every_event_has_a_name(void **state)
{
	int kind;

	(void)state;
	for (kind = 0; kind < EVENTS; kind++)
		assert_int_equal(event_by_name(event_name(kind)), kind);
	assert_int_equal(event_by_name("misses"), EVENTS);
}

static void a_refusals_line(void **state)
{
	struct refusal_seen r;

	(void)state;
	assert_true(refusal_parse(" sh-12 [001] d..1. 5.000001: sched_vbs_reject: pid=42 reason=no_room asked=891290 spare=314573 cpu=1 held=0 until_ns=0",
				  &r));
	assert_int_equal(r.pid, 42);
	assert_string_equal(r.reason, "no_room");
	assert_int_equal(r.asked, 891290);
	assert_int_equal(r.spare, 314573);
	assert_int_equal(r.cpu, 1);
	assert_false(refusal_parse(" sh-12 [001] d..1. 5.000001: sched_vbs_reject: pid=42", &r));
	assert_false(refusal_parse("CPU:0 [LOST 5 EVENTS]", &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_come_and_go),
		cmocka_unit_test(counters_that_rise),
		cmocka_unit_test(the_longest_counts_from_a_threshold),
		cmocka_unit_test(every_event_has_a_name),
		cmocka_unit_test(a_refusals_line),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
