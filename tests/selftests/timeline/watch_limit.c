// SPDX-License-Identifier: GPL-2.0
/*
 * The quality of a timeline is told to the most demanding first. However many
 * watches another user tries to have, the event of one that needs less comes
 * within 1 ms of the instant at which the bound exceeds what it needs.
 */
#include <poll.h>
#include <sys/resource.h>
#include "tl_test.h"

#define CROWD	2000
#define LIMIT	"/proc/sys/user/max_timeline_watches"

struct shared {
	u32 ready;
	u32 id;
	int had;
	int error;
	int again;
	int after_close;
};

static struct shared *s;

static int watch(int f, u64 accuracy)
{
	struct timeline_bind arg = { .id = s->id, .accuracy_ns = accuracy };

	return tl_ioctl(f, TIMELINE_BIND, &arg);
}

/* All of these lose what they need a little before the honest one does */
static void crowd(void *unused)
{
	struct rlimit lim = { CROWD + 100, CROWD + 100 };
	int f, i, last = -1;

	(void)unused;
	setrlimit(RLIMIT_NOFILE, &lim);
	t_become(1000);
	for (i = 0; i < CROWD; i++) {
		f = open("/dev/timeline", O_RDONLY);
		s->error = f < 0 ? -errno : watch(f, 24999);
		if (s->error)
			break;
		last = f;
	}
	s->had = i;
	if (i < CROWD) {
		s->again = watch(last, 24998);
		close(last);
		s->after_close = watch(f, 24999);
	}
	gate_open(&s->ready);
	pause();
}

static void told_in_time(int fd, u64 start)
{
	struct pollfd p = { fd, POLLIN | POLLPRI, 0 };

	t_equal(poll(&p, 1, 1000), 1, "an event");
	t_equal(p.revents, POLLPRI, "that the bound is too large");
	t_near(now_ns() - start, 400 * MS, MS, "when it can be computed to be");
}

VBS_TEST("many watches of one user do not make the event of another late", 60)
{
	int fd = tl_open(), i;
	s64 limit = file_num(LIMIT);
	u64 start;

	s = t_shared(sizeof(*s));
	s->id = tl_make(fd, "watched", TIMELINE_STEP);
	t_equal(limit, 128, "watches per user, as documented");
	t_fork(crowd, NULL);
	gate_wait(&s->ready);
	t_equal(s->had, limit, "the other user has so many");
	t_equal(s->error, -ENOSPC, "and gets ENOSPC for one more");
	t_equal(s->again, 0, "while those that it has can be set again");
	t_equal(s->after_close, 0, "but for the place of one that is closed");
	tl_set(fd, s->id, 1000000, 0);
	start = now_ns();
	t_equal(watch(fd, 25000), 0, "this one is not counted with those");
	told_in_time(fd, start);
	file_restore(LIMIT);
	file_write(LIMIT, "1");
	t_equal(watch(fd, 25000), 0, "with a limit of 1: another BIND of the same file");
	i = open("/dev/timeline", O_RDONLY);
	t_equal(watch(i, 25000), -ENOSPC, "but not one of another");
	t_equal(close(i), 0, "close it");
	tl_destroy(fd, s->id);
}
