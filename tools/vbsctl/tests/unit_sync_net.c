// SPDX-License-Identifier: GPL-2.0
/*
 * 'timeline sync --from ntp:' in a world of its own (world.h): the truth stays in the bound
 * whatever happens to the counter, to the servers and to the time itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "tests/world.h"
#include "timeline/ntp.h"
#include "timeline/source.h"
#include "timeline/tracking.h"

#define SOME_DAY	1790000000	/* in September 2026 */
#define NEW_YEAR	1798761600	/* 2027 begins */
#define HOUR		(3600 * WORLD_SEC)

static char root[] = "/tmp/vbsctl-net.XXXXXX";

/* Where the address of a server stands for it */
#define ONE	"ntp:127.0.0.1:20001"
#define TWO	"ntp:127.0.0.1:20001,127.0.0.1:20002"
#define THREE	TWO ",127.0.0.1:20003"

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

static void it_keeps_a_timeline(void **state)
{
	(void)state;
	world_begin(SOME_DAY);
	world_at(600 * WORLD_SEC, world_judge_anew);
	world_at(3600 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", ONE, NULL), 0);
	check_kept(100);
	assert_in_range(world->server[0].asked, 200, 250);
	assert_in_range(world->widest, 2000000, 2600000);
}

static void fall_silent(struct world *w)
{
	int i;

	for (i = 0; i < WORLD_SERVERS; i++)
		w->server[i].silent = true;
}

static void speak_again(struct world *w)
{
	int i;

	for (i = 0; i < WORLD_SERVERS; i++)
		w->server[i].silent = false;
}

/* By less than makes samples from before and after it contradict each other */
static void stand_still_for_a_while(struct world *w)
{
	world_disrupt(w, 2000000);
}

/*
 * After it nobody answers for so long that the timeline is said not to be updated: the first
 * answer still is one after a disruption.
 */
static void disruption_in_silence(void (*disruption)(struct world *w))
{
	world_begin(SOME_DAY);
	world_at(1000 * WORLD_SEC, fall_silent);
	world_at(1001 * WORLD_SEC, disruption);
	world_at(1160 * WORLD_SEC, speak_again);
	world_at(3600 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", ONE, "--poll", "16s", NULL), 0);
	check_kept(80);
}

static void the_counter_begins_anew_in_silence(void **state)
{
	(void)state;
	disruption_in_silence(world_counter_begins);
}

static void the_counter_loses_time_in_silence(void **state)
{
	(void)state;
	disruption_in_silence(stand_still_for_a_while);
}

static void pause_of_two_seconds(struct world *w)
{
	world_disrupt(w, 2 * WORLD_SEC);
}

/* Somebody else sets the timeline, too, between two looks */
static void stand_still_and_set(struct world *w)
{
	stand_still_for_a_while(w);
	w->get.updates++;
}

static void another_setter_hides_no_disruption(void **state)
{
	(void)state;
	world_begin(SOME_DAY);
	world_at(1000 * WORLD_SEC, stand_still_and_set);
	world_at(1600 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", ONE, NULL), 0);
	check_kept(97);
}

/* Two answers are on their way while the machine stands still: with the first that is seen */
static void an_answer_outlives_a_disruption(void **state)
{
	(void)state;
	world_begin(SOME_DAY);
	world->server[0].way = 5000000;
	world->server[1].way = 20000000;
	world_at(1000000, pause_of_two_seconds);
	world_at(600 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", TWO, "--faulty", "0", NULL), 0);
	check_kept(98);
}

/* The year ends after an hour, with a second more (1) or less (-1): all servers announce that */
static void begin_with_leap(int leap)
{
	int i;

	world_begin(NEW_YEAR - 3600);
	world->leap = leap;
	world->leaps_at = leap < 0 ? HOUR - WORLD_SEC : HOUR;
	for (i = 0; i < WORLD_SERVERS; i++)
		world->server[i].leap = leap < 0 ? NTP_LEAP_59 : NTP_LEAP_61;
}

/* Over it, and synchronized again @soon after it: in readings until two hours have passed */
static void keep_over_leap(const char *from, const char *poll, uint64_t soon)
{
	world_at(1800 * WORLD_SEC, world_judge_anew);
	world_at(HOUR + soon, world_judge_anew);
	world_at(2 * HOUR, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", from, "--poll", poll, NULL), 0);
	check_kept(100);
	assert_int_equal(world->get.set.leap_indicator, LEAP_NONE);
	assert_true(world->widest < 100000000);
}

static void a_second_is_inserted(void **state)
{
	static const char *const from[] = { ONE, TWO, THREE }, *const poll[] = { "1s", "16s", "64s", "1800s" };
	int i, j;

	(void)state;
	for (i = 0; i < 3; i++) {
		for (j = 0; j < 4; j++) {
			begin_with_leap(1);
			keep_over_leap(from[i], poll[j], 5 * WORLD_SEC);
		}
	}
}

/* Some clocks go back at the beginning of the second, as Linux's, and some at its end */
static void it_may_begin_or_end_with_it(void **state)
{
	(void)state;
	begin_with_leap(1);
	world->leaps_at += WORLD_SEC;
	keep_over_leap(ONE, "64s", 5 * WORLD_SEC);
	begin_with_leap(1);
	world->leaps_at += WORLD_SEC;
	keep_over_leap(THREE, "16s", 5 * WORLD_SEC);
}

static void a_second_is_deleted(void **state)
{
	(void)state;
	begin_with_leap(-1);
	keep_over_leap(ONE, "64s", 5 * WORLD_SEC);
	begin_with_leap(-1);
	keep_over_leap(THREE, "16s", 5 * WORLD_SEC);
}

/* It is freerunning for a minute before it, and asks no more often than at its beginning */
static void what_it_costs(void **state)
{
	int before;

	(void)state;
	begin_with_leap(1);
	world_at(1800 * WORLD_SEC, world_judge_anew);
	world_at(2 * HOUR, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", THREE, "--poll", "64s", NULL), 0);
	check_kept(98);
	/* Four readings a second */
	assert_in_range(world->readings - world->synchronized, 4 * 60, 4 * 70);
	for (before = 0; world->server[1].asked_at[before] < HOUR; before++)
		;
	assert_in_range(world->server[1].asked_at[before] - HOUR, WORLD_SEC, 3 * WORLD_SEC);
	assert_in_range(world->server[1].asked_at[before + 3] - HOUR, 6 * WORLD_SEC, 10 * WORLD_SEC);
	assert_true(world->server[1].asked_at[before + 4] - HOUR > 60 * WORLD_SEC);
}

static void it_is_announced_and_does_not_come(void **state)
{
	(void)state;
	begin_with_leap(1);
	world->leap = 0;
	keep_over_leap(ONE, "64s", 5 * WORLD_SEC);
	begin_with_leap(1);
	world->leap = 0;
	keep_over_leap(THREE, "16s", 5 * WORLD_SEC);
}

/* One that knows nothing of it is one that is wrong; so is one that alone announces it */
static void one_of_three_is_wrong_about_it(void **state)
{
	(void)state;
	begin_with_leap(1);
	world->server[1].no_leap = true;
	world->server[1].leap = NTP_LEAP_NONE;
	keep_over_leap(THREE, "16s", 5 * WORLD_SEC);
	begin_with_leap(1);
	world->leap = 0;
	world->server[0].leap = world->server[2].leap = NTP_LEAP_NONE;
	world_at(1800 * WORLD_SEC, world_judge_anew);
	world_at(2 * HOUR, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", THREE, NULL), 0);
	check_kept(100);
}

/* The announcement stays a while after it */
static void it_is_announced_for_too_long(void **state)
{
	int i;

	(void)state;
	begin_with_leap(1);
	for (i = 0; i < WORLD_SERVERS; i++)
		world->server[i].leap_stale = 600 * WORLD_SEC;
	keep_over_leap(THREE, "16s", 5 * WORLD_SEC);
}

static void nobody_answers_after_it(void **state)
{
	(void)state;
	begin_with_leap(1);
	world_at(3500 * WORLD_SEC, fall_silent);
	world_at(HOUR + 10 * WORLD_SEC, world_judge_anew);
	world_at(2 * HOUR, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", THREE, "--poll", "16s", NULL), 0);
	check_kept(0);
	assert_int_equal(world->synchronized, 0);
}

/* Nor does what goes on when it has ended say that it is synchronized */
static void it_ends_before_it(void **state)
{
	(void)state;
	begin_with_leap(1);
	world_at(3000 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", ONE, NULL), 0);
	world_judge_anew(world);
	world_pass(world, HOUR);
	check_kept(0);
	assert_int_equal(world->synchronized, 0);
}

static void write_something(FILE *f, const void *arg)
{
	fputs(arg, f);
}

static bool is_there(const char *end)
{
	FILE *f = tracking_open(WORLD_NAME, end);

	if (f)
		fclose(f);
	return f;
}

/* What another process keeps it by is left alone by one that could not begin */
static void it_removes_only_its_own(void **state)
{
	struct tracking t;

	(void)state;
	world_begin(SOME_DAY);
	world_at(100 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", ONE, NULL), 0);
	assert_false(is_there(""));
	assert_false(is_there(" servers"));
	tracking_begin(&t, "ntp:somebody", 3);
	assert_int_equal(tracking_write(WORLD_NAME, &t), 0);
	assert_int_equal(tracking_put(WORLD_NAME, " servers", write_something, "his"), 0);
	world_begin(SOME_DAY);
	assert_int_equal(world_run("sync", "lab", "--from", ONE, "--record", "/no/such/file", NULL), 1);
	assert_true(is_there(""));
	assert_true(is_there(" servers"));
	/* Nor by one that has had no answer */
	world_begin(SOME_DAY);
	world->server[0].silent = true;
	world_at(100 * WORLD_SEC, NULL);
	assert_int_equal(world_run("sync", "lab", "--from", ONE, NULL), 0);
	assert_true(is_there(""));
	assert_true(is_there(" servers"));
	tracking_drop(WORLD_NAME, "");
	tracking_drop(WORLD_NAME, " servers");
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
	char path[64];

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_keeps_a_timeline),
		cmocka_unit_test(the_counter_begins_anew_in_silence),
		cmocka_unit_test(the_counter_loses_time_in_silence),
		cmocka_unit_test(another_setter_hides_no_disruption),
		cmocka_unit_test(an_answer_outlives_a_disruption),
		cmocka_unit_test(a_second_is_inserted),
		cmocka_unit_test(it_may_begin_or_end_with_it),
		cmocka_unit_test(a_second_is_deleted),
		cmocka_unit_test(what_it_costs),
		cmocka_unit_test(it_is_announced_and_does_not_come),
		cmocka_unit_test(one_of_three_is_wrong_about_it),
		cmocka_unit_test(it_is_announced_for_too_long),
		cmocka_unit_test(nobody_answers_after_it),
		cmocka_unit_test(it_ends_before_it),
		cmocka_unit_test(it_removes_only_its_own),
	};

	if (!mkdtemp(root))
		return 1;
	setenv("VBSCTL_ROOT", root, 1);
	snprintf(path, sizeof(path), "%s/run", root);
	mkdir(path, 0755);
	return cmocka_run_group_tests_name("timeline sync_net", tests, NULL, clean_up);
}
