// SPDX-License-Identifier: GPL-2.0
/* Whom 'vbsctl apply' believes, and what it does where tasks end meanwhile. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "commands.h"
#include "tests/fake_sched.h"

#define SERVICE		"/system.slice/mixer.service"
#define OF_USER		"/user.slice/user-1000.slice/user@1000.service/app.slice/mixer.service"
#define BY_UNIT_MIXER	"\"unit\": \"mixer.service\""

extern char last_message[2048];

static const uint32_t cap = 262144;	/* 25 % */

static void name_by(uint32_t uid, const char *name, uint32_t id)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/run/vbs/%s", name);
	f = fopen(fake_path(path), "we");
	assert_non_null(f);
	fprintf(f, "%u\n", id);
	fclose(f);
	if (uid != geteuid())
		assert_int_equal(chown(fake_path(path), uid, uid), 0);
}

/* A plan of one server, "mixer"; what is printed is nobody's concern here */
static int apply(const char *which)
{
	char *argv[] = { "apply", (char *)fake_path("/plan"), NULL };
	int code, out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	FILE *f = fopen(argv[1], "we");

	assert_non_null(f);
	fprintf(f, "{ \"format\": 1, \"servers\": [ { \"name\": \"mixer\", \"res\": \"1ms/5ms\", \"cap\": \"25%%\", %s } ] }",
		which);
	fclose(f);
	last_message[0] = '\0';
	optind = 0;
	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	code = cmd_apply.run(&cmd_apply, 2, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(null);
	return code;
}

static void says(const char *text)
{
	if (!strstr(last_message, text))
		fail_msg("'%s', and not '%s'", last_message, text);
}

/* A user's server of that name gets neither the tasks nor the cap */
static void nobody_takes_a_plans_name(void **state)
{
	uint32_t server;

	(void)state;
	if (geteuid())
		skip();
	fake_task(200, 200, 5, "mixer", SERVICE, "0-3");
	fake_task(300, 300, 1000, "hog", "/", "0-3");
	fake_server(7, 1000);
	fake_put(300, 7);
	name_by(1000, "mixer", 7);
	assert_int_equal(apply(BY_UNIT_MIXER), 0);
	server = fake_server_of(200);
	assert_true(server && server != 7);
	assert_int_equal(fake_cap(server), cap);
	assert_int_not_equal(fake_cap(7), cap);
	/* Nor is it in the way: the name is root's server's, the next time too */
	assert_int_equal(apply(BY_UNIT_MIXER), 0);
	assert_int_equal(fake_server_of(200), server);
	assert_int_not_equal(fake_cap(7), cap);
}

static void roots_name_is_the_plans(void **state)
{
	(void)state;
	fake_task(200, 200, 5, "mixer", SERVICE, "0-3");
	fake_task(300, 300, 1000, "old", "/", "0-3");
	fake_server(7, 1000);
	fake_put(300, 7);
	name_by(geteuid(), "mixer", 7);
	assert_int_equal(apply(BY_UNIT_MIXER), 0);
	assert_int_equal(fake_server_of(200), 7);
	assert_int_equal(fake_cap(7), cap);
}

/* The service has made its server itself, and has called it so */
static void a_services_own_name(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	fake_task(200, 200, 5, "mixer", SERVICE, "0-3");
	fake_task(200, 201, 5, "mixer/io", SERVICE, "0-3");
	fake_server(7, 5);
	fake_put(200, 7);
	name_by(5, "mixer", 7);
	assert_int_equal(apply(BY_UNIT_MIXER), 0);
	assert_int_equal(fake_server_of(201), 7);
	assert_int_equal(fake_cap(7), cap);
}

static void the_plans_user(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	fake_task(200, 200, 1000, "mixer", OF_USER, "0-3");
	fake_task(300, 300, 1000, "hog", "/", "0-3");
	fake_server(7, 1000);
	fake_put(300, 7);
	name_by(1000, "mixer", 7);
	assert_int_equal(apply(BY_UNIT_MIXER ", \"user\": \"1000\""), 0);
	assert_int_equal(fake_server_of(200), 7);
}

/* A task of the plan in a server of somebody else, who could starve it there */
static void not_in_somebody_elses_server(void **state)
{
	(void)state;
	fake_task(200, 200, 5, "mixer", SERVICE, "0-3");
	fake_task(201, 201, 5, "mixer", SERVICE, "0-3");
	fake_task(300, 300, 1000, "hog", "/", "0-3");
	fake_server(7, 1000);
	fake_put(300, 7);
	fake_put(200, 7);
	assert_int_equal(apply(BY_UNIT_MIXER), 0);
	assert_int_not_equal(fake_cap(7), cap);
	assert_int_not_equal(fake_server_of(200), 7);
	assert_int_equal(fake_server_of(201), fake_server_of(200));
}

/* Anybody may have a unit of any name in his own manager, and cgroups of any name there */
static void a_users_unit_is_not_the_systems(void **state)
{
	(void)state;
	fake_task(200, 200, 5, "mixer", SERVICE, "0-3");
	fake_task(300, 300, 1000, "hog", OF_USER, "0");
	fake_task(301, 301, 6, "hog", "/system.slice/pool.service/mixer.service", "0");
	fake_task(302, 302, 6, "hog", "/docker/1f/system.slice/mixer.service", "0");
	assert_int_equal(apply(BY_UNIT_MIXER), 0);
	assert_true(fake_server_of(200));
	assert_int_equal(fake_server_of(300), 0);
	assert_int_equal(fake_server_of(301), 0);
	assert_int_equal(fake_server_of(302), 0);
}

/* Nor a command of any name */
static void a_users_command_is_not_roots(void **state)
{
	(void)state;
	fake_task(200, 200, geteuid(), "mixer", "/", "0-3");
	fake_task(300, 300, 54321, "mixer", "/", "0");
	assert_int_equal(apply("\"command\": \"mixer\""), 0);
	assert_true(fake_server_of(200));
	assert_int_equal(fake_server_of(300), 0);
	assert_int_equal(apply("\"command\": \"mixer\", \"user\": \"*\""), 0);
	assert_int_equal(fake_server_of(300), fake_server_of(200));
}

/* Who enters first owns the server, and may switch it */
static void who_owns_it(void **state)
{
	(void)state;
	fake_task(200, 200, 54321, "helper", SERVICE, "0");
	fake_task(201, 201, geteuid(), "mixer", SERVICE, "0-3");
	assert_int_equal(apply(BY_UNIT_MIXER), 0);
	assert_int_equal(fake_owner(fake_server_of(200)), geteuid());
}

/* pid 0 would be vbsctl itself */
static void a_server_without_a_member_to_be_seen(void **state)
{
	(void)state;
	fake_task(200, 200, 5, "mixer", SERVICE, "0-3");
	fake_server(7, 1000);
	name_by(geteuid(), "mixer", 7);
	assert_int_equal(apply(BY_UNIT_MIXER), VC_NOPROC);
	says("no member of server 7");
	assert_false(fake_self);
	assert_int_equal(fake_server_of(200), 0);
}

static int countdown;

static void ends_in_between(pid_t tid, const struct vbs_sched_attr *attr)
{
	(void)tid;
	(void)attr;
	if (!countdown--)
		fake_task_ends(200);
}

/* The others go on in the server whose oldest member has ended */
static void its_oldest_member_ends(int when)
{
	int i;

	for (i = 0; i < 5; i++)
		fake_task(200 + i, 200 + i, 5, "mixer", SERVICE, "0-3");
	fake_server(7, 5);
	fake_put(200, 7);
	fake_put(201, 7);
	countdown = when;
	fake_before = ends_in_between;
	assert_int_equal(apply(BY_UNIT_MIXER), 0);
	for (i = 1; i < 5; i++)
		assert_int_equal(fake_server_of(200 + i), 7);
	assert_int_equal(fake_cap(7), cap);
}

static void it_ends_before_the_switch(void **state)
{
	(void)state;
	its_oldest_member_ends(0);
}

static void it_ends_before_a_task_joins(void **state)
{
	(void)state;
	its_oldest_member_ends(2);
}

/* With its last member the server has gone: the rest gets one of its own */
static void its_only_member_ends(void **state)
{
	(void)state;
	fake_task(200, 200, 5, "mixer", SERVICE, "0-3");
	fake_task(201, 201, 5, "mixer", SERVICE, "0-3");
	fake_task(202, 202, 5, "mixer", SERVICE, "0-3");
	fake_server(7, 5);
	fake_put(200, 7);
	countdown = 1;
	fake_before = ends_in_between;
	assert_int_equal(apply(BY_UNIT_MIXER), 0);
	assert_true(fake_server_of(201) > 7);
	assert_int_equal(fake_server_of(202), fake_server_of(201));
}

static int set_up(void **state)
{
	(void)state;
	fake_begin();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_end();
	return 0;
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_takes_a_plans_name),
		TEST(roots_name_is_the_plans),
		TEST(a_services_own_name),
		TEST(the_plans_user),
		TEST(not_in_somebody_elses_server),
		TEST(a_users_unit_is_not_the_systems),
		TEST(a_users_command_is_not_roots),
		TEST(who_owns_it),
		TEST(a_server_without_a_member_to_be_seen),
		TEST(it_ends_before_the_switch),
		TEST(it_ends_before_a_task_joins),
		TEST(its_only_member_ends),
	};

	return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
