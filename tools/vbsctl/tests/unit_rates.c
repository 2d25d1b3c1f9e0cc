// SPDX-License-Identifier: GPL-2.0
/* From rates to servers and back, files of models, and verdicts on runs. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "command.h"
#include "rate/advise_rate.h"
#include "rate/verdict.h"
#include "rate/watch_file.h"
#include "until_stopped.h"

#define WHOLE	(1 << 20)
#define KB	1024ULL

static struct rate_model model;
static struct machine machine;
static struct load load;

/* 500 us and 5 ns for each unit */
static uint64_t cost(uint64_t size)
{
	return 500 * US + 5 * size;
}

static int set_up(void **state)
{
	uint64_t size;
	int i;

	(void)state;
	machine_defaults(&machine);
	model = (struct rate_model){ .samples.tolerance = WHOLE / 10, .command = strdup("work {}") };
	strcpy(model.unit, "byte");
	for (size = 64 * KB; size <= 16 * KB * KB; size *= 4) {
		for (i = 0; i < RATE_STATES; i++) {
			struct rate_sample run = {
				.size = size, .cpu = cost(size), .took = 3 * cost(size), .share = WHOLE / 2,
				.state = i,
			};

			assert_true(model_add(&model, &run));
		}
	}
	rate_fit(&model.samples, &model.fit);
	assert_int_equal(model.fit.verdict, RATE_LINEAR);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	model_free(&model);
	return 0;
}

static enum rate_answer plan(struct rate_goal *goal)
{
	assert_null(rate_complete(goal));
	rate_load(&model, goal, &load);
	return rate_plan(&load, &machine, goal);
}

static void pieces_are_what_comes_in_the_latency(void **state)
{
	struct rate_goal goal = { .rate = 10 * KB * KB, .latency = 100 * MS };

	(void)state;
	assert_int_equal(plan(&goal), RATE_FITS);
	assert_int_equal(goal.op, KB * KB);
	assert_int_equal(load.task[0].cost, cost(goal.op));
	assert_int_equal(load.task[0].period, 100 * MS);
	assert_int_equal(load.task[0].deadline, 100 * MS);
}

/* What is proposed does a piece in any window, with little more than it takes */
static void proposals_are_enough_and_not_much_more(void **state)
{
	uint64_t rates[] = { 100 * KB, 1024 * KB, 10 * KB * KB, 100 * KB * KB }, i;
	struct ratio need;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct rate_goal goal = { .rate = rates[i], .latency = 100 * MS };

		assert_int_equal(plan(&goal), RATE_FITS);
		assert_true(rate_in_window(&model, &machine, &goal) >= goal.op);
		need = (struct ratio){ load.task[0].cost * 5 / 4 + 200 * US, load.task[0].period };
		assert_true(ratio_cmp((struct ratio){ goal.res.runtime, goal.res.period }, need) <= 0);
		goal.res.runtime -= 5 * US;
		assert_int_equal(rate_plan(&load, &machine, &goal), RATE_TOO_SMALL);
	}
}

static void too_much_for_a_cpu(void **state)
{
	struct rate_goal goal = { .rate = 190 * KB * KB, .latency = 100 * MS };

	(void)state;
	assert_int_not_equal(plan(&goal), RATE_FITS);
}

/* Small pieces cost their start each time, and must not wait for the others */
static void small_pieces_need_more(void **state)
{
	struct rate_goal one = { .rate = 20 * KB * KB, .latency = 100 * MS };
	struct rate_goal many = { .rate = 20 * KB * KB, .latency = 100 * MS, .op = 64 * KB };

	(void)state;
	assert_int_equal(plan(&one), RATE_FITS);
	assert_int_equal(plan(&many), RATE_FITS);
	assert_int_equal(load.task[0].period, 3125 * US);
	assert_int_equal(load.task[0].cost, cost(64 * KB));
	assert_true(ratio_cmp((struct ratio){ many.res.runtime, many.res.period },
			      (struct ratio){ one.res.runtime, one.res.period }) > 0);
}

static void goals_that_make_no_sense(void **state)
{
	struct rate_goal slow = { .rate = 1, .op = 4000, .latency = MS };
	struct rate_goal fast = { .rate = 1ULL << 40, .op = 1, .latency = MS };
	struct rate_goal big = { .rate = 1ULL << 50, .latency = 1000 * MS };

	(void)state;
	assert_string_equal(rate_complete(&slow), "pieces come more than an hour apart");
	assert_string_equal(rate_complete(&fast), "pieces come less than a nanosecond apart");
	assert_string_equal(rate_complete(&big), "a piece is more than 1T");
}

/* In the long run a server does what its budget is worth, and in no window more */
static void windows_grow_to_the_long_run(void **state)
{
	struct rate_goal goal = { .res = { 2 * MS, 10 * MS }, .latency = 10 * MS };
	u128 rate = rate_in_the_long_run(&model, &machine, &goal), units;

	(void)state;
	assert_true(rate > 30000000 && rate < 40000000);
	assert_true(rate_in_window(&model, &machine, &goal) == 0);
	for (goal.latency = 20 * MS; goal.latency < 10000 * MS; goal.latency = goal.latency * 3 / 2) {
		units = rate_in_window(&model, &machine, &goal);
		assert_true(units * 1000000000 <= rate * (u128)goal.latency);
	}
	assert_true(units * 1000000000 > rate * (u128)goal.latency * 6 / 10);
}

/* Each piece begins anew: of 16K it has the cost of 64K, the least that was measured */
static void pieces_begin_anew(void **state)
{
	struct rate_goal goal = { .res = { 2 * MS, 10 * MS }, .latency = 100 * MS, .op = 16 * KB };
	u128 piece = cost(64 * KB), long_run = rate_in_the_long_run(&model, &machine, &goal), units;

	(void)state;
	assert_true(long_run * piece <= goal.op * (u128)200 * MS);
	assert_true(long_run * piece > goal.op * (u128)198 * MS);
	units = rate_in_window(&model, &machine, &goal);
	/* Nine budgets, in which whole pieces are done */
	assert_true(units % goal.op == 0 && units / goal.op * piece <= (u128)18 * MS);
	assert_true(units / goal.op * piece > (u128)15 * MS);
}

static void rates_in_words(void **state)
{
	uint64_t rate;
	int cpu;

	(void)state;
	assert_null(rate_parse("200M/s", &rate));
	assert_int_equal(rate, 200 * KB * KB);
	assert_null(rate_parse("1500", &rate));
	assert_int_equal(rate, 1500);
	assert_non_null(rate_parse("0", &rate));
	assert_string_equal(rate_parse("5M/ms", &rate), "a rate is per second, as in 200M/s");
	assert_non_null(rate_parse("5MB/s", &rate));
	assert_non_null(rate_parse("-5", &rate));
	assert_null(rate_parse_cpu("3", &cpu));
	assert_int_equal(cpu, 3);
	assert_non_null(rate_parse_cpu("9000", &cpu));
}

static char file[] = "/tmp/unit_rates.XXXXXX";

static void write_text(const char *text)
{
	FILE *to = fopen(file, "w");

	assert_non_null(to);
	fputs(text, to);
	fclose(to);
}

static void files_hold_all_of_a_model(void **state)
{
	struct rate_model back;

	(void)state;
	model.samples.sample[3].waited = 77;
	model.samples.sample[4].other = 78;
	assert_int_equal(model_write(&model, file), VC_OK);
	assert_int_equal(model_read(&back, file), VC_OK);
	assert_string_equal(back.command, "work {}");
	assert_string_equal(back.unit, "byte");
	assert_int_equal(back.samples.tolerance, WHOLE / 10);
	assert_int_equal(back.samples.samples, model.samples.samples);
	assert_memory_equal(&back.fit.line, &model.fit.line, sizeof(model.fit.line));
	assert_int_equal(back.samples.sample[3].waited, 77);
	assert_int_equal(back.samples.sample[4].other, 78);
	model_free(&back);
}

/* The verdict in a file is for people: what counts is in the samples */
static void files_are_fitted_again(void **state)
{
	struct rate_model back;
	struct rate_goal goal = { .rate = KB * KB, .latency = 100 * MS };

	(void)state;
	model.samples.sample[0].cpu *= 2;
	assert_int_equal(model_write(&model, file), VC_OK);
	assert_int_equal(goal_plan(file, &back, &goal, &machine, &load), VC_FAIL);
	assert_int_not_equal(back.fit.verdict, RATE_LINEAR);
	model_free(&back);
}

static void other_files_are_refused(void **state)
{
	static const char *const text[] = {
		"", "{", "[]", "7", "{ \"format\": 2 }", "{ \"format\": 1, \"unit\": \"byte\" }",
		"{ \"format\": 1, \"unit\": \"byte\", \"tolerance\": 5, \"samples\": [] }",
		"{ \"format\": 1, \"unit\": \"byte\", \"tolerance\": 5, \"samples\": [ 3 ] }",
		"{ \"format\": 1, \"unit\": \"byte\", \"tolerance\": 5, \"samples\": [ { \"state\": \"idle\", \"share\": 5, \"size\": 1, \"cpu_ns\": -1, \"took_ns\": 1, \"waited_ns\": 0, \"uncharged_ns\": 0 } ] }",
		"{ \"format\": 1, \"unit\": \"byte\", \"tolerance\": 5, \"samples\": [ { \"state\": \"warm\", \"share\": 5, \"size\": 1, \"cpu_ns\": 1, \"took_ns\": 1, \"waited_ns\": 0, \"uncharged_ns\": 0 } ] }",
		"{ \"format\": 1, \"unit\": \"B\\u001b\", \"tolerance\": 5, \"samples\": [ { \"state\": \"idle\", \"share\": 5, \"size\": 1, \"cpu_ns\": 1, \"took_ns\": 1, \"waited_ns\": 0, \"uncharged_ns\": 0 } ] }",
	};
	struct rate_model back;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		write_text(text[i]);
		assert_int_equal(model_read(&back, file), VC_FAIL);
	}
	assert_int_equal(model_read(&back, "/nonexistent"), VC_FAIL);
}

/* One sample of one size: too few, and no division by anything that is 0 */
static void one_sample_promises_nothing(void **state)
{
	struct rate_model back;

	(void)state;
	write_text("{ \"format\": 1, \"unit\": \"byte\", \"tolerance\": 5, \"samples\": [ { \"state\": \"idle\", \"share\": 5, \"size\": 1, \"cpu_ns\": 1, \"took_ns\": 1, \"waited_ns\": 0, \"uncharged_ns\": 0 } ] }");
	assert_int_equal(model_read(&back, file), VC_OK);
	assert_int_equal(back.fit.verdict, RATE_TOO_FEW);
	model_free(&back);
}

static void expect_why(enum rate_verdict verdict, const char *text)
{
	char why[320];

	model.fit.verdict = verdict;
	model_refusal(&model, why, sizeof(why));
	assert_non_null(strstr(why, text));
}

static void refusals_have_numbers(void **state)
{
	(void)state;
	model.fit.by_state = (struct rate_spread){ WHOLE / 5, 64 * KB, RATE_IDLE, RATE_COLD };
	model.fit.by_share = (struct rate_spread){ WHOLE / 4, 4 * KB, WHOLE / 2, WHOLE / 5 };
	model.fit.waited = WHOLE / 2;
	model.fit.uncharged = WHOLE / 8;
	model.fit.above = WHOLE * 3 / 4;
	model.fit.above_size = 16 * KB;
	expect_why(RATE_BY_STATE, "with size 64K it takes 20 % more CPU time in the state cold than in idle, and 10 % is tolerated");
	expect_why(RATE_BY_SHARE, "with size 4K it takes 25 % more CPU time with 20 % of a CPU than with 50 %");
	expect_why(RATE_WAITS, "for 50 % of its time");
	expect_why(RATE_UNCHARGED, "12.5 % of its CPU time for it, which nobody is charged");
	expect_why(RATE_CURVED, "is 75 % or more above the mean of some size, here of 16K");
	expect_why(RATE_TOO_FEW, "5 sizes from 64K to 16M");
	model.fit.verdict = RATE_LINEAR;
	expect_why(RATE_LINEAR, "");
}

static struct rate_goal goal = { .op = 100, .latency = 10 };
static uint64_t took[8];

/* Runs that take so long, one right after the other; how many were late */
static uint64_t late_of(uint64_t period, const uint64_t *run, int n)
{
	struct pieces p = { .goal = &goal, .took = took, .piece.period = period };
	struct ran ran[8];
	uint64_t t = 1000;
	int i;

	for (i = 0; i < n; i++) {
		ran[i] = (struct ran){ .begin = t, .end = t + run[i] };
		t = ran[i].end;
	}
	pieces_of_runs(&p, ran, n);
	assert_int_equal(p.units, n * 100);
	assert_int_equal(p.time, t - 1000);
	return p.late;
}

static void runs_are_late_by_themselves(void **state)
{
	(void)state;
	assert_int_equal(late_of(10, (uint64_t[]){ 10, 10, 10 }, 3), 0);
	assert_int_equal(late_of(10, (uint64_t[]){ 10, 11, 3 }, 3), 1);
	assert_int_equal(took[1], 11);
	assert_int_equal(took[2], 4);
}

/* Each within the latency, but together slower than the rate */
static void runs_are_late_by_those_before(void **state)
{
	(void)state;
	assert_int_equal(late_of(6, (uint64_t[]){ 7, 7, 7, 7, 7, 7 }, 6), 2);
	assert_int_equal(took[4], 11);
	assert_int_equal(late_of(7, (uint64_t[]){ 7, 7, 7, 7, 7, 7 }, 6), 0);
	assert_int_equal(late_of(6, (uint64_t[]){ 9, 3, 9, 3, 9, 3 }, 6), 0);
}

static void quantities_in_words(void **state)
{
	(void)state;
	assert_string_equal(fmt_units(0).s, "0");
	assert_string_equal(fmt_units(1500).s, "1500");
	assert_string_equal(fmt_units(64 * KB).s, "64K");
	assert_string_equal(fmt_units(3 * KB * KB * KB).s, "3G");
	assert_string_equal(fmt_fs(5310000).s, "5.31ns");
	assert_string_equal(fmt_fs(120000).s, "120ps");
	assert_string_equal(fmt_fs(1500000000).s, "1.5us");
}

extern char last_message[];
static int watched;

/* So much has been done when somebody stops it */
static void progress_and_stop(int sig)
{
	(void)sig;
	lseek(watched, 1000, SEEK_CUR);
	stopped = 1;
}

/* A window that was cut short says nothing of the rate */
static void windows_that_are_cut_do_not_count(void **state)
{
	const struct sigaction act = { .sa_handler = progress_and_stop };
	const struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct rate_goal goal = { .op = 10, .latency = 500 * MS };
	uint64_t took[3];
	struct pieces p = { .took = took, .goal = &goal };

	(void)state;
	watched = open(file, O_RDONLY);
	assert_true(watched >= 0);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(watch_file(getpid(), watched, &goal, 3, &p), VC_FAIL);
	assert_string_equal(last_message, "stopped");
	stopped = 0;
	close(watched);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pieces_are_what_comes_in_the_latency),
		TEST(proposals_are_enough_and_not_much_more),
		TEST(too_much_for_a_cpu),
		TEST(small_pieces_need_more),
		TEST(goals_that_make_no_sense),
		TEST(windows_grow_to_the_long_run),
		TEST(pieces_begin_anew),
		TEST(files_hold_all_of_a_model),
		TEST(files_are_fitted_again),
		TEST(other_files_are_refused),
		TEST(one_sample_promises_nothing),
		TEST(refusals_have_numbers),
		cmocka_unit_test(rates_in_words),
		cmocka_unit_test(runs_are_late_by_themselves),
		cmocka_unit_test(runs_are_late_by_those_before),
		cmocka_unit_test(quantities_in_words),
		cmocka_unit_test(windows_that_are_cut_do_not_count),
	};
	int failed, fd = mkstemp(file);

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests_name("rates", tests, NULL, NULL);
	unlink(file);
	return failed;
}
