// SPDX-License-Identifier: GPL-2.0
#include <sys/resource.h>
#include "vbs_test.h"

/*
 * A fair task owns a PI mutex that a member of a server waits for.  The owner
 * runs user code, charged to nobody: at a priority that the member might ask for.
 */
#define FAIR		20
#define FIFO(prio)	(-1 - (prio))

static pthread_mutex_t *mutex;
static volatile u32 *gate;

struct waiter {
	uid_t uid;
	rlim_t rtprio;
};

static void owner(void *unused)
{
	(void)unused;
	pthread_mutex_lock(mutex);
	gate_wait(gate);
	pthread_mutex_unlock(mutex);
}

static void waits(void *arg)
{
	const struct waiter *w = arg;
	struct rlimit limit = { w->rtprio, w->rtprio };

	if (setrlimit(RLIMIT_RTPRIO, &limit))
		t_fatal("setrlimit: %m");
	if (w->uid)
		t_become(w->uid);
	sleep_ns(20 * MS);
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
}

/* @first: it is a member before it waits, else it becomes one then */
static void lends(const struct waiter *w, bool first, int priority, const char *what)
{
	pid_t holds = t_fork(owner, NULL), pid;

	sleep_ns(10 * MS);
	pid = t_fork(waits, (void *)w);
	if (!first)
		sleep_ns(50 * MS);
	must_enter(pid, 1 * MS, 10 * MS, 0);
	sleep_ns(50 * MS);
	t_equal(stat_field(holds, STAT_PRIORITY), priority, "%s: priority of the owner", what);
	gate_open(gate);
	t_equal(t_wait(pid), 0, "%s: the waiter gets it", what);
	t_wait(holds);
	*gate = 0;
}

VBS_TEST("the owner of a PI futex inherits from a member what that might ask for itself", 30)
{
	const struct waiter root = { 0, 0 }, user = { 1000, 0 }, some = { 1000, 50 },
			    all = { 1000, 99 };

	need_vbs();
	mutex = pi_mutex_new();
	gate = t_shared(sizeof(*gate));
	lends(&root, true, FIFO(99), "CAP_SYS_NICE");
	lends(&user, true, FAIR, "no privilege");
	lends(&some, true, FIFO(50), "RLIMIT_RTPRIO of 50");
	lends(&all, true, FIFO(99), "RLIMIT_RTPRIO of 99");
	lends(&user, false, FAIR, "no privilege, a member since it waits");
	t_equal(books_empty(SEC), 0, "booked at last");
}
