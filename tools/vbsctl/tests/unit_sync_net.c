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

#define SOME_DAY	1790000000	/* in September 2026 */

static char root[] = "/tmp/vbsctl-net.XXXXXX";

/* Where the address of a server stands for it */
#define ONE	"ntp:127.0.0.1:20001"
#define TWO	"ntp:127.0.0.1:20001,127.0.0.1:20002"

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
	check_kept(98);
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
		cmocka_unit_test(it_keeps_a_timeline),
		cmocka_unit_test(the_counter_begins_anew_in_silence),
		cmocka_unit_test(the_counter_loses_time_in_silence),
		cmocka_unit_test(another_setter_hides_no_disruption),
		cmocka_unit_test(an_answer_outlives_a_disruption),
	};

	if (!mkdtemp(root))
		return 1;
	setenv("VBSCTL_ROOT", root, 1);
	return cmocka_run_group_tests_name("timeline sync_net", tests, NULL, clean_up);
}
