// SPDX-License-Identifier: GPL-2.0
/* Names of servers: who may give them, and when they are free again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "vbs/names.h"
#include "vbs/proc.h"

static char root[] = "/tmp/vbs-names.XXXXXX";

static const char *in_dir(const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/run/vbs/%s", root, file);
	return path;
}

static struct vbs_snapshot *servers(const char *text)
{
	struct vbs_snapshot *snap;
	char all[1024];
	int i;

	snprintf(all, sizeof(all), "vbs version=1\ncpu id=0 online=1 servers=%d\n%s",
		 strstr(text, "hidden") ? 9 : 0, text);
	snap = vbs_snapshot_parse(all);
	for (i = 0; i < snap->servers; i++)
		snap->server[i].owner = geteuid();
	return snap;
}

static void names_and_what_is_none(void **state)
{
	static const char *const good[] = { "a", "0a", "pipewire.service", "user@1000", "a_b-c" };
	static const char *const bad[] = { "", "12", "-a", ".a", "a/b", "..", "a b", "a\n", "\303\244",
					   "abcdefghijklmnopqrstuvwxyzabcdef", "@a" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(vbs_name_check(good[i]));
	assert_null(vbs_name_check("abcdefghijklmnopqrstuvwxyzabcde"));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(vbs_name_check(bad[i]));
}

static void a_name_is_its_servers(void **state)
{
	struct vbs_snapshot *snap = servers("server id=7 comm=x\nserver id=8 comm=y\n");

	(void)state;
	assert_int_equal(vbs_name_set("audio", 7, snap), 0);
	assert_int_equal(vbs_name_set("audio", 8, snap), EEXIST);
	assert_int_equal(vbs_name_set("build", 8, snap), 0);
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "audio");
	assert_ptr_equal(vbs_find_name(snap, "build"), &snap->server[1]);
	assert_null(vbs_find_name(snap, ""));
	assert_null(vbs_find_name(snap, "nobody"));
	vbs_snapshot_free(snap);
}

/* Only who sees all servers knows that one is gone */
static void a_name_is_free_when_its_server_is_gone(void **state)
{
	struct vbs_snapshot *snap = servers("server id=70 comm=x\n");
	struct vbs_snapshot *later = servers("server id=71 comm=x\n");
	struct vbs_snapshot *some = servers("server id=71 comm=hidden\n");

	(void)state;
	assert_int_equal(vbs_name_set("gone", 70, snap), 0);
	vbs_names_read(later);
	assert_string_equal(later->server[0].name, "");
	assert_int_equal(vbs_name_set("gone", 71, some), EEXIST);
	vbs_name_forget("gone", snap);
	vbs_name_forget("gone", some);
	assert_int_equal(access(in_dir("gone"), F_OK), 0);
	vbs_name_forget("gone", later);
	assert_int_equal(access(in_dir("gone"), F_OK), -1);
	assert_int_equal(vbs_name_set("gone", 70, snap), 0);
	assert_int_equal(vbs_name_set("gone", 71, later), 0);
	vbs_names_read(later);
	assert_string_equal(later->server[0].name, "gone");
	vbs_snapshot_free(snap);
	vbs_snapshot_free(later);
	vbs_snapshot_free(some);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void what_is_no_entry_names_nobody(void **state)
{
	struct vbs_snapshot *snap = servers("server id=9 comm=x\n");

	(void)state;
	write_file("words", "nine\n");
	write_file("half", "9");
	write_file("long", "9 and more\n");
	write_file("empty", "");
	write_file("12", "9\n");
	assert_int_equal(mkdir(in_dir("dir"), 0755), 0);
	assert_int_equal(mkfifo(in_dir("fifo"), 0644), 0);
	assert_int_equal(symlink("words", in_dir("link")), 0);
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "");
	/* None of them is in the way */
	assert_int_equal(vbs_name_set("words", 9, snap), 0);
	assert_int_equal(vbs_name_set("link", 9, snap), 0);
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "link");
	vbs_snapshot_free(snap);
}

/* A file of somebody who is neither root nor the owner */
static void nobody_names_anothers_server(void **state)
{
	struct vbs_snapshot *snap = servers("server id=11 comm=x\n");

	(void)state;
	if (geteuid())
		skip();
	snap->server[0].owner = 3;
	write_file("squat", "11\n");
	assert_int_equal(chown(in_dir("squat"), 4, 4), 0);
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "");
	assert_int_equal(chown(in_dir("squat"), 3, 3), 0);
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "squat");
	vbs_snapshot_free(snap);
}

static int set_up(void **state)
{
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "mkdir -p %s/run/vbs", root);
	return system(path);
}

static int tear_down(void **state)
{
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "rm -rf %s/run", root);
	return system(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_what_is_none),
		cmocka_unit_test_setup_teardown(a_name_is_its_servers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_is_free_when_its_server_is_gone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_entry_names_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_names_anothers_server, set_up, tear_down),
	};
	int failed;

	if (!mkdtemp(root))
		return 1;
	setenv("VBSCTL_ROOT", root, 1);
	failed = cmocka_run_group_tests_name("names", tests, NULL, NULL);
	rmdir(root);
	return failed;
}
