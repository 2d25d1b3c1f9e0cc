/* SPDX-License-Identifier: GPL-2.0 */
/* A thread that waits for a file or for an instant of a timeline, whichever comes first. */
#ifndef CLIENT_WAITER_H
#define CLIENT_WAITER_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "libtimeline.h"

struct waiter {
	struct waiter *next;	/* in the pool, or in the queue of a condition variable */
	int event;		/* eventfd by which it is woken, or -1 */
	int timer;		/* timerfd of the timeline 'id' of 'generation', or -1 */
	unsigned int id;
	uint32_t generation;
	pid_t pid;		/* whose these files are: a child has its own */
};

/* Waiters that are not in use, so that only the first wait makes files */
struct pool {
	pthread_mutex_t lock;	/* inherits priority */
	struct waiter *idle;
	bool events;		/* its waiters need one */
};

int pool_init(struct pool *pool, bool events);
void pool_end(struct pool *pool);
/* One whose timer is set, unless clock is NULL; 0 or a negative error number */
int pool_take(struct pool *pool, const struct tl_clock *clock, int64_t ns, struct waiter **waiter);
void pool_give(struct pool *pool, struct waiter *waiter);

/* 0 when fd can be read; or -ETIMEDOUT, -ENODEV, -EINTR */
int waiter_wait(const struct waiter *waiter, int fd, const struct tl_clock *clock);

#endif
