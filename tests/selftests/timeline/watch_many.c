// SPDX-License-Identifier: GPL-2.0
/*
 * Watches beside each other: nobody's need hides another's, no event is lost to a
 * call that fails, and what watches a timeline hears of its end, whoever gets the
 * id after that.
 */
#include <poll.h>
#include <sched.h>
#include "tl_test.h"

#define LIMIT	"/proc/sys/user/max_timeline_watches"
#define MANY	640
#define BATCH	64
#define PAUSE	(50 * US)

static int fd;

static int watch(int f, u32 id, u64 accuracy)
{
	struct timeline_bind arg = { .id = id, .accuracy_ns = accuracy };

	return tl_ioctl(f, TIMELINE_BIND, &arg);
}

static int open_watch(u32 id, u64 accuracy)
{
	int f = open("/dev/timeline", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (f < 0 || watch(f, id, accuracy))
		t_fatal("watch timeline %u", id);
	return f;
}

static int ready(int f, int ms)
{
	struct pollfd p = { f, POLLIN | POLLPRI, 0 };

	return poll(&p, 1, ms) > 0 ? p.revents : 0;
}

static void set_unbounded(u32 id)
{
	struct timeline_set set = tl_params(fd, id, 1000000, 0);

	set.vmclock_flags = 0;
	if (tl_ioctl(fd, TIMELINE_SET, &set))
		t_fatal("set it without a bound");
}

/* All that the queue cannot tell apart are told */
static void huge_needs(void)
{
	u32 id = tl_make(fd, "huge", TIMELINE_STEP);
	int f[] = { open_watch(id, ~0ULL), open_watch(id, ~0ULL - 1), open_watch(id, ~0ULL >> 1) };
	struct timeline_event e;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(f); i++)
		t_equal(ready(f[i], 10), 0, "watch %u is content", i);
	set_unbounded(id);
	for (i = 0; i < ARRAY_SIZE(f); i++) {
		t_equal(ready(f[i], 100), POLLPRI, "watch %u is told that there is no bound", i);
		t_ok(read(f[i], &e, sizeof(e)) == sizeof(e) && e.reason == TIMELINE_WHY_BOUND,
		     "and why");
		t_ok(e.accuracy_ns == ~0ULL >> 1, "what it asked counts as 2^63 - 1");
		close(f[i]);
	}
	tl_destroy(fd, id);
}

/* A read() that cannot store it, and a BIND that is refused, lose nothing */
static void kept(void)
{
	u32 id = tl_make(fd, "kept", TIMELINE_STEP);
	void *volatile nowhere = (void *)8;
	int f = open_watch(id, 1);
	struct timeline_event e;

	t_equal(ready(f, 100), POLLPRI, "an event");
	t_ok(read(f, nowhere, sizeof(e)) == -1 && errno == EFAULT, "read it to nowhere");
	t_equal(watch(f, 31, 1), -EINVAL, "bind the file to one that there is not");
	t_equal(ready(f, 0), POLLPRI, "the event is still there");
	t_ok(read(f, &e, sizeof(e)) == sizeof(e) && e.id == id && !e.missed, "and complete");
	tl_destroy(fd, id);
	t_ok(ready(f, 100) & POLLHUP, "so is the watch");
	close(f);
}

/* An update in the pause between two batches does not begin the next one */
static void paused(void)
{
	u32 id = tl_make(fd, "paused", TIMELINE_STEP);
	int i, f[MANY];
	u64 start;

	file_restore(LIMIT);
	file_write(LIMIT, "%d", MANY + 100);
	for (i = 0; i < MANY; i++)
		f[i] = open_watch(id, 100000 + i);
	start = now_ns();
	/* The one that needs least is the last */
	do {
		set_unbounded(id);
	} while (!ready(f[MANY - 1], 0));
	start = now_ns() - start;
	t_diag("%d watches were told after %ju us", MANY, (uintmax_t)(start / US));
	t_at_least(start, (MANY / BATCH - 1) * PAUSE, "all pauses, updated all the while");
	for (i = 0; i < MANY; i++)
		close(f[i]);
	tl_destroy(fd, id);
}

static void busy_until(u64 when)
{
	while (now_ns() < when)
		;
}

/*
 * Who destroys it has a better priority than what tells of it (on PREEMPT_RT), and
 * keeps the CPU until the id can be used again.
 */
static void next_owner(void)
{
	u32 id = tl_make(fd, "old", TIMELINE_STEP), others[TIMELINE_IDS];
	int f = open_watch(id, 1000000), n = 0, got = -1;
	struct timeline_event e = { 0 };
	char name[16];

	set_fifo(0, 50);
	t_equal(tl_destroy(fd, id), 0, "destroy it");
	busy_until(now_ns() + 150 * MS);
	while ((got < 0 || tl_place(got) != tl_place(id)) && n < TIMELINE_IDS) {
		snprintf(name, sizeof(name), "new%d", n);
		got = tl_create(fd, name, TIMELINE_STEP);
		others[n++] = got;
	}
	t_equal(tl_place(got), tl_place(id), "its place is another timeline's");
	tl_set(fd, got, 2000000, 0);
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param) { 0 });
	t_ok(ready(f, 500) & POLLHUP, "whoever watched the old one is told of its end");
	t_ok(read(f, &e, sizeof(e)) == sizeof(e) && e.type == TIMELINE_EVENT_DESTROYED,
	     "by the event");
	set_unbounded(got);
	t_equal(read(f, &e, sizeof(e)), 0, "and hears nothing of the new one");
	while (n--)
		tl_destroy(fd, others[n]);
	close(f);
}

VBS_TEST("watches of one timeline do not hide, lose or inherit each other's events", 60)
{
	fd = tl_open();
	huge_needs();
	kept();
	paused();
	next_owner();
}
