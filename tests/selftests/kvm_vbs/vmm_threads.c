// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include "vmm_machine.h"

#define MAKERS	8
#define ROUNDS	1000

#define LIFE	(60 * MS)
#define LONGER	4		/* one in so many lives for a while, to be seen */

static void *nothing(void *arg)
{
	if (arg)
		sleep_ns(LIFE);
	return NULL;
}

/* Threads that are created, and mostly end, as fast as that goes */
static void *maker(void *arg)
{
	unsigned int n = 0;
	pthread_t t;

	for (;;) {
		arg = ++n % LONGER ? NULL : &n;
		if (pthread_create(&t, NULL, nothing, arg))
			continue;
		if (arg)
			pthread_detach(t);
		else
			pthread_join(t, NULL);
	}
	return NULL;
}

static void makers(void *arg)
{
	pthread_t t;

	for (int i = 1; i < MAKERS; i++)
		if (pthread_create(&t, NULL, maker, arg))
			t_fatal("threads");
	maker(arg);
}

/* What the last configuration had is booked until z. */
static bool configured(pid_t pid, struct kvm_vbs_config *cfg)
{
	int err = -EBUSY;

	for (int i = 0; i < 100 && err == -EBUSY; i++) {
		err = vm_configure(pid, cfg);
		if (err == -EBUSY)
			sleep_ns(MS);
	}
	return !err;
}

/*
 * One that is seen before its creator has looked at the mark again has not run yet:
 * it is not what it was when it is looked at later.
 */
static bool is_other(pid_t tid, int policy)
{
	int its = sched_getscheduler(tid);

	if (its < 0 || its == policy)
		return false;
	sleep_ns(20 * MS);
	its = sched_getscheduler(tid);
	return its >= 0 && its != policy;
}

/* How many of its threads there are that have another policy */
static unsigned int of_other_policy(pid_t pid, int policy)
{
	unsigned int n = 0;
	char path[64];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		t_fatal("%s", path);
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		n += is_other(atoi(d->d_name), policy);
	}
	closedir(dir);
	return n;
}

/*
 * A thread that read that there is no mark, and was linked after the walk, would be
 * left outside; one that read the mark and was linked after it was taken off, inside.
 */
VBS_TEST("threads that are created meanwhile are configured as all others", 200)
{
	struct kvm_vbs_config cfg = vm_config(2 * MS, 10 * MS, 5 * MS, 10 * MS);
	u64 outside = 0, excluded = 0, inside = 0, rounds = t_arg("rounds", ROUNDS), failed = 0;
	pid_t pid;

	need_vbs();
	need_kvm_vbs();
	pid = t_fork(makers, NULL);
	sleep_ns(20 * MS);
	for (u64 i = 0; i < rounds; i++) {
		failed += !configured(pid, &cfg);
		/* Who was on his way to be created then has been by now. */
		sleep_ns(LIFE / 3);
		outside += of_other_policy(pid, SCHED_VBS);
		excluded += group_val(pid, "outside");
		failed += vm_undo(pid) != 0;
		inside += of_other_policy(pid, SCHED_OTHER);
	}
	t_equal(failed, 0, "configurations that failed, of %ju", (uintmax_t)(2 * rounds));
	t_equal(outside, 0, "threads left outside");
	t_equal(excluded, 0, "threads that could enter no server");
	t_equal(inside, 0, "threads left inside");
	t_kill(pid);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
