// SPDX-License-Identifier: GPL-2.0
/*
 * What follows a clock of this machine, and what hands a timeline on, in a world of its own
 * (world.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "tests/world.h"
#include "timeline/source.h"

#define SOME_DAY	1790000000	/* in September 2026 */
#define NEW_YEAR	1798761600	/* 2027 begins */

static char root[] = "/tmp/vbsctl-live.XXXXXX";

/* Synchronized in at least so many of 100 readings, and never outside */
static void check_kept(int percent)
{
	if (world->outside)
		print_error("outside %d times, first %.3f s after the beginning\n", world->outside,
			    world->first_outside / 1e9);
	assert_int_equal(world->outside, 0);
	assert_int_not_equal(world->readings, 0);
	assert_in_range(world->synchronized * 100LL, (long long)world->readings * percent,
			world->readings * 100LL);
}

static void it_follows_the_clock(void **state)
{
	(void)state;
	world_begin(SOME_DAY);
	world_at(100 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", "realtime", "-e", "100us", NULL), 0);
	check_kept(99);
	assert_in_range(world->sets, 99, 101);
}

/* The year ends after 1000 s, with a second more (1) or less (-1), as the kernel was told */
static void keep_over_leap(int leap, const char *interval)
{
	world_begin(NEW_YEAR - 1000);
	world->leap = leap;
	world->leaps_at = (leap < 0 ? 999 : 1000) * WORLD_SEC;
	world_at(800 * WORLD_SEC, world_judge_anew);
	world_at(1005 * WORLD_SEC, world_judge_anew);
	world_at(2000 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", "realtime", "-e", "100us", "-i", interval, NULL), 0);
	check_kept(100);
	/* Of a single sample: some 1000 ppm of the interval on either side */
	assert_in_range(world->widest, 0, 700000000);
}

static void leap_seconds_are_covered(void **state)
{
	static const char *const interval[] = { "250ms", "1s", "64s", "300s" };
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		keep_over_leap(1, interval[i]);
		keep_over_leap(-1, interval[i]);
	}
}

static void tai_has_none(void **state)
{
	(void)state;
	world_begin(NEW_YEAR - 1000);
	world->get.time_type = TIMELINE_TIME_TAI;
	world->leap = 1;
	world->leaps_at = 5000 * WORLD_SEC;	/* it is announced, and TAI goes on */
	world_at(800 * WORLD_SEC, world_judge_anew);
	world_at(2000 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", "tai", "-e", "100us", NULL), 0);
	check_kept(100);
}

static void it_ends_before_it(void **state)
{
	(void)state;
	world_begin(NEW_YEAR - 1000);
	world->leap = 1;
	world->leaps_at = 1000 * WORLD_SEC;
	world_at(500 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", "realtime", "-e", "100us", NULL), 0);
	world_judge_anew(world);
	world_pass(world, 1000 * WORLD_SEC);
	check_kept(0);
	assert_int_equal(world->synchronized, 0);
}

/* Whenever it comes, also between a look whether it has come and the next wait */
static void a_signal_is_never_lost(void **state)
{
	(void)state;
	world_begin(SOME_DAY);
	world_at(10 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", "realtime", "-e", "100us", "-i", "3600s", NULL), 0);
	assert_in_range(world->now, 10 * WORLD_SEC, 11 * WORLD_SEC);
	world_begin(SOME_DAY);
	world_at(10 * WORLD_SEC, NULL);
	assert_int_equal(world_run("serve", "lab", "--listen", "127.0.0.1:20999", NULL), 0);
	assert_in_range(world->now, 10 * WORLD_SEC, 11 * WORLD_SEC);
}

static void no_memory(struct world *w)
{
	w->failures = 5;
}

static void nothing_works_any_more(struct world *w)
{
	w->failures = 1000000;
}

static void serve_outlives_a_shortage(void **state)
{
	(void)state;
	world_begin(SOME_DAY);
	world_at(10 * WORLD_SEC, no_memory);
	world_at(20 * WORLD_SEC, NULL);
	assert_int_equal(world_run("serve", "lab", "--listen", "127.0.0.1:20999", NULL), 0);
	assert_in_range(world->now, 20 * WORLD_SEC, 21 * WORLD_SEC);
	assert_int_equal(world->failures, 0);
	/* Not one that lasts */
	world_begin(SOME_DAY);
	world_at(10 * WORLD_SEC, nothing_works_any_more);
	assert_int_equal(world_run("serve", "lab", "--listen", "127.0.0.1:20999", NULL), 1);
	assert_in_range(world->now, 15 * WORLD_SEC, 60 * WORLD_SEC);
}

static int clean_up(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_follows_the_clock),
		cmocka_unit_test(leap_seconds_are_covered),
		cmocka_unit_test(tai_has_none),
		cmocka_unit_test(it_ends_before_it),
		cmocka_unit_test(a_signal_is_never_lost),
		cmocka_unit_test(serve_outlives_a_shortage),
	};

	if (!mkdtemp(root))
		return 1;
	setenv("VBSCTL_ROOT", root, 1);
	return cmocka_run_group_tests_name("timeline sync_live", tests, NULL, clean_up);
}
