// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "vbs_test.h"

/*
 * Many threads of a server fork, each into memory that does not answer, and leave: the
 * server's oldest members are children that have not come.  Whoever joins and leaves
 * then takes no longer for it.
 */
#define CROWD	1000
#define STACK	16384
#define PAGE	4096

struct crowd {
	volatile pid_t tid[CROWD];
	volatile u32 ready, go, left, stay;
};

static struct crowd *crowd;

static char *silent;

/* What the kernel writes to there waits for ever. */
static void silent_pages(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	silent = mmap(NULL, CROWD * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (unsigned long)silent;
	reg.range.len = CROWD * PAGE;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
		t_fatal("userfaultfd");
}

static void *parent(void *number)
{
	long n = (long)number;

	crowd->tid[n] = syscall(SYS_gettid);
	__atomic_add_fetch(&crowd->ready, 1, __ATOMIC_SEQ_CST);
	/* When all are killed at last they come, and go. */
	syscall(SYS_clone, CLONE_VM | CLONE_PARENT_SETTID | SIGCHLD, NULL, silent + n * PAGE,
		NULL, 0);
	_exit(0);
}

static void fork_all(void *unused)
{
	pthread_attr_t attr;
	pthread_t t;
	long n;

	(void)unused;
	silent_pages();
	gate_wait(&crowd->go);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (n = 0; n < CROWD; n++)
		if (pthread_create(&t, &attr, parent, (void *)n))
			t_fatal("thread %ld", n);
	for (;;)
		pause();
}

static void stays(void *unused)
{
	(void)unused;
	gate_wait(&crowd->stay);
	for (;;)
		pause();
}

/* The least of some: interrupts are in the others */
static u64 join_and_leave(pid_t pid)
{
	u64 best = ~0ULL, begin;
	int i;

	for (i = 0; i < 50; i++) {
		begin = now_ns();
		if (vbs_join(0, pid) || vbs_leave(0))
			t_fatal("join and leave");
		begin = now_ns() - begin;
		best = begin < best ? begin : best;
	}
	return best;
}

VBS_TEST("children that never come make nothing of their server slower", 110)
{
	pid_t first, last;
	u64 none, many;
	int i;

	need_vbs();
	file_restore("/proc/sys/kernel/threads-max");
	file_write("/proc/sys/kernel/threads-max", "%d", 4 * CROWD);
	crowd = t_shared(sizeof(*crowd));
	first = t_fork(fork_all, NULL);
	last = t_fork(stays, NULL);
	must_enter(first, 5 * MS, 10 * MS, 0);
	none = join_and_leave(first);
	gate_open(&crowd->go);
	while (crowd->ready < CROWD)
		sleep_ns(10 * MS);
	sleep_ns(100 * MS);
	t_equal(server_val(first, "members"), 2 * CROWD + 1, "members, of whom half have not come");
	if (vbs_join(last, first))
		t_fatal("the last joins");
	for (i = 0; i < CROWD; i++)
		if (vbs_leave(crowd->tid[i]))
			t_fatal("thread %d leaves", i);
	if (vbs_leave(first))
		t_fatal("the first leaves");
	t_equal(server_val(last, "members"), CROWD + 1, "members when the parents have left");
	many = join_and_leave(last);
	t_diag("JOIN and leave: %ju ns; beside %d children that have not come: %ju ns",
	       (uintmax_t)none, CROWD, (uintmax_t)many);
	t_at_most(many, none + none / 10, "ns to join and leave beside them");
	t_kill(first);
	t_kill(last);
	t_equal(books_empty(2 * SEC), 0, "booked at last");
}
