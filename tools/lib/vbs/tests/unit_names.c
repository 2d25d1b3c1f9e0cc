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
	if (!geteuid())	/* a user's next server counts for more */
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

/* As somebody else from here on, in a directory that everybody may write to */
static void become(uid_t uid)
{
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(in_dir(""), 01777), 0);
	assert_int_equal(seteuid(uid), 0);
}

static void give_to(uid_t uid, const char *name, const char *text)
{
	become(0);
	write_file(name, text);
	assert_int_equal(chown(in_dir(name), uid, uid), 0);
}

/* Neither a dead name nor a living one of another user is in the way of a service's */
static void nobody_holds_anothers_name(void **state)
{
	struct vbs_snapshot *snap = servers("server id=7 comm=x\nserver id=8 comm=y\n");

	(void)state;
	if (geteuid())
		skip();
	snap->server[0].owner = 2000;
	snap->server[1].owner = 1000;
	give_to(0, "old", "3\n");
	give_to(1000, "squat", "7\n");
	give_to(1000, "other", "8\n");
	become(2000);
	assert_int_equal(vbs_name_set("old", 7, snap), 0);
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "old");
	vbs_name_forget("old", snap);
	snap->server[0].id = 9;
	vbs_name_forget("old", snap);
	snap->server[0].name[0] = '\0';
	assert_int_equal(vbs_name_set("squat", 9, snap), 0);
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "squat");
	assert_int_equal(vbs_name_set("other", 9, snap), 0);
	assert_int_equal(vbs_name_set("other", 9, snap), EEXIST);
	snap->server[0].name[0] = '\0';
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "other");
	assert_ptr_equal(vbs_find_name(snap, "other"), &snap->server[0]);
	become(0);
	vbs_snapshot_free(snap);
}

/* Nor does a user himself, by what is left of a server that is not shown to him, or is gone */
static void an_old_name_of_ones_own(void **state)
{
	struct vbs_snapshot *snap = servers("server id=7 comm=hidden\n");

	(void)state;
	if (geteuid())
		skip();
	snap->server[0].owner = 2000;
	give_to(2000, "mine", "3\n");
	become(2000);
	vbs_name_forget("mine", snap);
	assert_int_equal(access(in_dir("mine"), F_OK), 0);
	assert_int_equal(vbs_name_set("mine", 7, snap), 0);
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "mine");
	become(0);
	vbs_snapshot_free(snap);
}

/* Not even by files with the names that are used on the way */
static void nobody_holds_the_way_to_a_name(void **state)
{
	struct vbs_snapshot *snap = servers("server id=7 comm=x\n");
	char name[32];

	(void)state;
	if (geteuid())
		skip();
	snap->server[0].owner = 2000;
	snprintf(name, sizeof(name), ".new-%d", (int)getpid());
	give_to(1000, name, "7\n");
	become(2000);
	assert_int_equal(vbs_name_set("mine", 7, snap), 0);
	become(0);
	vbs_snapshot_free(snap);
}

/* Root's word, else the caller's own; of others only if it is clear whose */
static void whose_name_counts(void **state)
{
	struct vbs_snapshot *snap = servers("server id=7 comm=x\nserver id=8 comm=y\nserver id=9 comm=z\n");

	(void)state;
	if (geteuid())
		skip();
	snap->server[0].owner = 1000;
	snap->server[1].owner = 2000;
	snap->server[2].owner = 3000;
	give_to(1000, "arm", "7\n");
	give_to(2000, "arm:x", "8\n");
	vbs_names_read(snap);
	assert_int_equal(snap->server[0].namer, 1000);
	assert_int_equal(snap->server[1].namer, 2000);
	assert_null(vbs_name_taken(snap, "arm"));
	assert_non_null(vbs_name_rival(snap, vbs_find_name(snap, "arm")));
	become(2000);
	assert_ptr_equal(vbs_find_name(snap, "arm"), &snap->server[1]);
	assert_null(vbs_name_rival(snap, &snap->server[1]));
	assert_ptr_equal(vbs_name_taken(snap, "arm"), &snap->server[1]);
	become(0);
	assert_int_equal(vbs_name_set("arm", 9, snap), 0);
	vbs_names_read(snap);
	assert_int_equal(snap->server[2].namer, 0);
	assert_ptr_equal(vbs_find_name(snap, "arm"), &snap->server[2]);
	assert_null(vbs_name_rival(snap, &snap->server[2]));
	/* Nor does an owner hide what root calls it */
	give_to(3000, "aaa", "9\n");
	vbs_names_read(snap);
	assert_string_equal(snap->server[2].name, "arm");
	vbs_snapshot_free(snap);
}

/* What was linked here, or may be written by others, may be anybody's */
static void a_file_of_roots_is_not_roots_word(void **state)
{
	struct vbs_snapshot *snap = servers("server id=7 comm=x\n");
	char from[300];

	(void)state;
	snprintf(from, sizeof(from), "%s/daemon.pid", root);
	write_file("../../daemon.pid", "7\n");
	assert_int_equal(link(from, in_dir("linked")), 0);
	write_file("open", "7\n");
	assert_int_equal(chmod(in_dir("open"), 0666), 0);
	vbs_names_read(snap);
	assert_string_equal(snap->server[0].name, "");
	remove(from);
	vbs_snapshot_free(snap);
}

static int set_up(void **state)
{
	char path[300];

	(void)state;
	umask(022);
	snprintf(path, sizeof(path), "chmod 755 %s && mkdir -p %s/run/vbs", root, root);
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
		cmocka_unit_test_setup_teardown(nobody_holds_anothers_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_old_name_of_ones_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_holds_the_way_to_a_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whose_name_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_of_roots_is_not_roots_word, set_up, tear_down),
	};
	int failed;

	if (!mkdtemp(root))
		return 1;
	setenv("VBSCTL_ROOT", root, 1);
	failed = cmocka_run_group_tests_name("names", tests, NULL, NULL);
	rmdir(root);
	return failed;
}
