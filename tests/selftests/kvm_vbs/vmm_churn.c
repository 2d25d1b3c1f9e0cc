// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "vmm_machine.h"

#define THREADS	200
#define ROUNDS	8

/* One walk over its threads takes 20 ms here, as many as find one outside 260 and more */
#define LIMIT	(100 * MS)

struct churn {
	volatile u32 ready;
	volatile pid_t tid[THREADS];
	volatile u64 taken;
	volatile u64 worst;		/* KVM_CREATE_VM of somebody else */
};

static struct churn *churn;

static void *sleeper(void *unused)
{
	churn->tid[__sync_fetch_and_add(&churn->ready, 1)] = syscall(SYS_gettid);
	for (;;)
		pause();
	return unused;
}

static void process(void *unused)
{
	pthread_t t;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t, NULL, sleeper, unused))
			t_fatal("a thread");
	for (;;)
		pause();
}

/* Its helper takes whoever has entered out again. */
static void helper(void *unused)
{
	(void)unused;
	for (;;)
		for (int i = 0; i < THREADS; i++)
			if (sched_getscheduler(churn->tid[i]) == SCHED_VBS)
				churn->taken += !vbs_leave(churn->tid[i]);
}

static void tenant(void *unused)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	u64 begin, took;

	(void)unused;
	for (;;) {
		begin = now_ns();
		close(ioctl(kvm, KVM_CREATE_VM, 0));
		took = now_ns() - begin;
		churn->worst = took > churn->worst ? took : churn->worst;
		sleep_ns(10 * MS);
	}
}

static u64 configured(pid_t pid)
{
	struct kvm_vbs_config c = vm_config(MS, 10 * MS, MS, 10 * MS);
	u64 begin = now_ns();

	c.vcpus = 1;
	t_equal(vm_configure(pid, &c), 0, "configured");
	return now_ns() - begin;
}

VBS_TEST("nobody waits for a configuration whose threads are taken out again", 90)
{
	pid_t pid;

	need_vbs();
	need_kvm_vbs();
	need_cpus(2);
	churn = t_shared(sizeof(*churn));
	pid = t_fork(process, NULL);
	while (churn->ready < THREADS)
		sleep_ns(MS);
	sleep_ns(20 * MS);
	t_fork(tenant, NULL);
	t_diag("%ju us with nobody beside it", (uintmax_t)configured(pid) / 1000);
	t_fork(helper, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		configured(pid);
		sleep_ns(50 * MS);
	}
	t_at_least(churn->taken, THREADS, "threads that were taken out");
	t_at_most(churn->worst, LIMIT, "ns for KVM_CREATE_VM of somebody else");
}
