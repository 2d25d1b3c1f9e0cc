// SPDX-License-Identifier: GPL-2.0
/*
 * Who is due is served in the order in which that came about: a timer that is
 * set into the past comes after all whose instant has come, and not before.
 * To have many that are due, a step takes the timeline over their instants.
 */
#include <poll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include "tl_test.h"

#define CROWD	2000		/* takes the kernel some 3 ms */
#define PAST	1000100		/* s; where the crowd's instants are */

static int fd;
static u32 id;
static int crowd[CROWD];

static bool expired(int t)
{
	return poll(&(struct pollfd) { t, POLLIN, 0 }, 1, 0) == 1;
}

static int make_timer(void)
{
	int t = timerfd_create(CLOCK_TIMELINE(id), TFD_NONBLOCK);

	if (t < 0)
		t_fatal("timerfd_create()");
	return t;
}

static void set_timer(int t, struct timespec at, u64 interval)
{
	struct itimerspec its = { { interval / SEC, interval % SEC }, at };

	if (timerfd_settime(t, TFD_TIMER_ABSTIME, &its, NULL))
		t_fatal("timerfd_settime()");
}

/* All of the crowd become due, and few have been served when this returns */
static void crowd_is_due(void)
{
	int i;

	tl_set(fd, id, PAST - 100, 0);
	for (i = 0; i < CROWD; i++)
		set_timer(crowd[i], (struct timespec) { PAST, i }, 0);
	tl_set(fd, id, PAST + 100, 0);
	if (!expired(crowd[CROWD - 1]))
		return;
	if (t_arg("debug", 0))
		t_skip_all("setting the time takes longer than to serve the crowd");
	t_fatal("the crowd is served at once");
}

/* Whether the last of the crowd was served when this one is */
static bool comes_last(int t, int ms)
{
	bool came = poll(&(struct pollfd) { t, POLLIN, 0 }, 1, ms) == 1;

	return came && expired(crowd[CROWD - 1]);
}

static void by_file(void)
{
	int t = make_timer(), other = make_timer();
	u64 n;

	crowd_is_due();
	set_timer(t, (struct timespec) { 0, 1 }, 0);
	t_ok(comes_last(t, 1000), "a timerfd that is set to 1970 expires after who was due");
	set_timer(t, (struct timespec) { 0, 1 }, 1);
	poll(&(struct pollfd) { t, POLLIN, 0 }, 1, 100);
	crowd_is_due();
	t_equal(read(t, &n, sizeof(n)), sizeof(n), "read one with a period of 1 ns");
	t_ok(comes_last(t, 1000), "it expires once more after who was due");
	close(t);
	crowd_is_due();
	set_timer(other, (struct timespec) { 0, 1 }, 0);
	tl_set(fd, id, PAST - 100, 0);
	t_equal(poll(&(struct pollfd) { other, POLLIN, 0 }, 1, 10), 1,
		"set to 1970 and then stepped back: it expires");
	t_ok(!expired(crowd[CROWD - 1]), "who had not been served waits for its instant again");
	close(other);
}

static void by_signal(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec its = { .it_value = { 0, 1 } };
	struct timespec wait = { 1, 0 };
	sigset_t set;
	timer_t t;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (timer_create(CLOCK_TIMELINE(id), &ev, &t))
		t_fatal("timer_create()");
	crowd_is_due();
	timer_settime(t, TIMER_ABSTIME, &its, NULL);
	t_equal(sigtimedwait(&set, NULL, &wait), SIGUSR1, "a timer's signal");
	t_ok(expired(crowd[CROWD - 1]), "which comes after who was due");
	timer_delete(t);
}

struct shared {
	u32 ready;
	int ret;
};

static struct shared *s;

static void real_time_sleeper(void *unused)
{
	struct timespec at = { PAST, CROWD };

	(void)unused;
	set_fifo(0, 10);
	s->ready = 1;
	s->ret = clock_nanosleep(CLOCK_TIMELINE(id), TIMER_ABSTIME, &at, NULL);
	_exit(0);
}

/* A sleeper of real-time priority does not wait for a crowd of timers */
static void by_real_time(void)
{
	pid_t pid;

	tl_set(fd, id, PAST - 100, 0);
	pid = t_fork(real_time_sleeper, NULL);
	while (!*(volatile u32 *)&s->ready)
		sleep_ns(MS);
	sleep_ns(MS);
	crowd_is_due();
	t_wait(pid);
	t_equal(s->ret, 0, "a real-time thread sleeps");
	t_ok(!expired(crowd[CROWD - 1]), "before the crowd has been served");
}

/* Whatever its place in the queue, it counts from the instant that was asked */
static void counts_from_there(void)
{
	struct itimerspec got;
	int t = make_timer();
	u64 n = 0;

	tl_set(fd, id, PAST, 0);
	set_timer(t, (struct timespec) { PAST - 1, 50 * MS }, 100 * MS);
	t_equal(poll(&(struct pollfd) { t, POLLIN, 0 }, 1, 10), 1, "one from a second ago");
	read(t, &n, sizeof(n));
	t_equal(n, 10, "tells of its ten periods");
	timerfd_gettime(t, &got);
	t_near(got.it_value.tv_nsec, 50 * MS - tl_now(id) % SEC, 50 * US,
	       "and goes on in step");
	close(t);
}

VBS_TEST("waiters are served in the order in which they became due", 60)
{
	struct rlimit lim = { CROWD + 100, CROWD + 100 };
	int i;

	fd = tl_open();
	id = tl_make(fd, "order", TIMELINE_STEP);
	s = t_shared(sizeof(*s));
	setrlimit(RLIMIT_NOFILE, &lim);
	for (i = 0; i < CROWD; i++)
		crowd[i] = make_timer();
	by_file();
	by_signal();
	by_real_time();
	counts_from_there();
	tl_destroy(fd, id);
}
