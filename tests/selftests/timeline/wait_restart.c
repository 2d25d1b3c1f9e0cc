// SPDX-License-Identifier: GPL-2.0
/*
 * A sleep that is stopped and goes on is on the timeline on which it began, and
 * ends with ENODEV if that is gone, also when another one has its id.
 */
#include <sys/wait.h>
#include "tl_test.h"

static int fd;
static u32 id;

static struct timespec ts_of(u64 ns)
{
	return (struct timespec) { ns / SEC, ns % SEC };
}

static void absolute(void *unused)
{
	struct timespec ts = ts_of(1000005 * SEC);

	(void)unused;
	_exit(clock_nanosleep(CLOCK_TIMELINE(id), TIMER_ABSTIME, &ts, NULL));
}

static void relative(void *unused)
{
	struct timespec ts = ts_of(5 * SEC), rest;

	(void)unused;
	_exit(clock_nanosleep(CLOCK_TIMELINE(id), 0, &ts, &rest));
}

static void wait_stopped(pid_t pid)
{
	int status;

	sleep_ns(20 * MS);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
}

static void goes_on(void (*fn)(void *), const char *what)
{
	u64 start;
	pid_t pid;

	tl_set(fd, id, 1000000, 0);
	start = tl_now(id);
	pid = t_fork(fn, NULL);
	wait_stopped(pid);
	sleep_ns(100 * MS);
	kill(pid, SIGCONT);
	t_equal(t_wait(pid), 0, "a sleep that is %s, stopped and continued", what);
	t_near(tl_now(id), start + 5 * SEC, 50 * MS, "ends at its instant");
}

/* Fills the table, so that the next timeline gets the only id that is free */
static int fill(u32 *ids)
{
	char name[16];
	int n = 0, got;

	for (;;) {
		snprintf(name, sizeof(name), "fill%d", n);
		got = tl_create(fd, name, 0);
		if (got < 0)
			return n;
		ids[n++] = got;
	}
}

static void destroyed(void (*fn)(void *), const char *what, bool again)
{
	u32 ids[TIMELINE_IDS], old;
	int n = 0;
	pid_t pid;

	tl_set(fd, id, 1000000, 0);
	pid = t_fork(fn, NULL);
	wait_stopped(pid);
	if (again)
		n = fill(ids);
	old = id;
	tl_destroy(fd, id);
	if (again) {
		id = tl_create(fd, "again", TIMELINE_STEP);
		t_equal(tl_place(id), tl_place(old), "another timeline in its place");
		tl_set(fd, id, 2000000, 0);
	}
	kill(pid, SIGCONT);
	t_equal(WEXITSTATUS(t_wait(pid)), ENODEV,
		"a sleep that is %s, stopped while its timeline goes", what);
	while (n--)
		tl_destroy(fd, ids[n]);
	if (!again)
		id = tl_create(fd, "again", TIMELINE_STEP);
}

VBS_TEST("a sleep that was stopped keeps to the timeline on which it began", 60)
{
	fd = tl_open();
	id = tl_make(fd, "restart", TIMELINE_STEP);
	goes_on(absolute, "absolute");
	goes_on(relative, "relative");
	destroyed(absolute, "absolute", false);
	destroyed(relative, "relative", false);
	destroyed(absolute, "absolute", true);
	destroyed(relative, "relative", true);
	tl_destroy(fd, id);
}
