// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define USER		1000
#define STRANGER	1001

static void sleeper(void *uid)
{
	if (uid)
		t_become((uid_t)(intptr_t)uid);
	for (;;)
		pause();
}

static unsigned int count(const char *text, const char *kind)
{
	unsigned int n = 0;
	size_t len = strlen(kind);

	for (; *text; text = strchrnul(text, '\n'), text += !!*text)
		n += !strncmp(text, kind, len);
	return n;
}

/* Lines that a reader sees: CPUs * 16 + servers */
static int lines_for(uid_t uid)
{
	static char text[65536];
	pid_t pid = fork();

	if (!pid) {
		if (uid)
			t_become(uid);
		if (file_read(VBS_PROC, text, sizeof(text)) < 0)
			_exit(0);
		_exit(count(text, "cpu ") * 16 + count(text, "server "));
	}
	return (t_wait(pid) >> 8) & 0xff;
}

VBS_TEST("/proc/vbs: CPUs for everybody, servers for who may read their oldest member", 30)
{
	int cpus = 16 * sysconf(_SC_NPROCESSORS_CONF);
	pid_t mine, roots;

	need_vbs();
	mine = t_fork(sleeper, (void *)USER);
	roots = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	must_enter(mine, 1 * MS, 10 * MS, 0);
	must_enter(roots, 1 * MS, 10 * MS, 0);
	t_equal(lines_for(0), cpus + 2, "lines for root");
	t_equal(lines_for(USER), cpus + 1, "lines for the user of one server");
	t_equal(lines_for(STRANGER), cpus, "lines for a stranger");
}
