// SPDX-License-Identifier: GPL-2.0
/*
 * Without privilege: reads and binds, changes nothing, and many waiters do not
 * make an update slow.
 */
#include <sys/timerfd.h>
#include <sys/resource.h>
#include "tl_test.h"

#define CROWD	10000

struct shared {
	u32 ready;
	u32 go;
	u32 id;
};

static struct shared *s;

static void intruder(void *unused)
{
	struct timeline_create c = { .name = "mine" };
	struct timeline_bind bind = { .id = s->id, .accuracy_ns = 1 };
	struct timeline_destroy d = { .id = s->id };
	struct timeline_get get = { .set.id = s->id };
	struct timeline_time tt;
	int fd, bad = 0;

	(void)unused;
	t_become(1000);
	fd = open("/dev/timeline", O_RDONLY);
	bad |= fd < 0 || open("/dev/timeline", O_RDWR) >= 0;
	bad |= tl_ioctl(fd, TIMELINE_CREATE, &c) != -EPERM;
	bad |= tl_ioctl(fd, TIMELINE_DESTROY, &d) != -EPERM;
	bad |= tl_ioctl(fd, TIMELINE_GET, &get) != 0;
	bad |= tl_ioctl(fd, TIMELINE_SET, &get.set) != -EPERM;
	bad |= tl_ioctl(fd, TIMELINE_BIND, &bind) != 0;
	bad |= tl_vdso(TIMELINE_SELF, &tt) != 0;
	_exit(bad);
}

static void crowd(void *unused)
{
	struct itimerspec its = { .it_value = { 2000000, 0 } };
	struct rlimit lim = { CROWD + 100, CROWD + 100 };
	int i, t;

	(void)unused;
	setrlimit(RLIMIT_NOFILE, &lim);
	for (i = 0; i < CROWD; i++) {
		t = timerfd_create(CLOCK_TIMELINE(s->id), 0);
		its.it_value.tv_nsec = i;
		if (t < 0 || timerfd_settime(t, TFD_TIMER_ABSTIME, &its, NULL))
			_exit(1);
	}
	gate_open(&s->ready);
	gate_wait(&s->go);
	_exit(0);
}

/*
 * The quickest of some updates: what it costs, not what interrupts it, nor the worker
 * that it wakes up, which may have its turn at once or later.
 */
static u64 update_cost(int fd)
{
	struct timeline_set set = tl_params(fd, s->id, 1000000, 0);
	u64 best = ~0ULL, start;
	int i;

	set_fifo(0, 1);
	for (i = 0; i < 100; i++) {
		start = tl_counter();
		tl_ioctl(fd, TIMELINE_SET, &set);
		start = tl_counter() - start;
		best = start < best ? start : best;
	}
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param) { 0 });
	return best;
}

VBS_TEST("users can read and bind, change nothing and make no update slow", 60)
{
	u64 alone, crowded;
	int fd = tl_open();

	s = t_shared(sizeof(*s));
	s->id = tl_make(fd, "target", TIMELINE_STEP);
	t_equal(t_wait(t_fork(intruder, NULL)), 0, "a user may look, not touch");
	alone = update_cost(fd);
	t_fork(crowd, NULL);
	gate_wait(&s->ready);
	crowded = update_cost(fd);
	t_diag("an update takes %ju ticks, %ju with %d waiters", (uintmax_t)alone,
	       (uintmax_t)crowded, CROWD);
	t_at_most(crowded, alone + alone / 2 + 2000, "an update with 10 000 waiters");
	gate_open(&s->go);
	t_equal(tl_destroy(fd, s->id), 0, "destroy it, waiters or not");
}
