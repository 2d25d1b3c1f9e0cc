// SPDX-License-Identifier: GPL-2.0
#include <sys/resource.h>
#include "vbs_test.h"

#define USER		1000
#define STRANGER	1001

struct got_shared {
	struct vbs_sched_attr attr;
	int err;
};

static struct got_shared *got;

static void sleeper(void *uid)
{
	setpriority(PRIO_PROCESS, 0, 5);
	if (uid)
		t_become((uid_t)(intptr_t)uid);
	for (;;)
		pause();
}

static struct vbs_sched_attr seen_by(uid_t uid, pid_t of)
{
	pid_t pid = fork();

	if (!pid) {
		if (uid)
			t_become(uid);
		got->err = vbs_getattr(of, &got->attr);
		_exit(0);
	}
	t_wait(pid);
	t_equal(got->err, 0, "getattr by uid %u", uid);
	return got->attr;
}

static void sees(uid_t uid, pid_t of, bool all, const char *what)
{
	struct vbs_sched_attr attr = seen_by(uid, of);

	t_equal(attr.sched_policy, SCHED_VBS, "%s: policy", what);
	t_equal(attr.sched_nice, 5, "%s: nice", what);
	t_equal(attr.sched_flags, SCHED_FLAG_RESET_ON_FORK, "%s: flags", what);
	t_equal(attr.sched_runtime, all ? 1 * MS : 0, "%s: runtime", what);
	t_equal(attr.sched_period, all ? 10 * MS : 0, "%s: period", what);
	t_equal(attr.sched_deadline, all ? 10 * MS : 0, "%s: deadline", what);
	t_equal(attr.sched_vbs_cap, all ? VBS_BW_UNIT / 4 : 0, "%s: cap", what);
	t_equal(attr.sched_vbs_leader, all ? of : 0, "%s: leader", what);
}

static pid_t member_of(uid_t uid)
{
	struct vbs_sched_attr attr = vbs_attr(1 * MS, 10 * MS, VBS_BW_UNIT / 4);
	pid_t pid = t_fork(sleeper, (void *)(intptr_t)uid);

	sleep_ns(10 * MS);
	attr.sched_flags = SCHED_FLAG_RESET_ON_FORK;
	t_equal(vbs_setattr(pid, &attr), 0, "uid %u enters", uid);
	return pid;
}

VBS_TEST("sched_getattr shows a server to whom /proc/vbs does", 30)
{
	pid_t mine, roots;

	need_vbs();
	got = t_shared(sizeof(*got));
	mine = member_of(USER);
	roots = member_of(0);
	sees(0, mine, true, "root, a user's");
	sees(0, roots, true, "root, its own");
	sees(USER, mine, true, "a user, its own");
	sees(USER, roots, false, "a user, root's");
	sees(STRANGER, mine, false, "a stranger, a user's");
}
