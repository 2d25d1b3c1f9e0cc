// SPDX-License-Identifier: GPL-2.0
/*
 * Relative waits are durations: by the difference clock, which no step moves and no
 * slew bends. CLOCK_MONOTONIC_RAW counts the same counter, at its nominal rate.
 */
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include "tl_test.h"

#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define LATE		(60 * US)

static int fd;
static u32 id;
static clockid_t clk;

static struct timespec ts_of(u64 ns)
{
	return (struct timespec) { ns / SEC, ns % SEC };
}

static u64 ns_of(struct timespec ts)
{
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static u64 raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ns_of(ts);
}

/* A change in 10 ms: to a second of the timeline, or of the counter */
struct change {
	u64 sec;
	const char *clocksource;
};

static void change_later(void *arg)
{
	const struct change *c = arg;

	sleep_ns(10 * MS);
	if (c->clocksource)
		file_write(CLOCKSOURCE, "%s", c->clocksource);
	else
		tl_set(fd, id, c->sec, 0);
}

static u64 slept(u64 ns)
{
	struct timespec ts = ts_of(ns);
	u64 begin = raw_ns();
	int ret = clock_nanosleep(clk, 0, &ts, NULL);

	return ret ? 0 : raw_ns() - begin;
}

static void sleeps(void)
{
	struct change back = { .sec = 999995 }, ahead = { .sec = 1000005 };
	pid_t pid = t_fork(change_later, &back);

	t_near(slept(50 * MS), 50 * MS + LATE / 2, LATE / 2, "a sleep of 50 ms over 5 s back");
	t_wait(pid);
	pid = t_fork(change_later, &ahead);
	t_near(slept(50 * MS), 50 * MS + LATE / 2, LATE / 2, "over 10 s ahead");
	t_wait(pid);
}

/* Of a step a thread tells on PREEMPT_RT, after which the sleeper's turn comes */
static u64 late_step(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT_RT") ? 5 * LATE : LATE;
}

/* What stays absolute */
static void instants(void)
{
	struct change ahead = { .sec = 1000100 };
	struct timespec at = ts_of(tl_now(id) + 50 * SEC);
	pid_t pid = t_fork(change_later, &ahead);
	u64 begin = raw_ns();

	t_equal(clock_nanosleep(clk, TIMER_ABSTIME, &at, NULL), 0, "a sleep until an instant");
	t_near(raw_ns() - begin, 10 * MS + late_step(), late_step(),
	       "ends when a step passes that");
	t_wait(pid);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Stopped and continued, it goes on; interrupted, it tells what remains */
static void restarted(void)
{
	struct change back = { .sec = 900000 };
	struct timespec ts = ts_of(3 * SEC), rest;
	pid_t pid = t_fork(change_later, &back);

	signal(SIGALRM, on_alarm);
	alarm(1);
	t_equal(clock_nanosleep(clk, 0, &ts, &rest), EINTR, "a signal interrupts a sleep of 3 s");
	t_near(ns_of(rest), 2 * SEC, 2 * MS, "of which 2 s remain, whatever the steps");
	t_wait(pid);
}

static void stop_parent(void *arg)
{
	struct change back = { .sec = 800000 };

	(void)arg;
	sleep_ns(10 * MS);
	kill(getppid(), SIGSTOP);
	change_later(&back);
	kill(getppid(), SIGCONT);
}

static void sleep_stopped(void *arg)
{
	pid_t pid = t_fork(stop_parent, NULL);
	u64 got = slept(100 * MS);

	(void)arg;
	t_wait(pid);
	_exit(got >= 100 * MS && got < 100 * MS + 2 * LATE ? 0 : 1);
}

static u64 ticks_of(int t)
{
	u64 ticks = 0;

	return read(t, &ticks, sizeof(ticks)) < 0 ? 0 : ticks;
}

static void timer_fd(void)
{
	struct itimerspec its = { ts_of(20 * MS), ts_of(50 * MS) }, got;
	int t = timerfd_create(clk, TFD_NONBLOCK);
	struct pollfd p = { t, POLLIN, 0 };
	u64 begin = raw_ns();

	timerfd_settime(t, 0, &its, NULL);
	tl_set(fd, id, 700000, 0);
	timerfd_gettime(t, &got);
	t_near(ns_of(got.it_value), 50 * MS - (raw_ns() - begin), LATE,
	       "timerfd_gettime() after a step: what was to go");
	poll(&p, 1, 1000);
	t_near(raw_ns() - begin, 50 * MS + LATE / 2, LATE / 2, "a timerfd of 50 ms");
	t_equal(ticks_of(t), 1, "has expired once");
	tl_set(fd, id, 1000000, 0);
	poll(&p, 1, 1000);
	t_near(raw_ns() - begin, 70 * MS + LATE / 2, LATE / 2, "its interval of 20 ms over a step");
	t_equal(ticks_of(t), 1, "has expired once more");
	sleep_ns(50 * MS);
	tl_set(fd, id, 500000, 0);
	t_equal(ticks_of(t), 2, "two intervals, counted by the duration, too");
	its.it_interval = ts_of(0);
	timerfd_settime(t, 0, &its, &got);
	t_near(ns_of(got.it_value), 130 * MS - (raw_ns() - begin), LATE, "the old setting");
	timerfd_settime(t, TFD_TIMER_ABSTIME, &(struct itimerspec) { .it_value = ts_of(1) }, NULL);
	poll(&p, 1, 1);
	t_equal(ticks_of(t), 1, "an instant that has passed comes at once");
	close(t);
}

static void posix_timer(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec its = { .it_value = ts_of(50 * MS) }, got;
	struct timespec limit = ts_of(SEC);
	u64 begin = raw_ns();
	sigset_t set;
	timer_t t;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t_equal(timer_create(clk, &ev, &t), 0, "a POSIX timer");
	timer_settime(t, 0, &its, NULL);
	tl_set(fd, id, 400000, 0);
	timer_gettime(t, &got);
	t_near(ns_of(got.it_value), 50 * MS - (raw_ns() - begin), LATE, "what is to go");
	t_equal(sigtimedwait(&set, NULL, &limit), SIGUSR1, "it expires");
	t_near(raw_ns() - begin, 50 * MS + LATE, LATE, "after 50 ms");
	timer_delete(t);
}

/* A timeline that goes 400 ppm fast and slews at 500 ppm more */
static void rates(void)
{
	u64 slewing = tl_make(fd, "slewing", 0);

	tl_set(fd, slewing, 1000000, 400);
	tl_set(fd, slewing, 1000100, 400);
	clk = CLOCK_TIMELINE(slewing);
	t_near(slept(SEC), SEC - 400 * US + LATE / 2, LATE / 2, "1 s by the period alone");
	clk = CLOCK_TIMELINE(id);
	tl_destroy(fd, slewing);
}

/* A duration goes on by the other counter */
static void another_counter(void)
{
	struct change hpet = { .clocksource = "hpet" };
	pid_t pid = t_fork(change_later, &hpet);
	u64 begin = now_ns();
	struct timespec ts = ts_of(50 * MS);

	clock_nanosleep(clk, 0, &ts, NULL);
	t_near(now_ns() - begin, 50 * MS + MS / 2, MS / 2, "50 ms over another clocksource");
	t_wait(pid);
	file_write(CLOCKSOURCE, "tsc");
	sleep_ns(10 * MS);
}

/* Its turn comes as it wakes, and not when those that it created have left */
static void wait_for_nobody(void)
{
	struct sched_param param = { .sched_priority = 1 };

	t_equal(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param), 0,
		"who waits has its turn as it wakes");
}

VBS_TEST("a relative wait on a timeline lasts as long as it says", 60)
{
	fd = tl_open();
	id = tl_make(fd, "durations", TIMELINE_STEP);
	clk = CLOCK_TIMELINE(id);
	wait_for_nobody();
	sleeps();
	instants();
	restarted();
	t_equal(t_wait(t_fork(sleep_stopped, NULL)), 0, "stopped and continued, it lasts no longer");
	timer_fd();
	posix_timer();
	rates();
	another_counter();
	tl_destroy(fd, id);
}
