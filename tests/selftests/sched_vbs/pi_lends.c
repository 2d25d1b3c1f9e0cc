// SPDX-License-Identifier: GPL-2.0
#include <sys/resource.h>
#include "vbs_test.h"

/*
 * A fair task owns a PI mutex that a member of a server on CPU 0 waits for.  If it
 * may come there it is lent the server.  If not it has, in the kernel, the priority
 * that the member might ask for, and in user mode, charged to nobody, its own.
 */
#define FAIR		20
#define FIFO(prio)	(-1 - (prio))
#define SERVER		(-102)

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

static void owner_in_user_mode(void *unused)
{
	(void)unused;
	pthread_mutex_lock(mutex);
	while (!*gate)
		;
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

struct owner {
	void (*play)(void *arg);
	int cpu;		/* or -1: it may run anywhere */
	int priority;		/* while the member waits */
};

/* @first: it is a member before it waits, else it becomes one then */
static void lends(const struct waiter *w, bool first, const struct owner *o,
		  const char *what)
{
	pid_t holds = t_fork(o->play, NULL), pid;

	if (o->cpu >= 0)
		pin_to(holds, o->cpu);
	sleep_ns(10 * MS);
	pid = t_fork(waits, (void *)w);
	pin_to(pid, 0);
	if (!first)
		sleep_ns(50 * MS);
	must_enter(pid, 1 * MS, 10 * MS, 0);
	sleep_ns(50 * MS);
	/* On a machine that shares its CPUs it may take the waiter longer to wait */
	for (int i = 0; i < 40 && stat_field(holds, STAT_PRIORITY) != o->priority; i++)
		sleep_ns(50 * MS);
	t_equal(stat_field(holds, STAT_PRIORITY), o->priority, "%s: priority of the owner", what);
	gate_open(gate);
	t_equal(t_wait(pid), 0, "%s: the waiter gets it", what);
	t_wait(holds);
	*gate = 0;
}

VBS_TEST("the owner of a PI futex is lent the server, or what the member might ask for", 30)
{
	const struct waiter root = { 0, 0 }, user = { 1000, 0 }, some = { 1000, 50 },
			    all = { 1000, 99 };

	need_vbs();
	need_cpus(2);
	mutex = pi_mutex_new();
	gate = t_shared(sizeof(*gate));
#define AWAY(prio)	(&(struct owner){ owner, 1, prio })
	lends(&root, true, AWAY(FIFO(99)), "CAP_SYS_NICE");
	lends(&user, true, AWAY(FAIR), "no privilege");
	lends(&some, true, AWAY(FIFO(50)), "RLIMIT_RTPRIO of 50");
	lends(&all, true, AWAY(FIFO(99)), "RLIMIT_RTPRIO of 99");
	lends(&user, false, AWAY(FAIR), "no privilege, a member since it waits");
	lends(&root, true, &(struct owner){ owner_in_user_mode, 1, FAIR }, "user mode elsewhere");
	lends(&user, true, &(struct owner){ owner, -1, SERVER }, "blocked, may come");
	lends(&user, true, &(struct owner){ owner, 0, SERVER }, "blocked, there");
	t_equal(books_empty(SEC), 0, "booked at last");
}
