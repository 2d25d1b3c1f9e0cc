// SPDX-License-Identifier: GPL-2.0
/* What a synchroniser leaves for others: it comes back as it was, and tells who has died. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "timeline/tracking.h"

static char root[] = "/tmp/vbsctl-tracking.XXXXXX";

static const char *in_root(const char *path)
{
	static char full[256];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	return full;
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(in_root(path), "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Process @pid of that name, which began at that time */
static void process(int pid, const char *name, unsigned long long begun)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%d", pid);
	mkdir(in_root(path), 0755);
	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text),
		 "%d (%s) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %llu 20 21\n", pid, name,
		 begun);
	write_text(path, text);
}

static int begin(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
	mkdir(root, 0755);
	mkdir(in_root("proc"), 0755);
	mkdir(in_root("run"), 0755);
	process(getpid(), "vbsctl", 777);
	return 0;
}

static void it_comes_back(void **state)
{
	struct tracking t, back;
	struct stat st;

	(void)state;
	assert_int_equal(tracking_read("lab", &back), ENOENT);
	tracking_begin(&t, "/dev/ptp 0\nx", 42);
	t.bounded = t.has_offset = true;
	t.reference_ns = ~0ULL - 1;
	t.offset_ns = -5;
	t.keeper_pid = 9;
	t.contradictions = 3;
	strcpy(t.keeper, "busybox ntpd");
	strcpy(t.why, "its tracking report");
	assert_int_equal(tracking_write("lab", &t), 0);
	assert_int_equal(tracking_read("lab", &back), 0);
	assert_string_equal(back.from, "/dev/ptp 0");
	assert_memory_equal(&back.bounded, &t.bounded, sizeof(t) - offsetof(struct tracking, bounded));
	assert_int_equal(back.pid, getpid());
	assert_int_equal(back.begun, 777);
	assert_int_equal(back.generation, 42);
	assert_int_equal(stat(in_root("run/vbsctl/timeline-lab"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_not_equal(stat(in_root("run/vbsctl/timeline-lab "), &st), 0);
	assert_int_equal(tracking_read("la", &back), ENOENT);
}

static void names_are_no_paths(void **state)
{
	struct tracking t;

	(void)state;
	tracking_begin(&t, "realtime", 1);
	assert_int_equal(tracking_write("..", &t), 0);
	assert_int_equal(tracking_write("%s\"'$(x)", &t), 0);
	assert_int_equal(tracking_read("%s\"'$(x)", &t), 0);
	assert_int_equal(access(in_root("run/vbsctl/timeline-.."), F_OK), 0);
}

static void who_has_died_is_told(void **state)
{
	struct tracking t;

	(void)state;
	tracking_begin(&t, "realtime", 1);
	assert_true(tracking_runs(&t));
	/* Another process has the number */
	process(getpid(), "a) b (c", 778);
	assert_false(tracking_runs(&t));
	process(getpid(), "a) b (c", 777);
	assert_true(tracking_runs(&t));
	t.pid = 999999;
	assert_false(tracking_runs(&t));
	t.begun = 0;
	assert_false(tracking_runs(&t));
}

static void only_its_own_is_removed(void **state)
{
	struct tracking t;

	(void)state;
	tracking_begin(&t, "realtime", 1);
	t.pid++;
	tracking_write("lab", &t);
	tracking_remove("lab");
	assert_int_equal(tracking_read("lab", &t), 0);
	t.pid--;
	tracking_write("lab", &t);
	tracking_remove("lab");
	assert_int_equal(tracking_read("lab", &t), ENOENT);
}

static void what_is_none_is_not_read(void **state)
{
	struct tracking t;

	(void)state;
	mkdir(in_root("run/vbsctl"), 0755);
	write_text("run/vbsctl/timeline-lab", "");
	assert_int_equal(tracking_read("lab", &t), EPROTO);
	write_text("run/vbsctl/timeline-lab", "timeline-tracking 2\npid 5\n");
	assert_int_equal(tracking_read("lab", &t), EPROTO);
	write_text("run/vbsctl/timeline-lab", "timeline-tracking 1\npid 5\nnews 7\nfrom\npi\nbounded 1");
	assert_int_equal(tracking_read("lab", &t), 0);
	assert_int_equal(t.pid, 5);
	assert_true(t.bounded);
	assert_string_equal(t.from, "");
	rmdir(in_root("run/vbsctl"));
	chmod(in_root("run"), 0);
	assert_int_equal(tracking_read("nobody", &t), getuid() ? EACCES : ENOENT);
	chmod(in_root("run"), 0755);
}

static void the_reference_is_described(void **state)
{
	static const struct keeper_kind chronyd = { .name = "chronyd", .claim = CLAIM_TRACKING };
	struct timeline_source src = { .system = true,
				       .belief.keepers = { .kind = &chronyd, .pid = 8 } };
	struct source_state believed = { .synchronized = true }, not = { .why = "is silent" };
	struct tracking t;

	(void)state;
	tracking_begin(&t, "realtime", 1);
	tracking_reference(&t, &src, &believed, 500);
	assert_true(t.bounded);
	assert_int_equal(t.reference_ns, 500);
	assert_string_equal(t.keeper, "chronyd");
	assert_int_equal(t.keeper_pid, 8);
	assert_string_equal(t.why, "its tracking report");
	tracking_reference(&t, &src, &not, 500);
	assert_false(t.bounded);
	assert_string_equal(t.why, "is silent");
	src.stated = true;
	tracking_reference(&t, &src, &believed, 500);
	assert_string_equal(t.why, "what its user states");
	src.system = false;
	tracking_reference(&t, &src, &believed, 500);
	assert_string_equal(t.keeper, "");
	assert_int_equal(t.keeper_pid, 0);
}

/* 1 ns a tick: 100 ticks after 5.5 s, in the middle of 90 and 110 */
static void an_offset_is_that_of_what_was_set(void **state)
{
	struct timeline_set last = { .counter_value = 1000, .counter_period_shift = 24,
				     .time_sec = 5, .time_frac_sec = 1ULL << 63 };
	struct te_sample s = { .before = 1090, .after = 1110, .ref_ns = 5500000000LL + 70 };
	struct tracking t = { 0 };

	(void)state;
	last.counter_period_frac_sec = (uint64_t)(((unsigned __int128)1 << 88) / 1000000000) + 1;
	tracking_offset(&t, &last, &s);
	assert_true(t.has_offset);
	assert_in_range(t.offset_ns, 29, 30);
	s.ref_ns += 60;
	tracking_offset(&t, &last, &s);
	assert_in_range(-t.offset_ns, 30, 31);
	/* What was set last can be from after the sample */
	last.counter_value = 1200;
	s.ref_ns = 5500000000LL;
	tracking_offset(&t, &last, &s);
	assert_in_range(-t.offset_ns, 99, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_comes_back, begin),
		cmocka_unit_test_setup(names_are_no_paths, begin),
		cmocka_unit_test_setup(who_has_died_is_told, begin),
		cmocka_unit_test_setup(only_its_own_is_removed, begin),
		cmocka_unit_test_setup(what_is_none_is_not_read, begin),
		cmocka_unit_test_setup(the_reference_is_described, begin),
		cmocka_unit_test(an_offset_is_that_of_what_was_set),
	};
	char command[128];
	int failed;

	if (!mkdtemp(root))
		return 1;
	setenv("VBSCTL_ROOT", root, 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command) || failed;
}
