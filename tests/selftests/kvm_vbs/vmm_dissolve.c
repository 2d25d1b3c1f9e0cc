// SPDX-License-Identifier: GPL-2.0
#include <pthread.h>
#include <sched.h>
#include "vmm_machine.h"

#define ENABLE	"/proc/sys/kernel/sched_vbs_enable"

static void *nothing(void *arg)
{
	return arg;
}

/* Each of them looks for the group's servers. */
static void makers(void *arg)
{
	pthread_t t;

	for (;;)
		if (!pthread_create(&t, NULL, nothing, arg))
			pthread_join(t, NULL);
}

static int configure(pid_t pid)
{
	struct kvm_vbs_config c = vm_config(2 * MS, 10 * MS, 2 * MS, 10 * MS);
	int err = -EBUSY;

	c.vcpus = 2;
	for (int i = 0; i < 100 && err == -EBUSY; i++) {
		err = vm_configure(pid, &c);
		if (err)
			sleep_ns(MS);
	}
	return err;
}

VBS_TEST("an administrator ends all servers while a process looks for its own", 100)
{
	u64 rounds = t_arg("rounds", 100), failed = 0, wrong = 0;
	pid_t pid;

	need_vbs();
	need_kvm_vbs();
	pid = t_fork(makers, NULL);
	for (u64 i = 0; i < rounds; i++) {
		failed += configure(pid) != 0;
		sleep_ns(i % 7 * MS);
		file_write(ENABLE, "0");
		wrong += configure(pid) != -EOPNOTSUPP;
		wrong += sched_getscheduler(pid) != SCHED_OTHER;
		file_write(ENABLE, "1");
	}
	t_equal(failed, 0, "configurations that failed");
	t_equal(wrong, 0, "times that one did not while the class was off, or a member was left");
	t_equal(configure(pid), 0, "configured once more");
	t_equal(sched_getscheduler(pid), SCHED_VBS, "its policy");
	t_kill(pid);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
