// SPDX-License-Identifier: GPL-2.0
/* Resources, servers and loads from text, and the caps that they need. */
#include <string.h>

#include "base/tests/unit.h"

#include "base/parse.h"
#include "vbs/params.h"

static void assert_no_res(const char *text, const char *why)
{
	struct resource res;
	const char *said = parse_resource(text, &res);

	assert_non_null(said);
	assert_non_null(strstr(said, why));
}

static void resources(void **state)
{
	struct resource res;

	(void)state;
	assert_null(parse_resource("3ms/10ms", &res));
	assert_int_equal(res.runtime, 3 * MS);
	assert_int_equal(res.period, 10 * MS);
	assert_null(parse_resource("1ms/1ms", &res));
	assert_no_res("3ms", "budget/period");
	assert_no_res("3/10", "unit is missing");
	assert_no_res("3ms/10", "unit is missing");
	assert_no_res("3ms/2ms", "longer than the period");
	assert_no_res("0ms/2ms", "zero");
	assert_no_res("3ms/10ms/10ms", "none of");
	assert_no_res("/", "digit");
}

static void aligned_caps_have_slack(void **state)
{
	struct resource res = { 3 * MS, 10 * MS };
	uint64_t cap = resource_cap_aligned(&res);

	(void)state;
	assert_true(cap * 10 * 511 >= (3ULL << 20) * 512);
	assert_true((cap - 1) * 10 * 511 < (3ULL << 20) * 512);
}

static void load_tasks(void **state)
{
	struct load_task t;

	(void)state;
	assert_null(parse_load_task("1ms/10ms", &t));
	assert_int_equal(t.deadline, 10 * MS);
	assert_null(parse_load_task("1ms/10ms/5ms", &t));
	assert_int_equal(t.cost, 1 * MS);
	assert_int_equal(t.period, 10 * MS);
	assert_int_equal(t.deadline, 5 * MS);
	assert_non_null(parse_load_task("1ms", &t));
	assert_non_null(parse_load_task("0ms/1ms", &t));
	assert_non_null(parse_load_task("1ms/2h", &t));
	assert_non_null(parse_load_task("1ms/4000s", &t));
	assert_non_null(parse_load_task("1ms/10ms/5ms/5ms", &t));
}

static void servers(void **state)
{
	struct server_spec s;

	(void)state;
	assert_null(parse_server("3ms/10ms:40%", &s));
	assert_int_equal(s.cap, 419431);
	assert_null(parse_server("3ms/10ms", &s));
	assert_int_equal(s.cap, 314573);
	assert_null(parse_server("3ms/10ms:30%", &s));
	assert_string_equal(parse_server("3ms/10ms:29.99%", &s), "the cap is below budget/period");
}

/* An item that is longer than any quantity is not cut to one that is right */
static void long_items_are_refused(void **state)
{
	struct resource res;
	char text[300];

	(void)state;
	memset(text, '0', sizeof(text));
	strcpy(text + 124, "3ms9/10ms");
	assert_non_null(parse_resource(text, &res));
}

/* 30 % must hold 3ms/10ms, which the kernel rounds up */
static void caps_round_up(void **state)
{
	struct resource res = { 3 * MS, 10 * MS };
	uint32_t cap;

	(void)state;
	assert_int_equal(resource_cap(&res), 314573);
	assert_null(parse_bandwidth("30%", &cap));
	assert_int_equal(cap, 314573);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resources),
		cmocka_unit_test(aligned_caps_have_slack),
		cmocka_unit_test(load_tasks),
		cmocka_unit_test(servers),
		cmocka_unit_test(long_items_are_refused),
		cmocka_unit_test(caps_round_up),
	};

	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
