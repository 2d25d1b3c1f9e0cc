// SPDX-License-Identifier: GPL-2.0
/* Which tasks a plan means, in a /proc of the test's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tests/unit.h"

#include "servers/select.h"

static char root[] = "/tmp/vbsctl-select.XXXXXX";

static void write_file(int pid, const char *task, const char *file, const char *text, size_t size)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "mkdir -p %s/proc/%d/%s", root, pid, task);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/proc/%d/%s/%s", root, pid, task, file);
	f = fopen(path, "we");
	assert_non_null(f);
	fwrite(text, 1, size, f);
	fclose(f);
}

/* A thread, of which /proc has two entries */
static void make_thread(int process, int tid, int uid, const char *comm, char state, unsigned int flags)
{
	char text[256], task[32];

	snprintf(text, sizeof(text), "Name:\t%s\nTgid:\t%d\nUid:\t%d\t%d\t%d\t%d\nCpus_allowed_list:\t0-3\n",
		 comm, process, uid, uid, uid, uid);
	snprintf(task, sizeof(task), "task/%d", tid);
	write_file(process, task, "status", text, strlen(text));
	write_file(tid, ".", "status", text, strlen(text));
	snprintf(text, sizeof(text), "%d (%s) %c 1 1 1 0 -1 %u 0\n", tid, comm, state, flags);
	write_file(tid, ".", "stat", text, strlen(text));
}

static void make_process(int pid, int uid, const char *comm, const char *command, const char *cgroup)
{
	make_thread(pid, pid, uid, comm, 'S', 0);
	write_file(pid, ".", "cmdline", command, strlen(command) + 1);
	write_file(pid, ".", "cgroup", cgroup, strlen(cgroup));
}

#define ANY	(-2)

/* "11 12 20 ", in the order of numbers */
static void selects(enum selector by, const char *what, int uid, const char *want)
{
	struct plan_server s = { .by = by, .uid = uid >= 0 ? uid : 0 };
	char got[256] = "";
	pid_t *tids;
	int i, j, n;

	strcpy(s.what, what);
	strcpy(s.user, uid >= 0 ? "somebody" : uid == ANY ? "*" : "");
	n = select_tasks(&s, &tids);
	for (i = 0; i < 1000; i++) {
		for (j = 0; j < n; j++) {
			if (tids[j] == i)
				snprintf(got + strlen(got), sizeof(got) - strlen(got), "%d ", i);
		}
	}
	assert_string_equal(got, want);
	free(tids);
}

static void by_unit(void **state)
{
	(void)state;
	selects(BY_UNIT, "mixer.service", -1, "11 12 13 ");
	selects(BY_UNIT, "mixer", -1, "");
	selects(BY_UNIT, "ixer.service", -1, "");
	selects(BY_UNIT, "user@1000.service", -1, "20 60 61 62 63 ");
	selects(BY_UNIT, "user.slice", -1, "20 60 61 62 63 ");
	selects(BY_UNIT, "old.service", -1, "30 ");
	selects(BY_UNIT, "sub", -1, "");
}

/* Of what users may choose the names of, there is none without the user's */
static void by_unit_of_a_user(void **state)
{
	(void)state;
	selects(BY_UNIT, "synth.service", -1, "");
	selects(BY_UNIT, "synth.service", 1000, "60 61 ");
	selects(BY_UNIT, "synth.service", 1001, "");
	selects(BY_UNIT, "synth.service", ANY, "60 61 63 ");
	selects(BY_UNIT, "app.slice", 1000, "60 62 ");
	selects(BY_UNIT, "mixer.service", 1000, "");
	/* Neither in a cgroup of a service's own, nor in a hierarchy of others */
	selects(BY_UNIT, "inner.service", -1, "");
	selects(BY_UNIT, "inner.service", ANY, "");
	selects(BY_UNIT, "payload.service", ANY, "");
	selects(BY_UNIT, "other.service", ANY, "");
}

static void by_cgroup(void **state)
{
	(void)state;
	selects(BY_CGROUP, "/system.slice", -1, "11 12 13 14 30 64 ");
	selects(BY_CGROUP, "/system.slice/", -1, "11 12 13 14 30 64 ");
	selects(BY_CGROUP, "/system", -1, "");
	selects(BY_CGROUP, "/a", -1, "30 ");
	selects(BY_CGROUP, "/system.slic", -1, "");
	selects(BY_CGROUP, "/system.slice/mixer.service/sub", -1, "13 ");
	selects(BY_CGROUP, "/a/b", -1, "30 ");
}

static void by_command(void **state)
{
	(void)state;
	selects(BY_COMMAND, "mixer", ANY, "11 12 14 ");
	selects(BY_COMMAND, "long-name-that-is-cut", ANY, "20 ");
	selects(BY_COMMAND, "long-name-that", ANY, "20 ");
	/* Without a user it is who asks, by the real id, too */
	selects(BY_COMMAND, "own", -1, "70 ");
	selects(BY_COMMAND, "mixer", 7, "14 ");
	selects(BY_COMMAND, "mixer", 9, "");
	/* Neither a thread of the kernel nor one that has ended */
	selects(BY_COMMAND, "kworker", -1, "");
	selects(BY_COMMAND, "dead", -1, "");
}

static void its_service(void **state)
{
	char unit[64];
	bool of_user;

	(void)state;
	assert_true(service_of(13, 5, unit, sizeof(unit), &of_user));
	assert_string_equal(unit, "mixer.service");
	assert_false(of_user);
	assert_true(service_of(60, 1000, unit, sizeof(unit), &of_user));
	assert_string_equal(unit, "synth.service");
	assert_true(of_user);
	/* Neither all that a user has, nor by a manager that is another's */
	assert_false(service_of(20, 5, unit, sizeof(unit), &of_user));
	assert_false(service_of(62, 1000, unit, sizeof(unit), &of_user));
	assert_false(service_of(60, 0, unit, sizeof(unit), &of_user));
	assert_false(service_of(40, 5, unit, sizeof(unit), &of_user));
	assert_false(service_of(99, 5, unit, sizeof(unit), &of_user));
}

#define MANAGER	"/user.slice/user-1000.slice/user@1000.service"

static void make_users(void)
{
	char text[128];

	make_process(60, 1000, "synth", "synth", "0::" MANAGER "/app.slice/synth.service\n");
	make_process(61, 1000, "synth", "synth", "0::" MANAGER "/session.slice/a.slice/synth.service/synth.service\n"
		     "3:cpu:/other.service\n");
	make_process(62, 1000, "synth", "synth", "0::" MANAGER "/app.slice/x.scope/synth.service\n");
	make_process(63, 1001, "synth", "synth", "0::" MANAGER "/app.slice/synth.service\n");
	make_process(64, 5, "x", "x", "0::/system.slice/mixer2.service/inner.service\n");
	make_process(65, 5, "x", "x", "0::/lxc/a/system.slice/payload.service\n");
	make_process(70, geteuid(), "own", "own", "0::/\n");
	make_process(71, geteuid(), "own", "own", "0::/\n");
	snprintf(text, sizeof(text), "Name:\town\nTgid:\t71\nUid:\t54321\t%u\t0\t0\nCpus_allowed_list:\t0-3\n",
		 geteuid());
	write_file(71, ".", "status", text, strlen(text));
}

static void make_all(void)
{
	make_process(11, 5, "mixer", "/usr/bin/mixer", "0::/system.slice/mixer.service\n");
	make_thread(11, 12, 5, "mixer/io", 'S', 0);
	make_process(13, 5, "helper", "helper", "0::/system.slice/mixer.service/sub\n");
	make_process(14, 7, "mixer", "sh", "0::/system.slice/mixer.service2\n");
	make_process(20, 5, "long-name-that", "/opt/long-name-that-is-cut",
		     "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope\n");
	make_process(30, 5, "other", "other", "5:cpu:/a/b\n1:name=systemd:/system.slice/old.service\n0::/\n");
	make_process(40, 5, "dead", "dead", "0::/x.servicex\n");
	make_thread(40, 40, 5, "dead", 'Z', 0);
	make_process(50, 0, "kworker", "", "0::/\n");
	make_thread(50, 50, 0, "kworker", 'S', 0x00200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_unit),
		cmocka_unit_test(by_unit_of_a_user),
		cmocka_unit_test(by_cgroup),
		cmocka_unit_test(by_command),
		cmocka_unit_test(its_service),
	};
	char command[128];
	int failed;

	if (!mkdtemp(root))
		return 1;
	setenv("VBSCTL_ROOT", root, 1);
	make_all();
	make_users();
	failed = cmocka_run_group_tests_name("select", tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command) || failed;
}
