// SPDX-License-Identifier: GPL-2.0
/*
 * glibc takes no timeline for the deadline of a condition variable or a semaphore, and
 * futexes have two clocks only.  A timerfd takes any, and poll() waits for it and for
 * an eventfd at once: so the kernel's rules for timelines hold here as they are.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "system.h"
#include "waiter.h"

int pool_init(struct pool *pool, bool events)
{
	pthread_mutexattr_t attr;
	int err = pthread_mutexattr_init(&attr);

	if (err)
		return -err;
	err = pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	if (!err)
		err = pthread_mutex_init(&pool->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	pool->idle = NULL;
	pool->events = events;
	return -err;
}

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void free_waiter(struct waiter *w)
{
	close_file(&w->event);
	close_file(&w->timer);
	free(w);
}

void pool_end(struct pool *pool)
{
	struct waiter *w;

	while ((w = pool->idle)) {
		pool->idle = w->next;
		free_waiter(w);
	}
	pthread_mutex_destroy(&pool->lock);
}

static struct waiter *idle_or_new(struct pool *pool)
{
	struct waiter *w;

	pthread_mutex_lock(&pool->lock);
	w = pool->idle;
	if (w)
		pool->idle = w->next;
	pthread_mutex_unlock(&pool->lock);
	if (w)
		return w;
	w = calloc(1, sizeof(*w));
	if (w)
		w->event = w->timer = -1;
	return w;
}

void pool_give(struct pool *pool, struct waiter *w)
{
	pthread_mutex_lock(&pool->lock);
	w->next = pool->idle;
	pool->idle = w;
	pthread_mutex_unlock(&pool->lock);
}

/* Files that a fork has copied are the parent's: a timer set here would be set there */
static int own_event(struct waiter *w, bool wanted)
{
	pid_t pid = getpid();

	if (w->pid != pid) {
		close_file(&w->event);
		close_file(&w->timer);
		w->pid = pid;
	}
	if (w->event < 0 && wanted)
		w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w->event < 0 && wanted ? -errno : 0;
}

static int own_timer(struct waiter *w, const struct tl_clock *clock)
{
	int fd;

	if (w->timer >= 0 && w->id == clock->id && w->generation == clock->generation)
		return 0;
	close_file(&w->timer);
	fd = sys_timer(tl_clockid(clock));
	if (fd < 0)
		return fd == -EINVAL ? -ENODEV : fd;
	w->timer = fd;
	w->id = clock->id;
	w->generation = clock->generation;
	return clock_is_gone(clock) ? -ENODEV : 0;
}

static int arm(struct waiter *w, const struct tl_clock *clock, int64_t ns)
{
	struct itimerspec at = { .it_value = { ns / 1000000000, ns % 1000000000 } };
	int err = own_timer(w, clock);

	if (err) {
		close_file(&w->timer);
		return err;
	}
	/* 0 would disarm it */
	if (ns <= 0)
		at.it_value = (struct timespec){ .tv_nsec = 1 };
	return timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &at, NULL) ? -errno : 0;
}

int pool_take(struct pool *pool, const struct tl_clock *clock, int64_t ns, struct waiter **waiter)
{
	struct waiter *w = idle_or_new(pool);
	int err;

	if (!w)
		return -ENOMEM;
	err = own_event(w, pool->events);
	if (!err && clock)
		err = arm(w, clock, ns);
	if (err)
		pool_give(pool, w);
	else
		*waiter = w;
	return err;
}

/* What it has to say: the instant has come, or the timeline has gone */
static int timer_says(const struct waiter *w)
{
	uint64_t times;

	if (read(w->timer, &times, sizeof(times)) == sizeof(times))
		return -ETIMEDOUT;
	return errno == EAGAIN ? 0 : -errno;
}

int waiter_wait(const struct waiter *w, int fd, const struct tl_clock *clock)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			       { .fd = clock ? w->timer : -1, .events = POLLIN } };
	int err;

	for (;;) {
		if (ppoll(p, 2, NULL, NULL) < 0)
			return -errno;
		if (p[0].revents)
			return 0;
		err = p[1].revents ? timer_says(w) : 0;
		if (err)
			return err;
	}
}
