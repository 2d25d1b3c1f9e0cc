// SPDX-License-Identifier: GPL-2.0
/*
 * State that contradicts the rules is planted in a server; the watchdog has to
 * find it, and nobody else may notice.  Needs CONFIG_SCHED_VBS_KUNIT_TEST, which
 * brings the file that plants it.
 */
#include <sys/mount.h>
#include "vbs_measure.h"

#define DEBUGFS	"/sys/kernel/debug"
#define BREAK	DEBUGFS "/vbs_break"

/* It has begun an instance, which stays as it is. */
static void sleeper(void *unused)
{
	(void)unused;
	spin_until(now_ns() + 20 * MS);
	for (;;)
		pause();
}

static void hog(void *unused)
{
	(void)unused;
	for (;;)
		;
}

static int policy_of(pid_t pid)
{
	struct vbs_sched_attr attr;

	vbs_getattr(pid, &attr);
	return attr.sched_policy;
}

static void found(const char *kind, void (*what)(void *))
{
	pid_t pid = t_fork(what, NULL);
	int i;

	must_enter(pid, 1 * MS, 10 * MS, 0);
	sleep_ns(300 * MS);
	t_equal(file_write(BREAK, "%ju %s", (uintmax_t)server_val(pid, "id"), kind), 0,
		"%s: planted", kind);
	for (i = 0; i < 300 && policy_of(pid) != SCHED_OTHER; i++)
		sleep_ns(10 * MS);
	t_equal(policy_of(pid), SCHED_OTHER, "%s: policy of the member after %d ms", kind,
		i * 10);
	t_kill(pid);
}

VBS_TEST("contradictions of the class's own state are found, and end one server", 90)
{
	pid_t honest;

	need_vbs();
	mount("none", DEBUGFS, "debugfs", 0, NULL);
	if (access(BREAK, W_OK))
		t_skip("no " BREAK ": CONFIG_SCHED_VBS_KUNIT_TEST is not set");
	honest = t_fork(hog, NULL);
	must_enter(honest, 4 * MS, 10 * MS, 0);
	found("z", sleeper);
	found("debt", sleeper);
	found("queue", hog);
	sleep_ns(1500 * MS);
	t_equal(policy_of(honest), SCHED_VBS, "policy of the neighbour");
	t_equal(server_val(honest, "misses"), 0, "misses of the neighbour");
	t_equal(cpu_key(0, "servers"), 1, "servers that are left");
	t_kill(honest);
	t_equal(books_empty(SEC), 0, "booked when all are gone");
}
