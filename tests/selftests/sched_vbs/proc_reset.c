// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <signal.h>
#include "vbs_test.h"

#define OWNER		1000
#define STRANGER	1001

static pid_t member;

static void work(void *unused)
{
	(void)unused;
	t_become(OWNER);
	raise(SIGSTOP);
	for (;;)
		;
}

/* 0 or errno of a write by a user, to a file that he opened */
static int writes(uid_t uid, const char *text)
{
	pid_t pid = fork();
	int fd;

	if (!pid) {
		if (uid)
			t_become(uid);
		fd = open(VBS_PROC, O_WRONLY);
		_exit(fd < 0 ? 100 : write(fd, text, strlen(text)) < 0 ? errno : 0);
	}
	return (t_wait(pid) >> 8) & 0xff;
}

static int resets(uid_t uid, u64 id)
{
	char text[64];

	snprintf(text, sizeof(text), "reset %ju\n", (uintmax_t)id);
	return writes(uid, text);
}

/* Opened by one who may not, written by one who may */
static int writes_for(uid_t uid, const char *text)
{
	int fd, err;

	if (seteuid(uid))
		t_fatal("seteuid()");
	fd = open(VBS_PROC, O_WRONLY);
	if (seteuid(0))
		t_fatal("seteuid()");
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return err;
}

static u64 worst(void)
{
	return server_val(member, "release_worst");
}

static void runs_for(u64 ns)
{
	kill(member, SIGCONT);
	sleep_ns(ns);
	kill(member, SIGSTOP);
	sleep_ns(20 * MS);	/* it is finished with its call, its server idle */
}

VBS_TEST("the worst of a server is forgotten for its owner and for nobody else", 30)
{
	static const char * const no_command[] = {
		"", "reset", "reset ", "reset x", "reset 1 2", "resetall", "reset -1",
		"reset 123456789012345678901234567890",
	};
	u64 id, instances;

	need_vbs();
	member = t_fork(work, NULL);
	sleep_ns(50 * MS);	/* he is the owner, and stopped, by then */
	must_enter(member, MS, 4 * MS, VBS_BW_UNIT / 4);
	runs_for(40 * MS);
	id = server_val(member, "id");
	instances = server_val(member, "instances");
	t_at_least(worst(), 1, "ns, the worst release of a server that has worked");
	t_equal(resets(STRANGER, id), EPERM, "a stranger");
	t_equal(resets(STRANGER, id + 1000), EPERM, "of a server that there is not: no other error");
	t_equal(writes(STRANGER, "reset all"), 0, "all that a stranger owns");
	t_equal(writes_for(STRANGER, "reset all"), 0, "or root, to a stranger's file");
	t_at_least(worst(), 1, "ns: still the same");
	t_equal(resets(0, id + 1000), ESRCH, "root, of a server that there is not");
	for (unsigned int i = 0; i < ARRAY_SIZE(no_command); i++)
		t_equal(writes(0, no_command[i]), EINVAL, "\"%s\"", no_command[i]);
	t_at_least(worst(), 1, "ns: and still");
	t_equal(resets(OWNER, id), 0, "its owner");
	t_equal(worst(), 0, "the worst release");
	t_equal(server_val(member, "overrun_worst") + server_val(member, "switch_worst"), 0,
		"the other two");
	t_equal(server_val(member, "instances"), instances, "what counts goes on");
	runs_for(20 * MS);
	t_at_least(worst(), 1, "ns, the worst from then on");
	t_equal(writes(0, "reset all\n"), 0, "root: all");
	t_equal(worst(), 0, "ns");
	t_kill(member);
}
