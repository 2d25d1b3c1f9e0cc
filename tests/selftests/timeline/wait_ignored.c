// SPDX-License-Identifier: GPL-2.0
/*
 * A POSIX timer whose signal is ignored goes on in phase, and counts what it left
 * out, like one on CLOCK_MONOTONIC.
 */
#include "tl_test.h"

#define INTERVAL	700000		/* ns, less than a jiffy */
#define SHORT		100000

static struct itimerspec every(u64 ns, u64 first)
{
	return (struct itimerspec) { { 0, ns }, { first / SEC, first % SEC } };
}

static timer_t make(clockid_t clk)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	timer_t t;

	if (timer_create(clk, &ev, &t))
		t_fatal("timer_create()");
	return t;
}

/* How far the next expiry is off the multiples of the interval, at most */
static u64 off_phase(clockid_t clk)
{
	struct itimerspec its;
	timer_t t = make(clk);
	u64 start, now, due, off, most = 0;
	int i;

	tl_clock(clk, &start);
	start += 2 * INTERVAL;
	its = every(INTERVAL, start);
	timer_settime(t, TIMER_ABSTIME, &its, NULL);
	for (i = 0; i < 10; i++) {
		sleep_ns(20300 * US);
		timer_gettime(t, &its);
		tl_clock(clk, &now);
		due = now + its.it_value.tv_nsec - start;
		off = due % INTERVAL;
		off = off < INTERVAL - off ? off : INTERVAL - off;
		most = off > most ? off : most;
	}
	timer_delete(t);
	return most;
}

static volatile int overrun = -1;

static void on_signal(int sig, siginfo_t *info, void *unused)
{
	(void)sig;
	(void)unused;
	if (overrun < 0)
		overrun = info->si_overrun;
}

/* Ignored for 200 ms: what the first signal that is not counts */
static int overruns(clockid_t clk)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct itimerspec its = every(SHORT, SHORT);
	timer_t t = make(clk);
	int i;

	overrun = -1;
	timer_settime(t, 0, &its, NULL);
	sleep_ns(200 * MS);
	sigaction(SIGUSR1, &sa, NULL);
	for (i = 0; i < 100 && overrun < 0; i++)
		sleep_ns(MS);
	timer_delete(t);
	signal(SIGUSR1, SIG_IGN);
	return overrun;
}

VBS_TEST("a timer whose signal is ignored keeps its phase and counts its overruns", 60)
{
	int fd = tl_open();
	u32 id = tl_make(fd, "ignored", 0);

	signal(SIGUSR1, SIG_IGN);
	t_at_most(off_phase(CLOCK_MONOTONIC), 30 * US, "off phase on CLOCK_MONOTONIC");
	t_at_most(off_phase(CLOCK_TIMELINE(id)), 30 * US, "off phase on the timeline");
	t_near(overruns(CLOCK_MONOTONIC), 200 * MS / SHORT, 30, "overruns on CLOCK_MONOTONIC");
	t_near(overruns(CLOCK_TIMELINE(id)), 200 * MS / SHORT, 30, "overruns on the timeline");
	tl_destroy(fd, id);
}
