// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation that entering, joining, moving, changing and forking make fails
 * once, the first, the second and so on, until a call needs no more.  A call then
 * succeeds or says ENOMEM, and has changed nothing: no member, no booking.
 */
#include <sys/wait.h>
#include "vbs_test.h"

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define LIMIT		400	/* allocations of one call, more than any makes */

static pid_t other, leader;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static int enter(void)
{
	return vbs_enter(other, 1 * MS, 10 * MS, 0);
}

static int same_cap(void)
{
	return vbs_enter(leader, 1 * MS, 10 * MS, VBS_BW_UNIT / 5);
}

static int join(void)
{
	return vbs_join(other, leader);
}

static int affinity(void)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	return sched_setaffinity(leader, sizeof(set), &set) ? -errno : 0;
}

/* By this task, which is a member; the child is gone when the call is over. */
static int fork_member(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	return waitpid(pid, NULL, 0) == pid ? 0 : -errno;
}

struct state {
	u64 booked, servers, members;
};

/* Once the dead have given back what they had */
static struct state look(void)
{
	struct state s = { .servers = cpu_key(0, "servers") };

	s.booked = cpu_key(0, "booked");
	s.members = server_val(leader, "members");
	return s;
}

static bool leave_and_wait(const struct state *before)
{
	struct state s;

	if (sched_getscheduler(other) == SCHED_VBS)
		vbs_leave(other);
	for (int i = 0; i < 200; i++) {
		s = look();
		if (!memcmp(&s, before, sizeof(s)))
			return true;
		sleep_ns(5 * MS);
	}
	return false;
}

/* @some: failures at least, or nothing was tested */
static void fail_each(const char *what, int (*call)(void), unsigned int some)
{
	struct state before = look();
	unsigned int n, failed = 0, odd = 0, left = 0;
	char text[16] = "";
	int err;

	for (n = 1; n < LIMIT; n++) {
		file_write(FAIL_NTH, "%u", n);
		err = call();
		file_read(FAIL_NTH, text, sizeof(text));
		file_write(FAIL_NTH, "%u", 0);
		failed += err == -ENOMEM;
		odd += err && err != -ENOMEM && err != -EAGAIN;
		left += !leave_and_wait(&before);
		if (atoi(text))
			break;
	}
	t_diag("%s: %u allocations, %u failures of the call", what, n - 1, failed);
	t_at_least(failed, some, "%s: failures of the call", what);
	t_equal(odd, 0, "%s: other errors than ENOMEM", what);
	t_equal(left, 0, "%s: times that something was left behind", what);
	t_ok(n < LIMIT, "%s: all allocations failed once", what);
}

VBS_TEST("a call whose allocation fails changes nothing", 170)
{
	need_vbs();
	if (access(FAIL_NTH, W_OK) || file_write(FAILSLAB "ignore-gfp-wait", "N"))
		t_skip_all("this kernel has no CONFIG_FAILSLAB");
	file_write(FAILSLAB "verbose", "0");	/* each would print its stack */
	other = t_fork(sleeper, NULL);
	leader = t_fork(sleeper, NULL);
	sleep_ns(10 * MS);
	must_enter(leader, 1 * MS, 10 * MS, VBS_BW_UNIT / 5);
	fail_each("enter", enter, 1);
	fail_each("join", join, 0);
	fail_each("the same cap again", same_cap, 0);
	fail_each("affinity", affinity, 1);
	t_equal(vbs_join(0, leader), 0, "this task joins");
	fail_each("fork", fork_member, 10);
	vbs_leave(0);
}
