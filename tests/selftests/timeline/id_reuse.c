// SPDX-License-Identifier: GPL-2.0
/*
 * Who keeps the id of a timeline that is gone never gets another one.
 */
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include "tl_test.h"

static int fd;

/* Another timeline in the place of one that is gone */
static u32 successor(u32 old)
{
	u32 id = tl_make(fd, "next", 0);

	while (tl_place(id) != tl_place(old)) {
		tl_destroy(fd, id);
		id = tl_make(fd, "next", 0);
	}
	return id;
}

static void refused(u32 id)
{
	struct timeline_bind bind = { .id = id, .accuracy_ns = SEC };
	struct timespec ts = { 0, 1 };
	struct timeline_time tt;
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };
	timer_t t;
	u64 ns;

	t_equal(tl_vdso(id, &tt), -EINVAL, "read it by the vDSO");
	t_equal(tl_prctl(id, &tt), -EINVAL, "by prctl()");
	t_equal(tl_clock(CLOCK_TIMELINE(id), &ns), -EINVAL, "by clock_gettime()");
	t_equal(tl_clock_syscall(CLOCK_TIMELINE(id), &ns), -EINVAL, "by the system call");
	t_equal(clock_getres(CLOCK_TIMELINE(id), &ts) ? errno : 0, EINVAL, "its resolution");
	ts = (struct timespec) { 0, 1 };
	t_equal(clock_nanosleep(CLOCK_TIMELINE(id), 0, &ts, NULL), EINVAL, "sleep on it");
	t_equal(timer_create(CLOCK_TIMELINE(id), &ev, &t) ? errno : 0, EINVAL, "a POSIX timer");
	t_equal(timerfd_create(CLOCK_TIMELINE(id), 0) < 0 ? errno : 0, EINVAL, "a timerfd");
	t_equal(prctl(PR_SET_TIMELINE, (unsigned long)id, 0L, 0L, 0L) ? errno : 0, EINVAL,
		"bind to it");
	t_equal(tl_ioctl(fd, TIMELINE_BIND, &bind), -EINVAL, "by the device");
	t_equal(tl_destroy(fd, id), -EINVAL, "destroy it");
}

static void set_refused(u32 old, u32 id)
{
	struct timeline_set set = tl_params(fd, id, 5, 0);

	set.id = old;
	t_equal(tl_ioctl(fd, TIMELINE_SET, &set), -EINVAL, "set it");
}

static void accepted(u32 id)
{
	struct timeline_lookup look = { .name = "next" };
	struct timeline_get get = { .set.id = tl_place(id) };
	struct timeline_time tt, self;
	u64 ns[3];

	t_equal(tl_vdso(id, &tt), 0, "the new id reads");
	t_ok(!tl_prctl(id, &self) && !tl_clock(CLOCK_TIMELINE(id), &ns[0]) &&
	     !tl_clock_syscall(CLOCK_TIMELINE(id), &ns[1]) &&
	     !tl_clock(CLOCK_TIMELINE(id), &ns[2]), "each way");
	t_ok(tl_ns(&tt) <= tl_ns(&self) && tl_ns(&self) <= ns[0] && ns[0] <= ns[1] &&
	     ns[1] <= ns[2] && tt.sec >= 1000000, "the same time");
	t_equal(tl_ioctl(fd, TIMELINE_LOOKUP, &look), 0, "look it up");
	t_equal(look.id, id, "that is its id");
	t_equal(tl_ioctl(fd, TIMELINE_GET, &get), 0, "GET by the place alone");
	t_ok(get.set.id == id && get.set.generation == look.generation &&
	     !strcmp(get.name, "next"), "tells who is there");
	t_equal(prctl(PR_SET_TIMELINE, (unsigned long)id, 0L, 0L, 0L), 0, "bind to it");
	t_equal(prctl(PR_GET_TIMELINE, 0L, 0L, 0L, 0L), id, "it is bound");
	t_ok(!tl_vdso(TIMELINE_SELF, &self) && tl_ns(&self) >= ns[2], "SELF is it");
	t_equal(tl_clock(CLOCK_TIMELINE_SELF, &ns[0]), 0, "as a clock");
}

VBS_TEST("an id that was used before is another clock's for ever", 60)
{
	u32 old, id, third;
	u64 ns;

	fd = tl_open();
	old = tl_make(fd, "first", 0);
	prctl(PR_SET_TIMELINE, (unsigned long)old, 0L, 0L, 0L);
	tl_destroy(fd, old);
	id = successor(old);
	t_ok(id != old && tl_place(id) == tl_place(old), "another id in the same place");
	t_equal(tl_clock(CLOCK_TIMELINE_SELF, &ns), -EINVAL, "who was bound to the first is not");
	refused(old);
	set_refused(old, id);
	accepted(id);
	tl_destroy(fd, id);
	third = successor(id);
	t_ok(third != id && third != old, "a third one has another id again");
	refused(id);
	tl_destroy(fd, third);
}
