// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include "tl_test.h"

static int fd;
static u32 id;
static clockid_t clk;

static struct timespec ts_of(u64 ns)
{
	return (struct timespec) { ns / SEC, ns % SEC };
}

static void sleepers(void)
{
	u64 start = tl_now(id), mono = now_ns();
	struct timespec ts = ts_of(50 * MS), rest;
	int ret = clock_nanosleep(clk, 0, &ts, NULL);
	u64 end = tl_now(id);

	mono = now_ns() - mono;
	t_equal(ret, 0, "sleep 50 ms");
	t_near(end - start, 50 * MS, 60 * US, "on the timeline");
	t_near(mono, 50 * MS, 200 * US, "by CLOCK_MONOTONIC");
	ts = ts_of(start + 200 * MS);
	ret = clock_nanosleep(clk, TIMER_ABSTIME, &ts, NULL);
	end = tl_now(id);
	t_equal(ret, 0, "sleep until an instant");
	t_near(end, start + 200 * MS, 60 * US, "awake then");
	ts = ts_of(start);
	t_equal(clock_nanosleep(clk, TIMER_ABSTIME, &ts, NULL), 0, "an instant that has passed");
	alarm(1);
	ts = ts_of(3 * SEC);
	t_equal(clock_nanosleep(clk, 0, &ts, &rest), EINTR, "a signal interrupts");
	t_near(rest.tv_sec * SEC + rest.tv_nsec, 2 * SEC, 2 * MS, "what remains");
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* What /proc tells of a timerfd */
static int shown_clock(int t)
{
	char path[64], text[512], *at;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", t);
	file_read(path, text, sizeof(text));
	at = strstr(text, "clockid: ");
	return at ? atoi(at + 9) : -1;
}

/* One made on CLOCK_TIMELINE_SELF stays on what that was */
static void timer_of_self(void)
{
	struct itimerspec its = { .it_value = { 0, 1 } };
	int t;

	prctl(PR_SET_TIMELINE, (unsigned long)id, 0L, 0L, 0L);
	t = timerfd_create(CLOCK_TIMELINE_SELF, TFD_NONBLOCK);
	prctl(PR_SET_TIMELINE, (unsigned long)TIMELINE_NONE, 0L, 0L, 0L);
	t_equal(shown_clock(t), clk, "a timerfd on SELF shows which timeline that was");
	t_equal(timerfd_settime(t, 0, &its, NULL), 0, "and runs on it");
	close(t);
}

/* The old setting, of one that is armed, has expired, is disarmed */
static void old_setting(void)
{
	struct itimerspec its = { .it_value = { 5, 0 } }, old;
	int t = timerfd_create(clk, TFD_NONBLOCK);

	timerfd_settime(t, 0, &its, NULL);
	sleep_ns(20 * MS);
	its.it_value = ts_of(10 * MS);
	timerfd_settime(t, 0, &its, &old);
	t_near(old.it_value.tv_sec * SEC + old.it_value.tv_nsec, 4980 * MS, MS,
	       "old setting of a timerfd that had 4.98 s to go");
	sleep_ns(20 * MS);
	its = (struct itimerspec){ { 0, 30 * MS }, { 0, 30 * MS } };
	timerfd_settime(t, 0, &its, &old);
	t_equal(old.it_value.tv_sec * SEC + old.it_value.tv_nsec, 0, "of one that has expired");
	sleep_ns(40 * MS);
	its = (struct itimerspec){ 0 };
	timerfd_settime(t, 0, &its, &old);
	t_near(old.it_value.tv_nsec, 20 * MS, MS, "of one with an interval: until the next");
	t_equal(old.it_interval.tv_nsec, 30 * MS, "and the interval");
	timerfd_settime(t, 0, &its, &old);
	t_equal(old.it_value.tv_sec * SEC + old.it_value.tv_nsec, 0, "of one that is disarmed");
	close(t);
}

static int settime(int t, int flags, u64 at)
{
	struct itimerspec its = { .it_value = ts_of(at) };

	return timerfd_settime(t, flags, &its, NULL) ? -errno : 0;
}

static int read_error(int t)
{
	u64 ticks;

	return read(t, &ticks, sizeof(ticks)) < 0 ? errno : 0;
}

/* A step of the timeline cancels who asked for it, and a step of another clock does not */
static void cancelled(void)
{
	int asked = timerfd_create(clk, TFD_NONBLOCK), other = timerfd_create(clk, TFD_NONBLOCK);
	struct pollfd p = { asked, POLLIN, 0 };
	struct timespec real;

	t_equal(settime(asked, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, tl_now(id) + 100 * SEC),
		0, "a timerfd to be cancelled");
	t_equal(settime(other, TFD_TIMER_ABSTIME, tl_now(id) + 100 * SEC), 0, "and one not to be");
	clock_gettime(CLOCK_REALTIME, &real);
	real.tv_sec += 10;
	clock_settime(CLOCK_REALTIME, &real);
	t_equal(poll(&p, 1, 50), 0, "CLOCK_REALTIME is set: nothing");
	tl_set(fd, id, 1000010, 0);
	t_equal(poll(&p, 1, 1000), 1, "the timeline steps: poll() returns");
	t_equal(read_error(asked), ECANCELED, "and read() says so");
	t_equal(read_error(asked), EAGAIN, "once");
	t_equal(read_error(other), EAGAIN, "who did not ask is not cancelled");
	t_equal(settime(asked, TFD_TIMER_ABSTIME, tl_now(id) + 100 * SEC), 0, "set without that");
	tl_set(fd, id, 1000000, 400);
	t_equal(poll(&p, 1, 50), 0, "it steps: nothing");
	close(asked);
	close(other);
}

static void timer_fd(void)
{
	int t = timerfd_create(clk, TFD_NONBLOCK);
	struct itimerspec its = { { 0, 10 * MS }, { 0, 10 * MS } }, got;
	u64 start = tl_now(id), ticks;

	t_at_least(t, 0, "timerfd_create()");
	t_equal(shown_clock(t), clk, "its clock in fdinfo");
	t_equal(timerfd_settime(t, 0, &its, NULL), 0, "every 10 ms");
	sleep_ns(105 * MS);
	t_equal(read(t, &ticks, sizeof(ticks)), 8, "read it");
	t_equal(ticks, (tl_now(id) - start) / (10 * MS), "ticks");
	t_equal(timerfd_gettime(t, &got), 0, "timerfd_gettime()");
	t_ok(got.it_value.tv_nsec > 0 && got.it_value.tv_nsec <= (long)(10 * MS), "until the next");
	its = (struct itimerspec) { .it_value = ts_of(start + 300 * MS) };
	t_equal(timerfd_settime(t, TFD_TIMER_ABSTIME, &its, NULL), 0, "once, at an instant");
	poll(&(struct pollfd) { t, POLLIN, 0 }, 1, 1000);
	t_near(tl_now(id), start + 300 * MS, 60 * US, "it comes then");
	close(t);
}

static void posix_timer(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec its = { { 0, 20 * MS }, { 0, 20 * MS } };
	u64 start;
	sigset_t set;
	timer_t t;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t_equal(timer_create(clk, &ev, &t), 0, "timer_create()");
	start = tl_now(id);
	t_equal(timer_settime(t, 0, &its, NULL), 0, "every 20 ms");
	for (i = 0; i < 5; i++)
		sigwaitinfo(&set, NULL);
	t_near(tl_now(id), start + 100 * MS, 100 * US, "the fifth comes after 100 ms");
	t_equal(timer_delete(t), 0, "timer_delete()");
}

/* A step forward expires, one back makes wait */
static void steps(void)
{
	int t = timerfd_create(clk, TFD_NONBLOCK);
	struct itimerspec its = { .it_value = ts_of(1000500 * SEC) };
	struct pollfd p = { t, POLLIN, 0 };

	tl_set(fd, id, 1000000, 0);
	timerfd_settime(t, TFD_TIMER_ABSTIME, &its, NULL);
	t_equal(poll(&p, 1, 50), 0, "500 s to go");
	tl_set(fd, id, 1000501, 0);
	t_equal(poll(&p, 1, 10), 1, "a step forward over the instant expires");
	its.it_value.tv_sec = 1000502;
	timerfd_settime(t, TFD_TIMER_ABSTIME, &its, NULL);
	tl_set(fd, id, 1000500, 0);
	t_equal(poll(&p, 1, 1500), 0, "a step back makes it wait");
	t_equal(poll(&p, 1, 600), 1, "as long as it takes");
	close(t);
}

static void doomed(void *unused)
{
	struct timespec ts = ts_of(1000 * SEC);

	(void)unused;
	_exit(clock_nanosleep(clk, 0, &ts, NULL) == ENODEV ? 0 : 1);
}

static void destroyed(void)
{
	int t = timerfd_create(clk, TFD_NONBLOCK);
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec its = { .it_value = ts_of(1000 * SEC) };
	struct pollfd p = { t, POLLIN, 0 };
	struct timespec wait = ts_of(SEC);
	pid_t pid = t_fork(doomed, NULL);
	sigset_t set;
	timer_t pt;
	u64 ticks;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	timer_create(clk, &ev, &pt);
	timer_settime(pt, 0, &its, NULL);
	timerfd_settime(t, 0, &its, NULL);
	sleep_ns(20 * MS);
	t_equal(tl_destroy(fd, id), 0, "destroy it while there are waiters");
	t_equal(t_wait(pid), 0, "a sleeper gets ENODEV");
	t_equal(poll(&p, 1, 1000), 1, "the timerfd wakes");
	t_ok(read(t, &ticks, 8) == -1 && errno == ENODEV, "and reads ENODEV");
	t_equal(timerfd_settime(t, 0, &its, NULL) ? errno : 0, ENODEV, "and cannot be set");
	t_equal(sigtimedwait(&set, NULL, &wait), SIGUSR1, "the timer's signal comes");
	t_equal(timer_settime(pt, 0, &its, NULL) ? errno : 0, ENODEV, "it cannot be set");
	t_equal(timer_delete(pt), 0, "but deleted");
	close(t);
}

static void reads_end(void *timer)
{
	u64 ticks;

	signal(SIGALRM, SIG_DFL);
	alarm(2);
	_exit(read(*(int *)timer, &ticks, sizeof(ticks)) == -1 && errno == ENODEV ? 0 : 1);
}

/* Timers that wait for nothing when the end comes: never set, expired, and read */
static void destroyed_idle(void)
{
	struct itimerspec its = { .it_value = { 0, MS } };
	u32 other = tl_make(fd, "idle", 0);
	int t[3], i, blocked = timerfd_create(CLOCK_TIMELINE(other), 0);
	pid_t pid = t_fork(reads_end, &blocked);
	struct pollfd p = { .events = POLLIN };
	u64 ticks;

	for (i = 0; i < 3; i++) {
		t[i] = timerfd_create(CLOCK_TIMELINE(other), TFD_NONBLOCK);
		if (i)
			timerfd_settime(t[i], 0, &its, NULL);
	}
	sleep_ns(5 * MS);
	t_equal(read(t[2], &ticks, sizeof(ticks)), 8, "read one that has expired");
	t_equal(tl_destroy(fd, other), 0, "destroy it");
	for (i = 0; i < 3; i++) {
		p.fd = t[i];
		t_ok(poll(&p, 1, 0) == 1 && p.revents & POLLERR, "timer %d polls POLLERR", i);
		t_ok(read(t[i], &ticks, sizeof(ticks)) == -1 && errno == ENODEV, "reads ENODEV");
		close(t[i]);
	}
	t_equal(t_wait(pid), 0, "a reader that was blocked gets ENODEV");
	close(blocked);
}

/* Expired, unread and periodic when the end comes: told too, again and again */
static void destroyed_late(void)
{
	struct itimerspec its = { { 0, MS }, { 0, MS } };
	u32 other = tl_make(fd, "late", 0);
	int t = timerfd_create(CLOCK_TIMELINE(other), 0), i, told = 0;
	u64 ticks;

	timerfd_settime(t, 0, &its, NULL);
	sleep_ns(5 * MS);
	tl_destroy(fd, other);
	if (read(t, &ticks, 8) == 8)
		t_at_least(ticks, 1, "ticks before the end");
	for (i = 0; i < 3; i++)
		told += read(t, &ticks, 8) == -1 && errno == ENODEV;
	t_equal(told, 3, "a periodic timerfd reads ENODEV, however often");
	close(t);
}

VBS_TEST("sleeps and timers on a timeline end at their instant, or when it is destroyed", 60)
{
	fd = tl_open();
	id = tl_make(fd, "wait", TIMELINE_STEP);
	clk = CLOCK_TIMELINE(id);
	tl_set(fd, id, 1000000, 400);
	signal(SIGALRM, on_alarm);
	sleepers();
	old_setting();
	cancelled();
	timer_fd();
	timer_of_self();
	posix_timer();
	steps();
	destroyed_late();
	destroyed_idle();
	destroyed();
}
