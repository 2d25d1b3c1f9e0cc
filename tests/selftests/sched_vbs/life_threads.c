// SPDX-License-Identifier: GPL-2.0
#include <pthread.h>
#include <sys/syscall.h>
#include "vbs_test.h"

#define THREADS	4

static pid_t tids[THREADS];

static void *thread(void *arg)
{
	*(pid_t *)arg = syscall(SYS_gettid);
	sleep_ns(200 * MS);
	return NULL;
}

VBS_TEST("threads, children and grandchildren of a member join its server", 30)
{
	struct vbs_sched_attr attr;
	pthread_t threads[THREADS];
	pid_t child, pid;

	need_vbs();
	must_enter(0, 5 * MS, 10 * MS, 0);
	pid = getpid();
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread, &tids[i]))
			t_fatal("pthread_create");
	sleep_ns(50 * MS);
	t_equal(server_val(pid, "members"), 1 + THREADS, "members with threads");
	for (int i = 0; i < THREADS; i++) {
		vbs_getattr(tids[i], &attr);
		t_ok(attr.sched_policy == SCHED_VBS && attr.sched_vbs_leader == pid &&
		     attr.sched_runtime == 5 * MS, "thread %d is in the server", i);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	t_equal(server_val(pid, "members"), 1, "members after the threads");
	child = fork();
	if (!child) {
		child = fork();
		sleep_ns(100 * MS);
		_exit(0);
	}
	sleep_ns(50 * MS);
	t_equal(server_val(pid, "members"), 3, "members with a child and its child");
	t_equal(cpu_key(0, "servers"), 1, "servers");
	t_equal(cpu_key(0, "booked"), vbs_bw(5 * MS, 10 * MS), "booked: once for all of them");
	t_wait(child);
	sleep_ns(100 * MS);
	t_equal(server_val(pid, "members"), 1, "members after them");
	vbs_leave(0);
	sleep_ns(20 * MS);
	t_equal(cpu_key(0, "booked"), 0, "booked after leaving");
}
