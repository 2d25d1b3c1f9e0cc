// SPDX-License-Identifier: GPL-2.0
/* The model of top. */
#include <stdio.h>
#include <string.h>

#include "base/tests/unit.h"

#include "show/top_text.h"

#define HEAD \
	"vbs version=1\n" \
	"limits runtime_min=10000 runtime_max=100000000 period_min=100000 period_max=1000000000 slice=1000000\n"
#define CPU(id, n) \
	"cpu id=" #id " online=1 capacity=943718 booked=314573 spare=629145 servers=" #n "\n"
#define SERVER(id, consumed, comm) \
	"server id=" #id " cpu=0 cap=314573 runtime=3000000 period=10000000 flags=0x2000000 members=1 state=ready consumed=" \
	#consumed " instances=41 misses=5 overruns=40 overrun_worst=4100 switches=2 switch_worst=812000 release_worst=9000 skipped=6 kthrottled=7 fair=9 lost=8 owner=1000 leader=212 comm=" \
	comm "\n"

static struct vbs_snapshot *at(const char *text, uint64_t when)
{
	struct vbs_snapshot *snap = vbs_snapshot_parse(text);

	snap->when = when;
	return snap;
}

static void top_shows_what_was_used(void **state)
{
	struct vbs_snapshot *a = at(HEAD SERVER(3, 1000000, "a") SERVER(4, 0, "b"), 1000000000);
	struct vbs_snapshot *b = at(HEAD SERVER(3, 301000000, "a") SERVER(5, 7, "c"), 2000000000);
	struct top_view view = { .sort = 'u' };
	char line[512];

	(void)state;
	assert_true(top_build(&view, a, b));
	assert_int_equal(view.interval, 1000000000);
	assert_int_equal(view.rows, 2);
	assert_int_equal(view.row[0].server.id, 3);
	assert_int_equal(view.row[0].ran, 300000000);
	assert_int_equal(view.row[0].used, 314572);
	assert_true(view.row[0].known);
	assert_int_equal(view.row[1].server.id, 5);
	assert_false(view.row[1].known);
	assert_true(top_line(&view, top_head(&view), line, sizeof(line)));
	assert_non_null(strstr(line, "    3    0 a                30.00  30.00          3ms/10ms a  "));
	assert_true(top_line(&view, top_head(&view) + 1, line, sizeof(line)));
	assert_non_null(strstr(line, "    5    0 c                    -  30.00          3ms/10ms a  "));
	top_free(&view);
	vbs_snapshot_free(a);
	vbs_snapshot_free(b);
}

/* Who has given a server a name looks for that */
static void top_shows_names(void **state)
{
	struct vbs_snapshot *b = at(HEAD SERVER(3, 301000000, "a"), 5);
	struct top_view view = { .sort = 'u' };
	char line[512];

	(void)state;
	strcpy(b->server[0].name, "audio");
	assert_true(top_build(&view, NULL, b));
	assert_true(top_line(&view, top_head(&view), line, sizeof(line)));
	assert_non_null(strstr(line, "    3    0 audio                -  30.00 "));
	top_free(&view);
	vbs_snapshot_free(b);
}

static void top_without_an_earlier_reading(void **state)
{
	struct vbs_snapshot *b = at(HEAD CPU(0, 1) SERVER(3, 301000000, "a"), 5);
	struct top_view view = { .sort = 'u' };
	char line[512];

	(void)state;
	assert_true(top_build(&view, NULL, b));
	assert_int_equal(view.row[0].used, 0);
	assert_int_equal(top_head(&view), 3);
	assert_true(top_line(&view, 3, line, sizeof(line)));
	assert_non_null(strstr(line, " -  30.00          3ms/10ms a"));
	assert_false(top_line(&view, 4, line, sizeof(line)));
	top_free(&view);
	vbs_snapshot_free(b);
}

/* A server's id may be given again to another one, whose counters start at 0 */
static void top_does_not_run_backwards(void **state)
{
	struct vbs_snapshot *a = at(HEAD SERVER(3, 1000, "a"), 1000);
	struct vbs_snapshot *b = at(HEAD SERVER(3, 10, "b"), 1000);
	struct top_view view = { .sort = 'i' };

	(void)state;
	assert_true(top_build(&view, a, b));
	assert_int_equal(view.row[0].ran, 0);
	assert_int_equal(view.row[0].used, 0);
	top_free(&view);
	assert_true(top_build(&view, b, a));
	assert_int_equal(view.row[0].ran, 990);
	assert_int_equal(view.row[0].used, 0);	/* in no time */
	top_free(&view);
	vbs_snapshot_free(a);
	vbs_snapshot_free(b);
}

/* Ten views: the last eight remain, and another server with the same id starts anew */
static void top_remembers_what_was_used(void **state)
{
	static const uint64_t ran[] = { 0, 0, 1, 300, 150, 300, 300, 300, 300, 300, 30 };
	struct top_history history = { 0 };
	struct vbs_snapshot *snap[12] = { NULL };
	struct top_view view = { .sort = 'u' };
	uint64_t consumed = 0;
	char text[1024], line[512];
	int i;

	(void)state;
	for (i = 0; i < 11; i++) {
		consumed += ran[i] * 1000000;
		sprintf(text, HEAD "server id=3 cap=314573 runtime=3000000 period=10000000 consumed=%llu comm=a\n",
			(unsigned long long)consumed);
		snap[i] = at(text, 1000000000ULL * (i + 1));
		assert_true(top_build(&view, i ? snap[i - 1] : NULL, snap[i]));
		top_remember(&history, &view);
		assert_int_equal(view.row[0].sparks, i < 8 ? i : 8);
		top_line(&view, top_head(&view), line, sizeof(line));
		top_free(&view);
	}
	assert_non_null(strstr(line, " #=#####. 3ms/10ms"));
	snap[11] = at(HEAD "server id=3 cap=314573 consumed=5 comm=b\n", 12000000000ULL);
	assert_true(top_build(&view, NULL, snap[11]));
	top_remember(&history, &view);
	assert_int_equal(view.row[0].sparks, 0);
	top_free(&view);
	top_forget(&history);
	for (i = 0; i < 12; i++)
		vbs_snapshot_free(snap[i]);
}

static void levels(void **state)
{
	(void)state;
	assert_int_equal(level_of(0, 100), 0);
	assert_int_equal(level_of(1, 1000000), 1);
	assert_int_equal(level_of(50, 100), 4);
	assert_int_equal(level_of(93, 100), 7);
	assert_int_equal(level_of(94, 100), SPARK_FULL);
	assert_int_equal(level_of(200, 100), SPARK_FULL);
	assert_int_equal(level_of(UINT64_MAX, UINT64_MAX), SPARK_FULL);
	assert_int_equal(level_of(5, 0), 0);
}

static void top_filters(void **state)
{
	struct vbs_snapshot *b = vbs_snapshot_parse(HEAD CPU(0, 1) CPU(1, 2)
		"server id=1 cpu=0 owner=5 leader=11 comm=a\nserver id=2 cpu=1 owner=5 leader=12 comm=b\n"
		"server id=3 cpu=1 owner=6 leader=13 comm=c\n");
	struct top_filter filter = { .by_cpu = true };
	struct top_view view = { .sort = 'i', .filter = &filter };

	(void)state;
	parse_cpus("1", &filter.cpus);
	assert_true(top_build(&view, NULL, b));
	assert_int_equal(view.rows, 2);
	assert_int_equal(top_head(&view), 3);
	top_free(&view);
	filter.by_owner = true;
	filter.owner = 5;
	assert_true(top_build(&view, NULL, b));
	assert_int_equal(view.rows, 1);
	assert_int_equal(view.row[0].server.id, 2);
	top_free(&view);
	filter = (struct top_filter){ .by_leader = true, .leader = 13 };
	assert_true(top_build(&view, NULL, b));
	assert_int_equal(view.rows, 1);
	assert_int_equal(view.row[0].server.id, 3);
	top_free(&view);
	vbs_snapshot_free(b);
}

static void top_sorts_by_every_key(void **state)
{
	struct vbs_snapshot *b = vbs_snapshot_parse(HEAD
		"server id=2 cpu=1 cap=5 misses=1 overrun_worst=9 switch_worst=1 release_worst=3 comm=a\n"
		"server id=1 cpu=2 cap=4 misses=1 overrun_worst=2 switch_worst=7 release_worst=4 comm=b\n"
		"server id=3 cpu=0 cap=3 misses=0 overrun_worst=1 switch_worst=9 release_worst=2 comm=c\n");
	static const struct { const char *name; uint32_t first; } want[] = {
		{ "used", 1 }, { "cap", 2 }, { "cpu", 3 }, { "id", 1 }, { "overruns", 2 }, { "switch", 3 },
		{ "release", 1 },
	};
	struct top_view view = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		view.sort = top_sort_by_name(want[i].name);
		assert_true(top_build(&view, NULL, b));
		assert_int_equal(view.row[0].server.id, want[i].first);
		top_free(&view);
	}
	assert_int_equal(top_sort_by_name("colour"), 0);
	vbs_snapshot_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(top_shows_what_was_used),
		cmocka_unit_test(top_shows_names),
		cmocka_unit_test(top_without_an_earlier_reading),
		cmocka_unit_test(top_does_not_run_backwards),
		cmocka_unit_test(top_remembers_what_was_used),
		cmocka_unit_test(levels),
		cmocka_unit_test(top_filters),
		cmocka_unit_test(top_sorts_by_every_key),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
