// SPDX-License-Identifier: GPL-2.0
/*
 * The quality of a timeline is told to the most demanding first. However many
 * watches another user tries to have, the event of one that needs less comes
 * within 1 ms of the instant at which the bound exceeds what it needs. They are counted as
 * the kernel counts inotify's: of a user in a user namespace, and all of a namespace
 * against who made it.
 */
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include "tl_test.h"

#define CROWD	2000
#define LIMIT	"/proc/sys/user/max_timeline_watches"

/* Who tries to have so many: in how many user namespaces, and with which limit there */
struct crowd {
	uid_t uid;
	int inside;
	int limit;
	u32 ready;
	int had;
	int error;
	int again;
	int after_close;
};

struct shared {
	u32 id;
	struct crowd of[5];
};

static struct shared *s;

static int watch(int f, u64 accuracy)
{
	struct timeline_bind arg = { .id = s->id, .accuracy_ns = accuracy };

	return tl_ioctl(f, TIMELINE_BIND, &arg);
}

/* In a user namespace, in which it is root */
static void go_inside(uid_t uid, gid_t gid)
{
	if (unshare(CLONE_NEWUSER) || prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L) ||
	    file_write("/proc/self/setgroups", "deny") ||
	    file_write("/proc/self/uid_map", "0 %u 1", uid) ||
	    file_write("/proc/self/gid_map", "0 %u 1", gid))
		t_fatal("user namespace of %u", uid);
}

static void enter(const struct crowd *c)
{
	if (c->uid)
		t_become(c->uid);
	for (int i = 0; i < c->inside; i++)
		go_inside(geteuid(), getegid());
	if (c->limit && file_write(LIMIT, "%d", c->limit))
		t_fatal("a limit of its own");
}

/* All of these lose what they need a little before the honest one does */
static void crowd(void *arg)
{
	struct rlimit lim = { CROWD + 100, CROWD + 100 };
	struct crowd *c = arg;
	int f, i, last = -1;

	setrlimit(RLIMIT_NOFILE, &lim);
	enter(c);
	for (i = 0; i < CROWD; i++) {
		f = open("/dev/timeline", O_RDONLY);
		c->error = f < 0 ? -errno : watch(f, 24999);
		if (c->error)
			break;
		last = f;
	}
	c->had = i;
	if (i && i < CROWD) {
		c->again = watch(last, 24998);
		close(last);
		c->after_close = watch(f, 24999);
	}
	gate_open(&c->ready);
	pause();
}

/* Begins, and has what it could have */
static struct crowd *gather(int n, uid_t uid, int inside, int limit)
{
	struct crowd *c = &s->of[n];

	*c = (struct crowd) { .uid = uid, .inside = inside, .limit = limit };
	t_fork(crowd, c);
	gate_wait(&c->ready);
	return c;
}

static void told_in_time(int fd, u64 start)
{
	struct pollfd p = { fd, POLLIN | POLLPRI, 0 };

	t_equal(poll(&p, 1, 1000), 1, "an event");
	t_equal(p.revents, POLLPRI, "that the bound is too large");
	t_near(now_ns() - start, 400 * MS, MS, "when it can be computed to be");
}

/* Containers: what a user namespace is for */
static void in_namespaces(s64 limit)
{
	struct crowd *c;

	c = gather(1, 1001, 1, 0);
	t_equal(c->had, limit, "in another user's namespace there are as many");
	t_equal(c->error, -ENOSPC, "and no more");
	c = gather(2, 1001, 2, 0);
	t_equal(c->had, 0, "nor in one more of his, inside of another");
	c = gather(3, 0, 1, 10);
	t_equal(c->had, 10, "a namespace of root's with a limit of its own has that");
	t_equal(c->error, -ENOSPC, "and no more");
	c = gather(4, 0, 1, 0);
	t_equal(c->had, limit - 10, "one without has what root's others have left");
	t_equal(c->error, -ENOSPC, "and no more");
}

VBS_TEST("many watches of one user do not make the event of another late", 60)
{
	int fd = tl_open(), other = tl_open();
	s64 limit = file_num(LIMIT);
	struct crowd *c;
	u64 start;

	s = t_shared(sizeof(*s));
	s->id = tl_make(fd, "watched", TIMELINE_STEP);
	t_equal(limit, 128, "watches per user, as documented");
	c = gather(0, 1000, 0, 0);
	t_equal(c->had, limit, "the other user has so many");
	t_equal(c->error, -ENOSPC, "and gets ENOSPC for one more");
	t_equal(c->again, 0, "while those that it has can be set again");
	t_equal(c->after_close, 0, "but for the place of one that is closed");
	in_namespaces(limit);
	tl_set(fd, s->id, 1000000, 0);
	start = now_ns();
	t_equal(watch(fd, 25000), 0, "who has CAP_SYS_RESOURCE is not refused for those of root's");
	told_in_time(fd, start);
	file_restore(LIMIT);
	file_write(LIMIT, "1");
	t_equal(watch(fd, 25000), 0, "with a limit of 1: another BIND of the same file");
	t_equal(watch(other, 25000), 0, "and of one more, by who has CAP_SYS_RESOURCE");
	c = gather(0, 1002, 0, 0);
	t_equal(c->had, 1, "but not by who has not");
	t_equal(close(other), 0, "close it");
	tl_destroy(fd, s->id);
}
