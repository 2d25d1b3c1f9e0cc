// SPDX-License-Identifier: GPL-2.0
/* What a program asks about time, on a simulated machine (real_host.h). */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "timeline/tests/real_host.h"

#define NS	1000000000LL
#define LOOK_NS	25.0

struct real_host host;

void host_wait(uint64_t counter)
{
	if (counter > host.sim.counter)
		sim_wait(&host.sim, (double)(counter - host.sim.counter - 1) * NS / SIM_HZ);
	real_clock_run(&host.clock, host.sim.counter);
}

void host_look(void)
{
	sim_wait(&host.sim, LOOK_NS);
	real_clock_run(&host.clock, host.sim.counter);
}

uint64_t host_ticks(const struct timespec *ts)
{
	double s = ts->tv_sec + ts->tv_nsec / 1e9;

	return s > 0 ? (uint64_t)(s * SIM_HZ) : 0;
}

static struct timespec of_ns(int64_t ns)
{
	return (struct timespec){ ns / NS, ns % NS };
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t ns;

	host_look();
	ns = real_clock_ns(&host.clock);
	if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
		ns -= host.clock.stepped + SIM_PIVOT * NS;
	*ts = of_ns(ns);
	return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	*tv = (struct timeval){ ts.tv_sec, ts.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *t)
{
	time_t now = real_clock_ns(&host.clock) / NS;

	if (t)
		*t = now;
	return now;
}

int clock_settime(clockid_t id, const struct timespec *ts)
{
	if (id != CLOCK_REALTIME) {
		errno = EINVAL;
		return -1;
	}
	host_look();
	real_clock_step(&host.clock, ts->tv_sec * NS + ts->tv_nsec - real_clock_ns(&host.clock));
	return 0;
}

int settimeofday(const struct timeval *tv, const struct timezone *zone)
{
	struct timespec ts = { tv->tv_sec, tv->tv_usec * 1000 };

	(void)zone;
	return clock_settime(CLOCK_REALTIME, &ts);
}

int adjtimex(struct timex *tx)
{
	host_look();
	return real_clock_adjtimex(&host.clock, tx);
}

int ntp_adjtime(struct timex *tx)
{
	return adjtimex(tx);
}

int adjtime(const struct timeval *delta, struct timeval *left)
{
	host_look();
	real_clock_adjtime(&host.clock, delta, left);
	return 0;
}

int nanosleep(const struct timespec *ts, struct timespec *left)
{
	(void)left;
	host_wait(host.sim.counter + host_ticks(ts));
	return 0;
}

unsigned int sleep(unsigned int s)
{
	struct timespec ts = { s, 0 };

	return nanosleep(&ts, NULL);
}

/* One timer is enough for these programs */
int timer_create(clockid_t id, struct sigevent *e, timer_t *timer)
{
	(void)id;
	host.timer_signal = e ? e->sigev_signo : SIGALRM;
	*timer = NULL;
	return 0;
}

int timer_settime(timer_t timer, int flags, const struct itimerspec *set, struct itimerspec *old)
{
	(void)timer;
	(void)flags;
	(void)old;
	host.timer_interval = host_ticks(&set->it_interval);
	host.timer_at = host_ticks(&set->it_value);
	if (host.timer_at)
		host.timer_at += host.sim.counter;
	return 0;
}

int timer_gettime(timer_t timer, struct itimerspec *set)
{
	uint64_t left = host.timer_at > host.sim.counter ? host.timer_at - host.sim.counter : 0;

	(void)timer;
	set->it_interval = of_ns(host.timer_interval * NS / SIM_HZ);
	set->it_value = of_ns((double)left * NS / SIM_HZ);
	return 0;
}

bool host_timer_rings(const sigset_t *mask)
{
	sigset_t before;

	if (!host.timer_at || host.timer_at > host.sim.counter)
		return false;
	host.timer_at = host.timer_interval ? host.timer_at + host.timer_interval : 0;
	if (mask)
		pthread_sigmask(SIG_SETMASK, mask, &before);
	raise(host.timer_signal);
	if (mask)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	return true;
}

/* They ask for privileges, which nothing here needs */
uid_t getuid(void)
{
	return 0;
}

uid_t geteuid(void)
{
	return 0;
}
