// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "vbs_test.h"

/*
 * A member forks while its memory does not answer: the child is in the server, and has
 * not come yet.  An administrator ends all servers; then the memory answers.
 */
#define ENABLE	SYSCTL_VBS "enable"
#define PAGE	4096

struct birth {
	volatile pid_t child;
	volatile int fd;
	volatile u64 page;
	volatile u32 ready, go, answer;
};

static struct birth *birth;

/* What the kernel writes to there waits for an answer. */
static void silent_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	birth->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	reg.range.start = (unsigned long)page;
	reg.range.len = PAGE;
	if (birth->fd < 0 || ioctl(birth->fd, UFFDIO_API, &api) ||
	    ioctl(birth->fd, UFFDIO_REGISTER, &reg))
		t_fatal("userfaultfd");
	birth->page = reg.range.start;
}

/* It answers when it is told to: a thread, outside of the server by then. */
static void *answers(void *unused)
{
	struct uffdio_zeropage zero = { .range = { birth->page, PAGE } };

	while (!birth->answer)
		sleep_ns(MS);
	if (ioctl(birth->fd, UFFDIO_ZEROPAGE, &zero))
		t_fatal("answer");
	return unused;
}

static void parent(void *unused)
{
	pthread_t t;

	(void)unused;
	silent_page();
	pthread_create(&t, NULL, answers, NULL);
	birth->ready = 1;
	gate_wait(&birth->go);
	if (!syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, NULL, birth->page, NULL, 0)) {
		birth->child = getpid();
		for (;;)
			;
	}
	for (;;)
		pause();
}

static bool leaves(pid_t pid)
{
	for (int i = 0; i < 100 && sched_getscheduler(pid) == SCHED_VBS; i++)
		sleep_ns(10 * MS);
	return sched_getscheduler(pid) == SCHED_OTHER;
}

VBS_TEST("sched_vbs_enable = 0 ends a server whose member has not come yet", 60)
{
	pid_t pid;

	need_vbs();
	file_restore(ENABLE);
	birth = t_shared(sizeof(*birth));
	pid = t_fork(parent, NULL);
	while (!birth->ready)
		sleep_ns(MS);
	must_enter(pid, 1 * MS, 10 * MS, 0);
	gate_open(&birth->go);
	sleep_ns(50 * MS);
	t_equal(server_val(pid, "members"), 2, "members, of whom one has not come");
	t_equal(file_write(ENABLE, "0"), 0, "an administrator ends all servers");
	t_equal(sched_getscheduler(pid), SCHED_OTHER, "policy of the parent");
	birth->answer = 1;
	while (!birth->child)
		sleep_ns(MS);
	t_ok(leaves(birth->child), "the child leaves the class when it comes");
	t_equal(books_empty(SEC), 0, "booked then");
	t_kill(birth->child);
	t_kill(pid);
}
