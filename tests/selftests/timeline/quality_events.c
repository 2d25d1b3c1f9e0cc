// SPDX-License-Identifier: GPL-2.0
/*
 * The bound grows by 50 ppm: from 5 us it exceeds 25 us after 400 ms, with
 * nobody there to set the timeline.
 */
#include <poll.h>
#include "tl_test.h"

static int fd;
static u32 id;

static int bind_with(u64 accuracy, u64 resolution)
{
	struct timeline_bind arg = {
		.id = id, .accuracy_ns = accuracy, .resolution_ns = resolution,
	};

	return tl_ioctl(fd, TIMELINE_BIND, &arg);
}

static int wait_for(int ms)
{
	struct pollfd p = { fd, POLLIN | POLLPRI, 0 };

	return poll(&p, 1, ms) > 0 ? p.revents : 0;
}

static void expect(u32 type, u32 reason, const char *what)
{
	struct timeline_event ev = { 0 };

	t_equal(read(fd, &ev, sizeof(ev)), sizeof(ev), "read: %s", what);
	t_equal(ev.type, type, "its type");
	t_equal(ev.reason, reason, "its reason");
	t_equal(ev.id, id, "its timeline");
}

static void set_status(u8 status)
{
	struct timeline_set set = tl_params(fd, id, 1000000, 0);

	set.clock_status = status;
	if (tl_ioctl(fd, TIMELINE_SET, &set))
		t_fatal("set status");
}

static void dead_synchroniser(void)
{
	u64 start;

	tl_set(fd, id, 1000000, 0);
	start = now_ns();
	t_equal(bind_with(25000, 0), 0, "bind with 25 us");
	t_equal(wait_for(300), 0, "content for 300 ms");
	t_equal(wait_for(1000), POLLPRI, "then POLLPRI");
	t_near(now_ns() - start, 400 * MS, MS, "at the instant that can be computed");
	t_equal(wait_for(0), POLLPRI, "until it is read");
	expect(TIMELINE_EVENT_DEGRADED, TIMELINE_WHY_BOUND, "the event");
	t_equal(wait_for(10), 0, "then no longer");
	tl_set(fd, id, 1000000, 0);
	t_equal(wait_for(10), POLLIN, "POLLIN when it is set again");
	expect(TIMELINE_EVENT_RECOVERED, 0, "the recovery");
}

static void status(void)
{
	set_status(TIMELINE_STATUS_FREERUNNING);
	t_equal(wait_for(10), POLLPRI, "POLLPRI when the status degrades");
	expect(TIMELINE_EVENT_DEGRADED, TIMELINE_WHY_STATUS, "the event");
	set_status(TIMELINE_STATUS_SYNCHRONIZED);
	t_equal(wait_for(10), POLLIN, "POLLIN when it is good again");
	set_status(TIMELINE_STATUS_FREERUNNING);
	sleep_ns(MS);
	set_status(TIMELINE_STATUS_SYNCHRONIZED);
	sleep_ns(MS);
	t_equal(wait_for(0), POLLIN | POLLPRI, "POLLPRI until it is read, also when it is good again");
	expect(TIMELINE_EVENT_RECOVERED, 0, "only the newest of three");
	t_equal(wait_for(0), 0, "and nothing after that");
	t_ok(fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && read(fd, &id, 4) == -1 && errno == EINVAL,
	     "a short read");
}

/* A continuous timeline 50 us off: the slew's part of the bound ends in time */
static void slewed(void)
{
	struct timeline_set set;
	u64 start;
	u32 other = tl_make(fd, "slew", 0), keep = id;

	id = other;
	set = tl_params(fd, id, 0, 0);
	set.time_sec = tl_now(id) / SEC;
	set.time_frac_sec = (u64)((tl_now(id) + 50 * US) % SEC) * 18446744073ULL;
	set.counter_period_maxerror_rate_frac_sec = 0;
	t_equal(tl_ioctl(fd, TIMELINE_SET, &set), 0, "an update about 50 us off");
	start = now_ns();
	t_equal(bind_with(25000, 0), 0, "bind with 25 us");
	t_equal(wait_for(10), POLLPRI, "too far off");
	expect(TIMELINE_EVENT_DEGRADED, TIMELINE_WHY_BOUND, "the event");
	t_timely(wait_for(200), POLLIN, "good enough while the slew goes on");
	t_near(now_ns() - start, 65 * MS, 30 * MS, "after 2000 times what is too much");
	tl_destroy(fd, other);
	id = keep;
}

static void destroyed(void)
{
	struct timeline_event ev;

	t_equal(bind_with(25000, 0), 0, "bind once more");
	tl_destroy(fd, id);
	t_ok(wait_for(10) & POLLHUP, "POLLHUP when it is destroyed");
	expect(TIMELINE_EVENT_DESTROYED, 0, "the event");
	t_equal(read(fd, &ev, sizeof(ev)), 0, "then the end");
	t_ok(wait_for(0) & POLLHUP, "POLLHUP for good");
	t_equal(bind_with(25000, 0), -EINVAL, "bind to what is gone");
}

VBS_TEST("a bound thread is told when the bound exceeds what it needs, and when it recovers", 60)
{
	fd = tl_open();
	id = tl_make(fd, "quality", TIMELINE_STEP);
	t_equal(bind_with(1000000, 2), 0, "a resolution of a tick");
	dead_synchroniser();
	status();
	slewed();
	destroyed();
}
