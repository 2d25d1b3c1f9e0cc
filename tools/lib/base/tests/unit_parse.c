// SPDX-License-Identifier: GPL-2.0
/* Parsers and printers of times, bandwidths and CPU lists. */
#include <string.h>

#include "base/tests/unit.h"

#include <linux/sched/vbs.h>

#include "base/cpumask.h"
#include "base/format.h"
#include "base/parse.h"

static void assert_time(const char *text, uint64_t want)
{
	uint64_t ns = ~want;

	assert_null(parse_time(text, &ns));
	assert_int_equal(ns, want);
}

static void assert_no_time(const char *text, const char *why)
{
	uint64_t ns;
	const char *said = parse_time(text, &ns);

	assert_non_null(said);
	assert_non_null(strstr(said, why));
}

static void times_in_every_unit(void **state)
{
	(void)state;
	assert_time("500us", 500 * US);
	assert_time("1.5ms", 1500 * US);
	assert_time("10ms", 10 * MS);
	assert_time("2s", 2000 * MS);
	assert_time("100000ns", 100 * US);
	assert_time("0.000001ms", 1);
	assert_time("7\302\265s", 7 * US);
	assert_time("7\316\274s", 7 * US);
}

static void times_are_exact(void **state)
{
	(void)state;
	assert_time("0.3s", 300 * MS);
	assert_time("1.10000000000000000000000ms", 1100 * US);
	assert_time("9223372036.854775807s", INT64_MAX);
	assert_no_time("9223372036.854775808s", "too long");
	assert_no_time("1.5ns", "finer than a nanosecond");
	assert_no_time("0.0000000001s", "finer than a nanosecond");
	assert_no_time("99999999999999999999ns", "too large");
}

static void times_need_a_unit(void **state)
{
	(void)state;
	assert_no_time("10", "unit is missing");
	assert_no_time("0", "unit is missing");
	assert_no_time("10m", "none of");
	assert_no_time("10 ms", "none of");
	assert_no_time("10msx", "none of");
	assert_no_time("", "digit");
	assert_no_time("ms", "digit");
	assert_no_time("-1ms", "negative");
	assert_no_time("+1ms", "digit");
	assert_no_time("1.ms", "after the point");
	assert_no_time("1e3us", "none of");
	assert_no_time("0x10us", "none of");
	assert_no_time("nan", "digit");
}

static void assert_no_bytes(const char *text, const char *why)
{
	uint64_t bytes;
	const char *said = parse_bytes(text, &bytes);

	assert_non_null(said);
	assert_non_null(strstr(said, why));
}

static void bytes_in_powers_of_1024(void **state)
{
	uint64_t bytes;

	(void)state;
	assert_null(parse_bytes("0", &bytes));
	assert_int_equal(bytes, 0);
	assert_null(parse_bytes("4096", &bytes));
	assert_int_equal(bytes, 4096);
	assert_null(parse_bytes("4K", &bytes));
	assert_int_equal(bytes, 4096);
	assert_null(parse_bytes("3T", &bytes));
	assert_int_equal(bytes, 3ULL << 40);
	assert_no_bytes("1.5K", "whole number");
	assert_no_bytes("1KB", "whole number");
	assert_no_bytes("1k", "whole number");
	assert_no_bytes("K", "digit");
	assert_no_bytes("16777216T", "too large");
}

static void assert_bw(const char *text, uint32_t want)
{
	uint32_t bw = ~want;

	assert_null(parse_bandwidth(text, &bw));
	assert_int_equal(bw, want);
}

static void assert_no_bw(const char *text, const char *why)
{
	uint32_t bw;
	const char *said = parse_bandwidth(text, &bw);

	assert_non_null(said);
	assert_non_null(strstr(said, why));
}

static void bandwidths_in_every_form(void **state)
{
	(void)state;
	assert_bw("25%", VBS_BW_UNIT / 4);
	assert_bw("0.25", VBS_BW_UNIT / 4);
	assert_bw("1/4", VBS_BW_UNIT / 4);
	assert_bw("100%", VBS_BW_UNIT);
	assert_bw("1", VBS_BW_UNIT);
	assert_bw("1.0", VBS_BW_UNIT);
	assert_bw("12.5%", VBS_BW_UNIT / 8);
}

static void bandwidths_round_up(void **state)
{
	(void)state;
	assert_bw("30%", 314573);
	assert_bw("1/3", 349526);
	assert_bw("0.000000000000000001", 1);
	assert_bw("1/18446744073709551615", 1);
}

static void bandwidths_that_are_none(void **state)
{
	(void)state;
	assert_no_bw("25", "more than one CPU");
	assert_no_bw("101%", "more than one CPU");
	assert_no_bw("5/4", "more than one CPU");
	assert_no_bw("1/0", "zero");
	assert_no_bw("0", "more than zero");
	assert_no_bw("0%", "more than zero");
	assert_no_bw("-1%", "negative");
	assert_no_bw("25%%", "write 25%");
	assert_no_bw("0.5/2", "whole numbers");
	assert_no_bw("1/2.0x", "whole numbers");
	assert_no_bw("", "digit");
}

static const char *item_time(const char *text, void *out)
{
	return parse_time(text, out);
}

static void lists(void **state)
{
	uint64_t t[3];
	int n;

	(void)state;
	assert_null(parse_list("1ms,2ms,3ms", t, sizeof(t[0]), 3, item_time, &n));
	assert_int_equal(n, 3);
	assert_int_equal(t[2], 3 * MS);
	assert_non_null(parse_list("1ms,2ms,3ms,4ms", t, sizeof(t[0]), 3, item_time, &n));
	assert_non_null(parse_list("1ms,,3ms", t, sizeof(t[0]), 3, item_time, &n));
	assert_non_null(parse_list("", t, sizeof(t[0]), 3, item_time, &n));
	assert_non_null(parse_list("1ms,", t, sizeof(t[0]), 3, item_time, &n));
}

static void pids(void **state)
{
	pid_t pid;

	(void)state;
	assert_null(parse_pid("4242", &pid));
	assert_int_equal(pid, 4242);
	assert_non_null(parse_pid("0", &pid));
	assert_non_null(parse_pid("-1", &pid));
	assert_non_null(parse_pid("4294967297", &pid));
	assert_non_null(parse_pid("12x", &pid));
	assert_non_null(parse_pid("1.5", &pid));
}

static void cpu_lists(void **state)
{
	struct cpumask mask;
	char text[64];

	(void)state;
	assert_null(parse_cpus("0-2,5", &mask));
	assert_int_equal(cpumask_weight(&mask), 4);
	assert_true(cpumask_test(&mask, 5));
	assert_false(cpumask_test(&mask, 3));
	fmt_cpus(&mask, text, sizeof(text));
	assert_string_equal(text, "0-2,5");
	assert_null(parse_cpus("5,2,1,0,63-64,8191", &mask));
	fmt_cpus(&mask, text, sizeof(text));
	assert_string_equal(text, "0-2,5,63-64,8191");
	fmt_cpus(&mask, text, 6);
	assert_string_equal(text, "0-2,5");
	assert_non_null(parse_cpus("8192", &mask));
	assert_non_null(parse_cpus("2-1", &mask));
	assert_non_null(parse_cpus("1,", &mask));
	assert_non_null(parse_cpus("", &mask));
	assert_non_null(parse_cpus("a", &mask));
	assert_non_null(parse_cpus("99999999999999999999", &mask));
}

static void printed_times(void **state)
{
	(void)state;
	assert_string_equal(fmt_time(0).s, "0ms");
	assert_string_equal(fmt_time(999).s, "999ns");
	assert_string_equal(fmt_time(1000).s, "1us");
	assert_string_equal(fmt_time(1500 * US).s, "1.5ms");
	assert_string_equal(fmt_time(123456789).s, "123.456789ms");
	assert_string_equal(fmt_time(2000 * MS).s, "2s");
	assert_string_equal(fmt_time(UINT64_MAX).s, "18446744073.709551615s");
	assert_string_equal(fmt_short(123456789).s, "123ms");
	assert_string_equal(fmt_short(9996).s, "10us");
	assert_string_equal(fmt_short(UINT64_MAX).s, "18446744073.709551615s");
}

/* What is printed reads back as what it was */
static void times_round_trip(void **state)
{
	uint64_t ns = 1, back;
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		ns = ns * 6364136223846793005ULL + 1442695040888963407ULL;
		assert_null(parse_time(fmt_time(ns >> (i % 60 + 1)).s, &back));
		assert_int_equal(back, ns >> (i % 60 + 1));
	}
}

static void printed_bandwidths(void **state)
{
	const u128 huge = ~(u128)0;

	(void)state;
	assert_string_equal(fmt_bw(314573).s, "30 %");
	assert_string_equal(fmt_bw(VBS_BW_UNIT).s, "100 %");
	assert_string_equal(fmt_bw(131072).s, "12.5 %");
	assert_string_equal(fmt_bw(0).s, "0 %");
	assert_string_equal(fmt_column(314573).s, "30.00");
	assert_string_equal(fmt_percent(1, 3, 2, ROUND_UP).s, "33.34");
	assert_string_equal(fmt_percent(1, 3, 2, ROUND_DOWN).s, "33.33");
	assert_string_equal(fmt_percent(2, 3, 0, ROUND_NEAREST).s, "67");
	assert_string_equal(fmt_percent(huge / 3, huge, 2, ROUND_NEAREST).s, "33.33");
	assert_string_equal(fmt_percent(huge / 3, huge, 2, ROUND_UP).s, "33.34");
	assert_string_equal(fmt_percent(huge / 3, huge, 2, ROUND_DOWN).s, "33.33");
	assert_string_equal(fmt_percent(huge, huge, 6, ROUND_DOWN).s, "100");
	assert_string_equal(fmt_percent(huge, 1, 0, ROUND_NEAREST).s, "18446744073709551615");
	assert_string_equal(fmt_resource(3 * MS, 10 * MS).s, "3ms/10ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_in_every_unit),
		cmocka_unit_test(times_are_exact),
		cmocka_unit_test(times_need_a_unit),
		cmocka_unit_test(bytes_in_powers_of_1024),
		cmocka_unit_test(bandwidths_in_every_form),
		cmocka_unit_test(bandwidths_round_up),
		cmocka_unit_test(bandwidths_that_are_none),
		cmocka_unit_test(lists),
		cmocka_unit_test(pids),
		cmocka_unit_test(cpu_lists),
		cmocka_unit_test(printed_times),
		cmocka_unit_test(times_round_trip),
		cmocka_unit_test(printed_bandwidths),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
