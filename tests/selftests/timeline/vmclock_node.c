// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/timelines/NAME through a reader of /dev/vmclockN.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "tl_test.h"
#include "vmclock_device.h"
#include "vmclock_reader.h"

#define PAGE	4096
#define NODE	"/dev/timelines/node"

static int fd;
static u32 id;
static struct vmclock_device dev;

static u64 vm_ns(const struct vmclock_time *t)
{
	return t->sec * SEC + t->nsec;
}

static void node(void)
{
	struct stat st;

	t_ok(stat(NODE, &st) && errno == ENOENT, "no node before the timeline is made");
	id = tl_create(fd, "node", TIMELINE_STEP);
	t_equal(stat(NODE, &st), 0, "a node when it is");
	t_equal(st.st_mode, S_IFCHR | 0444, "a character device that all may read");
	t_equal(tl_create(fd, ".", 0), -EINVAL, "no timeline is called .");
	t_equal(tl_create(fd, "..", 0), -EINVAL, "nor ..");
}

/* What a reader of VMClock does, from open() on */
static void reader(void)
{
	struct timeline_time tt;
	struct vmclock_time now, at;
	int i, exact = 0;

	t_equal(vmclock_open(&dev, NODE), 0, "open, read the header, map the page");
	vmclock_read(dev.region, dev.size, &now);
	t_equal(now.use, VMCLOCK_NO_TIME, "no time before the first SET");
	tl_set(fd, id, 1000000, 0);
	vmclock_read(dev.region, dev.size, &now);
	t_equal(now.use, VMCLOCK_OK, "and one after it");
	for (i = 0; i < 1000; i++) {
		tl_vdso(id, &tt);
		vmclock_read_at(dev.region, dev.size, tt.counter, &at);
		exact += vm_ns(&at) == tl_ns(&tt) && at.bounded &&
			 at.maxerror_ns + 3 >= tt.err_low_ns && at.maxerror_ns >= tt.err_high_ns;
	}
	t_equal(exact, 1000, "the timeline's, to the nanosecond, with a bound");
}

static void reads(void)
{
	static char page[2 * PAGE], *volatile nowhere;
	int f = open(NODE, O_RDONLY), i, rest = 0;

	t_equal(read(f, page, sizeof(page)), PAGE, "read() ends with the page");
	for (i = 0; i < PAGE; i++)
		rest += page[i] != ((const char *)dev.region)[i];
	t_equal(rest, 0, "and has what is mapped");
	t_equal(read(f, page, 1), 0, "the end");
	t_equal(pread(f, page, 100, PAGE - 10), 10, "its last bytes");
	t_equal(pread(f, page, 4, 8), 4, "in between");
	t_equal(*(u16 *)page, 1, "the version is there");
	t_equal(lseek(f, 4, SEEK_SET) < 0 ? errno : 0, ESPIPE, "lseek()");
	t_equal(pread(f, page, 4, 4), 4, "the size");
	t_equal(*(u32 *)page, PAGE, "is the page's");
	t_equal(pread(f, nowhere, 8, 0) < 0 ? errno : 0, EFAULT, "to nowhere");
	t_equal(write(f, page, 4) < 0 ? errno : 0, EBADF, "write()");
	close(f);
}

static int map_error(int f, size_t size, int prot, off_t at)
{
	void *p = mmap(NULL, size, prot, MAP_SHARED, f, at);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, size);
	return 0;
}

static void maps(void)
{
	int f = open(NODE, O_RDWR);
	void *p;

	t_at_least(f, 0, "the administrator can open it for writing");
	t_equal(map_error(f, PAGE, PROT_READ, 0), 0, "map it");
	t_equal(map_error(f, 2 * PAGE, PROT_READ, 0), EINVAL, "two pages");
	t_equal(map_error(f, PAGE, PROT_READ, PAGE), EINVAL, "the second page");
	t_equal(map_error(f, PAGE, PROT_READ | PROT_WRITE, 0), EROFS, "to write to");
	t_equal(map_error(f, PAGE, PROT_NONE, 0), EROFS, "not to read");
	t_equal(write(f, "x", 1) < 0 ? errno : 0, EINVAL, "write()");
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, f, 0);
	t_equal(mprotect(p, PAGE, PROT_READ | PROT_WRITE) ? errno : 0, EACCES,
		"make it writable later");
	munmap(p, PAGE);
	close(f);
}

static void set_later(void *arg)
{
	(void)arg;
	sleep_ns(20 * MS);
	tl_set(fd, id, 1000000, 0);
}

static void events(void)
{
	struct epoll_event ev = { .events = EPOLLIN }, got;
	u32 seq = vmclock_sequence(&dev);
	struct vmclock_device other;
	int ep = epoll_create1(0);
	u64 begin;
	pid_t pid;

	vmclock_note(&dev);
	t_equal(vmclock_wait(&dev, 0), 0, "nothing after a read()");
	vmclock_open(&other, NODE);
	epoll_ctl(ep, EPOLL_CTL_ADD, other.fd, &ev);
	t_equal(epoll_wait(ep, &got, 1, 0), 0, "nor for another file that did one");
	tl_set(fd, id, 1000000, 0);
	t_equal(vmclock_wait(&dev, 0), POLLIN | POLLRDNORM, "an update is an event");
	t_equal(vmclock_wait(&dev, 0), POLLIN | POLLRDNORM, "until it is read");
	t_ok(vmclock_sequence(&dev) != seq && !(vmclock_sequence(&dev) & 1),
	     "the sequence count has moved to another even value");
	t_ok(vmclock_note(&dev), "read() has what is mapped");
	t_equal(vmclock_wait(&dev, 0), 0, "no event any more");
	t_equal(epoll_wait(ep, &got, 1, 100), 1, "the other file has its own");
	begin = now_ns();
	pid = t_fork(set_later, NULL);
	t_equal(vmclock_wait(&dev, 10000), POLLIN | POLLRDNORM, "an update wakes who waits");
	t_near(now_ns() - begin, 20 * MS, MS / 2, "at once");
	t_wait(pid);
	vmclock_close(&other);
	close(ep);
}

/* A file that nobody has read from does not know what has been */
static void first_event(void)
{
	int f = open(NODE, O_RDONLY);
	struct pollfd p = { .fd = f, .events = POLLIN };

	t_equal(poll(&p, 1, 0), 1, "before the first read() of a file there is an event");
	close(f);
}

static void markers(void)
{
	struct timeline_get get = { .set.id = id };
	u64 generation = vmclock_generation(&dev), step;
	struct vmclock_time a, b;

	tl_ioctl(fd, TIMELINE_GET, &get);
	step = get.step;
	vmclock_read(dev.region, dev.size, &a);
	tl_set(fd, id, 5000, 0);
	vmclock_read(dev.region, dev.size, &b);
	tl_ioctl(fd, TIMELINE_GET, &get);
	t_ok(vm_ns(&b) < vm_ns(&a) && b.marker == a.marker, "a step is no disruption");
	t_ok(get.step != step && get.disruption == b.marker, "but moves the step marker");
	t_equal(vmclock_flags(&dev) & (VMCLOCK_GENERATION | VMCLOCK_NOTIFIES),
		VMCLOCK_GENERATION | VMCLOCK_NOTIFIES, "generation and notification are there");
	t_ok(generation && vmclock_generation(&dev) == generation,
	     "the generation has a value and keeps it");
	t_equal(get.set.vmclock_flags & (VMCLOCK_GENERATION | VMCLOCK_NOTIFIES), 0,
		"they are not of the parameters");
}

static void unprivileged(void *arg)
{
	struct vmclock_device d;

	(void)arg;
	t_become(1000);
	if (vmclock_open(&d, NODE))
		_exit(1);
	_exit(open(NODE, O_RDWR) < 0 && errno == EACCES ? 0 : 2);
}

#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/current_clocksource"

static void disruption(void)
{
	struct vmclock_time a, b;

	vmclock_read(dev.region, dev.size, &a);
	vmclock_note(&dev);
	file_write(CLOCKSOURCE, "hpet");
	t_equal(vmclock_wait(&dev, 1000), POLLIN | POLLRDNORM, "a disruption is an event");
	vmclock_read(dev.region, dev.size, &b);
	t_ok(b.use == VMCLOCK_NO_COUNTER && b.marker != a.marker, "and has its marker");
	file_write(CLOCKSOURCE, "tsc");
	tl_set(fd, id, 6000, 0);
	vmclock_read(dev.region, dev.size, &b);
	t_equal(b.use, VMCLOCK_OK, "the time is back");
}

static void destroy_later(void *arg)
{
	(void)arg;
	sleep_ns(20 * MS);
	tl_destroy(fd, id);
}

/* Who has the page of a timeline that is gone never sees another */
static void destroyed(void)
{
	struct vmclock_device next;
	struct vmclock_time t;
	struct stat st;
	u64 marker;
	pid_t pid;

	vmclock_read(dev.region, dev.size, &t);
	marker = t.marker;
	vmclock_note(&dev);
	pid = t_fork(destroy_later, NULL);
	t_equal(vmclock_wait(&dev, 10000) & POLLHUP, POLLHUP, "destroying it wakes who waits");
	t_wait(pid);
	t_ok(stat(NODE, &st) && errno == ENOENT, "the node is gone");
	t_ok(stat("/dev/timelines", &st) && errno == ENOENT, "and its directory");
	vmclock_read(dev.region, dev.size, &t);
	t_ok(t.use == VMCLOCK_NO_COUNTER && t.marker != marker, "its page has no time");
	t_equal(vmclock_flags(&dev) & VMCLOCK_NOTIFIES, 0, "and announces no event");
	id = tl_make(fd, "node", 0);
	t_equal(vmclock_open(&next, NODE), 0, "another one of that name");
	vmclock_read(next.region, next.size, &t);
	t_equal(t.use, VMCLOCK_OK, "has a time");
	vmclock_read(dev.region, dev.size, &t);
	t_equal(t.use, VMCLOCK_NO_COUNTER, "which does not show in the old page");
	t_equal(vmclock_wait(&dev, 0), POLLHUP, "the old file stays as it is");
	t_ok(vmclock_note(&dev), "and can be read");
	vmclock_close(&next);
	vmclock_close(&dev);
	tl_destroy(fd, id);
}

VBS_TEST("/dev/timelines/NAME is to a reader of /dev/vmclockN what that is", 60)
{
	fd = tl_open();
	node();
	reader();
	reads();
	maps();
	first_event();
	events();
	markers();
	t_equal(t_wait(t_fork(unprivileged, NULL)), 0, "everybody can read it, nobody write");
	disruption();
	destroyed();
}
