// SPDX-License-Identifier: GPL-2.0
/* What is demanded of a timeline, for who sets it */
#include <poll.h>
#include <unistd.h>
#include "tl_test.h"

#define WATCHES	5

static const u64 accuracy[WATCHES] = { 1000000, 250000, 150000, 120000, 100000 };

static bool tells(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

static bool tells_soon(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 1000) == 1 && p.revents & POLLIN;
}

static int ask(int fd, u32 id, struct timeline_demand *d)
{
	*d = (struct timeline_demand) { .id = id };
	return tl_ioctl(fd, TIMELINE_DEMAND, d);
}

static void is_demanded(int fd, u32 id, u64 least, u32 watchers, const char *what)
{
	struct timeline_demand d;

	t_equal(ask(fd, id, &d), 0, "%s: asked", what);
	t_ok(d.accuracy_ns == least && d.watchers == watchers && !d.guests,
	     "%s: %ju ns by %u", what, (uintmax_t)d.accuracy_ns, d.watchers);
	t_ok(!tells(fd), "%s: nothing has changed since", what);
}

static int watch(u32 id, u64 ns)
{
	struct timeline_bind arg = { .id = id, .accuracy_ns = ns };
	int fd = tl_open();

	if (tl_ioctl(fd, TIMELINE_BIND, &arg))
		t_fatal("bind");
	return fd;
}

/* They come, the stricter the later, and go in the same order: the strictest stays */
static void come_and_go(int fd, u32 id)
{
	int file[WATCHES];

	is_demanded(fd, id, 0, 0, "nobody");
	for (int i = 0; i < WATCHES; i++) {
		file[i] = watch(id, accuracy[i]);
		t_ok(tells_soon(fd), "a stricter one is told");
		is_demanded(fd, id, accuracy[i], i + 1, "one more");
	}
	for (int i = 0; i < WATCHES - 1; i++) {
		close(file[i]);
		t_ok(!tells(fd), "one that was not the strictest goes: nothing changes");
	}
	is_demanded(fd, id, accuracy[WATCHES - 1], 1, "the last");
	close(file[WATCHES - 1]);
	t_ok(tells_soon(fd), "that it goes is told");
	is_demanded(fd, id, 0, 0, "nobody again");
}

/* 0 is what is demanded where nobody demands anything: who asks for that asks for 1 */
static void none(int fd, u32 id)
{
	int file = watch(id, 0), other = watch(id, 100000);

	is_demanded(fd, id, 1, 2, "an accuracy of 0");
	close(file);
	is_demanded(fd, id, 100000, 1, "without it");
	close(other);
}

/* Those that are degraded count as well: they need it the most */
static void degraded(int fd, u32 id)
{
	int file = watch(id, 1), other = watch(id, 1000000000);

	sleep_ns(50 * MS);
	is_demanded(fd, id, 1, 2, "one that does not have what it needs");
	close(file);
	is_demanded(fd, id, 1000000000, 1, "the other");
	close(other);
}

static void moves(int fd, u32 id)
{
	u32 to = tl_make(fd, "other", 0);
	struct timeline_bind arg = { .id = to, .accuracy_ns = 700 };
	int file = watch(id, 500);

	is_demanded(fd, id, 500, 1, "before it moves");
	t_equal(tl_ioctl(file, TIMELINE_BIND, &arg), 0, "bound to another");
	t_ok(tells_soon(fd), "that it has gone is told");
	is_demanded(fd, id, 0, 0, "where it was");
	is_demanded(fd, to, 700, 1, "where it is");
	tl_destroy(fd, to);
	t_ok(tells_soon(fd), "that the timeline has gone is told");
	close(file);
}

static void errors(int fd, u32 id)
{
	struct timeline_demand d = { .id = id, .generation = 77 };

	t_equal(tl_ioctl(fd, TIMELINE_DEMAND, &d), -ESTALE, "another generation");
	d = (struct timeline_demand) { .id = id, .reserved[1] = 1 };
	t_equal(tl_ioctl(fd, TIMELINE_DEMAND, &d), -EINVAL, "a reserved field");
	t_equal(ask(fd, 31, &d), -EINVAL, "no such timeline");
	t_become(1000);
	t_equal(ask(fd, id, &d), -EPERM, "without CAP_SYS_TIME");
}

VBS_TEST("who sets a timeline learns what is demanded of it, and when that changes", 30)
{
	int fd = tl_open();
	u32 id = tl_make(fd, "demanded", 0);

	come_and_go(fd, id);
	degraded(fd, id);
	none(fd, id);
	moves(fd, id);
	errors(fd, id);
}
