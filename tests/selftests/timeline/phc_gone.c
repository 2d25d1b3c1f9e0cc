// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline that is destroyed while its PTP clock is open, is being read, or is in a call
 * that its caller does not let end.
 */
#include <linux/ptp_clock.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "tl_test.h"

static int fd;

static u32 make(const char *name)
{
	int ret = tl_create(fd, name, TIMELINE_PHC);

	if (ret == -EOPNOTSUPP)
		t_skip_all("CONFIG_TIMELINE_PHC is off");
	if (ret < 0)
		t_fatal("create %s", name);
	tl_set(fd, ret, 1000000, 0);
	return ret;
}

static int gettime(int phc)
{
	struct timespec ts;

	return clock_gettime(tl_phc_clock(phc), &ts) ? -errno : 0;
}

/* Within a second */
static bool goes(int n)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/dev/ptp%d", n);
	for (int i = 0; i < 100 && !stat(path, &st); i++)
		sleep_ns(10 * MS);
	return stat(path, &st) && errno == ENOENT;
}

static void while_it_is_open(void)
{
	u32 id = make("open"), other;
	int phc = tl_phc_open(id, O_RDWR), n = tl_phc(id), again;
	struct pollfd p = { .fd = phc, .events = POLLIN };

	t_equal(gettime(phc), 0, "it is read");
	tl_destroy(fd, id);
	t_equal(gettime(phc), -ENODEV, "destroyed: ENODEV at once");
	other = make("open");
	t_ok(goes(n) || tl_phc(other) == n, "its device goes");
	t_equal(tl_phc(id), -1, "with its parent");
	t_equal(gettime(phc), -ENODEV, "one of the same name does not show in it");
	t_ok(poll(&p, 1, 0) == 1 && p.revents & POLLERR, "poll() says so");
	again = tl_phc_open(other, O_RDONLY);
	t_equal(gettime(again), 0, "and has a clock of its own");
	close(phc);
	t_equal(gettime(again), 0, "also when the old one is closed");
	tl_destroy(fd, other);
	close(again);
}

static void reader(void *arg)
{
	struct ptp_extts_event event;
	int phc = *(int *)arg;

	_exit(read(phc, &event, sizeof(event)) < 0 ? errno : 0);
}

/* For stamps that never come */
static void while_it_is_waited_for(void)
{
	u32 id = make("waits");
	int phc = tl_phc_open(id, O_RDWR), n = tl_phc(id);
	pid_t pid = t_fork(reader, &phc);

	sleep_ns(20 * MS);
	tl_destroy(fd, id);
	t_ok(goes(n), "read() waits: its device goes");
	t_equal(WEXITSTATUS(t_wait(pid)), ENODEV, "and read() ends");
	close(phc);
}

struct stalled {
	int phc;
	void *page;
	int ret;
};

static void *stall(void *arg)
{
	struct stalled *s = arg;

	s->ret = tl_ioctl(s->phc, PTP_SYS_OFFSET_EXTENDED, s->page);
	return NULL;
}

/* A page whose contents come when we say so: -1 if the kernel has none */
static int make_page(void **page)
{
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	*page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (u64)(uintptr_t)*page;
	reg.range.len = 4096;
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg))
		return -1;
	return uffd;
}

static void while_a_call_is_held_up(void)
{
	static const struct ptp_sys_offset_extended one = { .n_samples = 1 };
	struct uffdio_copy copy = { .len = 4096 };
	u32 id = make("stalled"), other;
	struct stalled s = { .phc = tl_phc_open(id, O_RDWR) };
	int n = tl_phc(id), uffd = make_page(&s.page);
	static char contents[4096];
	pthread_t thread;
	u64 begin;

	if (uffd < 0) {
		t_skip("no userfaultfd");
		return;
	}
	memcpy(contents, &one, sizeof(one));
	pthread_create(&thread, NULL, stall, &s);
	sleep_ns(20 * MS);
	begin = now_ns();
	t_equal(tl_destroy(fd, id), 0, "a call is held up: destroyed all the same");
	t_at_most(now_ns() - begin, 10 * MS, "without waiting for it");
	other = make("stalled");
	t_ok(tl_phc(other) >= 0 && tl_phc(other) != n, "its name can be used again");
	copy.dst = (u64)(uintptr_t)s.page;
	copy.src = (u64)(uintptr_t)contents;
	t_equal(ioctl(uffd, UFFDIO_COPY, &copy), 0, "the call goes on");
	pthread_join(thread, NULL);
	t_equal(s.ret, -ENODEV, "and finds no timeline");
	t_ok(goes(n), "then its device goes");
	tl_destroy(fd, other);
	close(uffd);
	close(s.phc);
}

/* An id that is told to nobody is given back with its clock */
static void untold(void)
{
	struct timeline_create *ro = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct timeline_lookup look = { .name = "untold" };
	u32 id = make("before");
	int n = tl_phc(id) + 1;

	memcpy(ro->name, look.name, sizeof(ro->name));
	ro->flags = TIMELINE_PHC;
	mprotect(ro, 4096, PROT_READ);
	t_equal(tl_ioctl(fd, TIMELINE_CREATE, ro), -EFAULT, "create, id to read-only memory");
	t_equal(tl_ioctl(fd, TIMELINE_LOOKUP, &look), -ENOENT, "then there is none");
	t_ok(goes(n), "nor is its clock");
	tl_destroy(fd, id);
}

static void as_many_as_there_can_be(void)
{
	u32 ids[TIMELINE_IDS];
	int phcs[TIMELINE_IDS], ok = 0, left = 0;
	char name[16];

	for (int i = 0; i < TIMELINE_IDS; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		ids[i] = make(name);
		phcs[i] = tl_phc_open(ids[i], O_RDONLY);
		ok += !gettime(phcs[i]);
	}
	t_equal(ok, TIMELINE_IDS, "as many clocks as there are ids");
	for (int i = 0; i < TIMELINE_IDS; i++)
		tl_destroy(fd, ids[i]);
	for (int i = 0; i < TIMELINE_IDS; i++) {
		left += gettime(phcs[i]) != -ENODEV;
		close(phcs[i]);
	}
	t_equal(left, 0, "and none after all are destroyed");
}

VBS_TEST("a PTP clock ends with its timeline, and holds up nobody who destroys that", 30)
{
	fd = tl_open();
	tl_destroy_all(fd);
	while_it_is_open();
	while_it_is_waited_for();
	while_a_call_is_held_up();
	untold();
	as_many_as_there_can_be();
}
