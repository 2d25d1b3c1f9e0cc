// SPDX-License-Identifier: GPL-2.0
/*
 * A condition variable is a queue of waiters.  A thread is in it before it unlocks the
 * caller's mutex, so no signal is lost; who signals takes it out and writes to its
 * eventfd under the queue's lock, so who finds itself taken out has been written to.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "waiter.h"

struct tl_cond {
	struct pool pool;
	struct waiter *first, **end;	/* under the pool's lock */
};

EXPORT int tl_cond_create(struct tl_cond **cond)
{
	struct tl_cond *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	err = pool_init(&c->pool, true);
	if (err) {
		free(c);
		return err;
	}
	c->end = &c->first;
	*cond = c;
	return 0;
}

EXPORT void tl_cond_destroy(struct tl_cond *cond)
{
	if (!cond)
		return;
	pool_end(&cond->pool);
	free(cond);
}

static void enqueue(struct tl_cond *c, struct waiter *w)
{
	pthread_mutex_lock(&c->pool.lock);
	w->next = NULL;
	*c->end = w;
	c->end = &w->next;
	pthread_mutex_unlock(&c->pool.lock);
}

/* Whether it was still there: then nobody has signalled it, and nobody will */
static bool dequeue(struct tl_cond *c, struct waiter *w)
{
	struct waiter **at;
	bool found = false;

	pthread_mutex_lock(&c->pool.lock);
	for (at = &c->first; *at && *at != w; at = &(*at)->next)
		;
	if (*at) {
		*at = w->next;
		if (!w->next)
			c->end = at;
		found = true;
	}
	pthread_mutex_unlock(&c->pool.lock);
	return found;
}

static int wait_signal(struct tl_cond *c, struct waiter *w, const struct tl_clock *clock)
{
	int err = waiter_wait(w, w->event, clock);
	uint64_t one;

	if (dequeue(c, w))
		return err == -EINTR ? 0 : err;
	/* It was signalled, whatever else came to pass */
	if (read(w->event, &one, sizeof(one)) < 0)
		return -errno;
	return 0;
}

static int wait_unlocked(struct tl_cond *c, pthread_mutex_t *mutex, const struct tl_clock *clock,
			 struct waiter *w)
{
	int err, locked;

	enqueue(c, w);
	err = -pthread_mutex_unlock(mutex);
	if (err) {
		/* A signal that has come all the same is one for no reason */
		if (!dequeue(c, w))
			wait_signal(c, w, NULL);
		return err;
	}
	err = wait_signal(c, w, clock);
	locked = -pthread_mutex_lock(mutex);
	return locked ? locked : err;
}

EXPORT int tl_cond_wait(struct tl_cond *cond, pthread_mutex_t *mutex,
			const struct tl_clock *clock, int64_t ns)
{
	struct waiter *w;
	int err, cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	err = pool_take(&cond->pool, clock, ns, &w);
	if (!err) {
		err = wait_unlocked(cond, mutex, clock, w);
		pool_give(&cond->pool, w);
	}
	pthread_setcancelstate(cancel, NULL);
	return err;
}

static int wake(struct tl_cond *c, bool all)
{
	const uint64_t one = 1;
	struct waiter *w;
	int err = 0;

	pthread_mutex_lock(&c->pool.lock);
	while (!err && (w = c->first)) {
		c->first = w->next;
		if (!c->first)
			c->end = &c->first;
		if (write(w->event, &one, sizeof(one)) < 0)
			err = -errno;
		if (!all)
			break;
	}
	pthread_mutex_unlock(&c->pool.lock);
	return err;
}

EXPORT int tl_cond_signal(struct tl_cond *cond)
{
	return wake(cond, false);
}

EXPORT int tl_cond_broadcast(struct tl_cond *cond)
{
	return wake(cond, true);
}
