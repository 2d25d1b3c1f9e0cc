// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "vmm_machine.h"

#define STACK	(64 * 1024)

/* Shared by the test and the process that creates a thread */
struct late {
	volatile u32 begin;	/* gate: create it */
	volatile u32 go_on;	/* gate: let that come to its end */
	volatile pid_t tid;
};

/*
 * The pidfd of a new thread is written between the first look at the mark and the
 * moment when others can see it: to a page that comes when somebody sends it.
 */
struct hole {
	int fd;
	char *page;
	struct late *late;
};

static void hole_open(struct hole *h)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	h->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (h->fd < 0)
		t_skip_all("no userfaultfd: %m");
	h->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)h->page;
	reg.range.len = 4096;
	if (ioctl(h->fd, UFFDIO_API, &api) || ioctl(h->fd, UFFDIO_REGISTER, &reg))
		t_fatal("userfaultfd");
}

static void *send_page(void *arg)
{
	struct hole *h = arg;
	struct uffdio_zeropage zero = { .range = { (uintptr_t)h->page, 4096 } };

	gate_wait(&h->late->go_on);
	if (ioctl(h->fd, UFFDIO_ZEROPAGE, &zero))
		t_fatal("UFFDIO_ZEROPAGE");
	return NULL;
}

static int sleeper(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_pause);
	return 0;
}

static void create_late(void *arg)
{
	struct late *late = arg;
	struct hole h = { .late = late };
	pthread_t t;
	char *stack;

	hole_open(&h);
	stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pthread_create(&t, NULL, send_page, &h))
		t_fatal("a thread");
	gate_wait(&late->begin);
	late->tid = clone(sleeper, stack + STACK,
			  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM | CLONE_PIDFD, NULL, h.page);
	if (late->tid < 0)
		t_fatal("clone: %m");
	for (;;)
		pause();
}

static pid_t process_with(struct late *late)
{
	late->begin = 0;
	late->go_on = 0;
	late->tid = 0;
	return t_fork(create_late, late);
}

static int policy_when_created(struct late *late)
{
	gate_open(&late->go_on);
	for (int i = 0; !late->tid && i < 2000; i++)
		sleep_ns(MS);
	if (!late->tid)
		t_fatal("the thread does not come");
	sleep_ns(5 * MS);
	return sched_getscheduler(late->tid);
}

static const struct kvm_vbs_config good = {
	.version = KVM_VBS_VERSION,
	.vcpu = { .runtime = MS, .period = 10 * MS },
	.dm = { .runtime = MS, .period = 10 * MS },
};

static void marked_meanwhile(struct late *late)
{
	struct kvm_vbs_config c = good;
	pid_t pid = process_with(late);

	gate_open(&late->begin);
	sleep_ns(20 * MS);
	t_equal(vm_configure(pid, &c), 0, "configured while a thread is created");
	t_equal(policy_when_created(late), SCHED_VBS, "the policy of that thread");
	t_kill(pid);
	t_equal(books_empty(SEC), 0, "booked in the end");
}

/* Whoever undoes it waits for the thread, but not for ever. */
static void unmarked_meanwhile(struct late *late)
{
	struct kvm_vbs_config c = good;
	pid_t pid = process_with(late);

	t_equal(vm_configure(pid, &c), 0, "configured");
	gate_open(&late->begin);
	sleep_ns(20 * MS);
	t_equal(vm_undo(pid), 0, "undone while a thread is created");
	t_equal(policy_when_created(late), SCHED_OTHER, "the policy of that thread");
	t_equal(books_empty(SEC), 0, "booked in the end");
	t_kill(pid);
}

VBS_TEST("a thread looks at the mark of its process again when others can see it", 60)
{
	struct late *late;

	need_vbs();
	need_kvm_vbs();
	late = t_shared(sizeof(*late));
	marked_meanwhile(late);
	unmarked_meanwhile(late);
}
