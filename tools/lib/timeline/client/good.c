// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting until a timeline is good enough.  The kernel tells a file whose thread was
 * bound by it, and there is no other way; so the thread is bound for a moment, and then
 * to what it was bound to before.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "system.h"

static int bind_file(int fd, const struct tl_clock *clock, uint64_t bound_ns)
{
	struct timeline_bind bind = { .id = clock->id, .accuracy_ns = bound_ns };
	unsigned int before = sys_bound();
	int err = sys_ioctl(fd, TIMELINE_BIND, &bind);

	if (err)
		return err == -EINVAL ? -ENODEV : err;
	/* If what it was bound to was destroyed meanwhile, it is bound to nothing as it would be */
	if (sys_bind(before))
		sys_bind(TIMELINE_NONE);
	return clock_is_gone(clock) ? -ENODEV : 0;
}

EXPORT int tl_watch(const struct tl_clock *clock, uint64_t bound_ns)
{
	int fd = sys_open(), err;

	if (fd < 0)
		return fd;
	err = bind_file(fd, clock, bound_ns);
	if (!err && fcntl(fd, F_SETFL, O_NONBLOCK))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* 1 if something has happened, 0 if the time is up; end is of CLOCK_MONOTONIC, negative: none */
static int wait_event(int fd, int64_t end)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };
	int64_t left = end < 0 ? 0 : end - now_ns();
	struct timespec ts = { 0 };
	int n;

	if (left > 0)
		ts = (struct timespec){ left / 1000000000, left % 1000000000 };
	n = ppoll(&p, 1, end < 0 ? NULL : &ts, NULL);
	return n < 0 ? -errno : n;
}

static int is_good(const struct tl_clock *clock, uint64_t bound_ns)
{
	struct timeline_time tt;
	int err = tl_read(clock, &tt);

	return err ? err : tl_good(&tt, bound_ns);
}

/* The file tells of changes, so the first look comes after it was bound */
static int wait_good(int fd, const struct tl_clock *clock, uint64_t bound_ns, int64_t end)
{
	struct timeline_event event;
	int n;

	for (;;) {
		n = is_good(clock, bound_ns);
		if (n)
			return n < 0 ? n : 0;
		n = wait_event(fd, end);
		if (n <= 0)
			return n < 0 ? n : -ETIMEDOUT;
		if (read(fd, &event, sizeof(event)) < 0 && errno != EAGAIN)
			return -errno;
	}
}

EXPORT int tl_wait_good(const struct tl_clock *clock, uint64_t bound_ns, int64_t timeout_ns)
{
	int fd, err, good = is_good(clock, bound_ns);
	int64_t now = now_ns(), max = ~0ULL >> 1, end = -1;

	if (good)
		return good < 0 ? good : 0;
	if (!timeout_ns)
		return -ETIMEDOUT;
	if (timeout_ns > 0)
		end = timeout_ns > max - now ? max : now + timeout_ns;
	fd = tl_watch(clock, bound_ns);
	if (fd < 0)
		return fd;
	err = wait_good(fd, clock, bound_ns, end);
	close(fd);
	return err;
}
