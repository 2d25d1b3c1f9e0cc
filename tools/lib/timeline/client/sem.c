// SPDX-License-Identifier: GPL-2.0
/*
 * A semaphore is an eventfd that counts down by one: the kernel keeps the count, so that
 * posting is one write(), from a signal handler or another process too, and of those who
 * wait the one that runs first gets it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "waiter.h"

struct tl_sem {
	struct pool pool;
	int fd;
};

EXPORT int tl_sem_create(struct tl_sem **sem, unsigned int value)
{
	struct tl_sem *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->fd = eventfd(value, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
	err = s->fd < 0 ? -errno : pool_init(&s->pool, false);
	if (!err) {
		*sem = s;
		return 0;
	}
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	return err;
}

EXPORT void tl_sem_destroy(struct tl_sem *sem)
{
	if (!sem)
		return;
	pool_end(&sem->pool);
	close(sem->fd);
	free(sem);
}

EXPORT int tl_sem_post(struct tl_sem *sem)
{
	const uint64_t one = 1;

	if (write(sem->fd, &one, sizeof(one)) == sizeof(one))
		return 0;
	return errno == EAGAIN ? -EOVERFLOW : -errno;
}

EXPORT int tl_sem_trywait(struct tl_sem *sem)
{
	uint64_t one;

	if (read(sem->fd, &one, sizeof(one)) == sizeof(one))
		return 0;
	return errno == EAGAIN ? -EBUSY : -errno;
}

/* Who has waited in vain looks once more: a post before the instant counts */
static int wait_post(struct tl_sem *sem, const struct waiter *w, const struct tl_clock *clock)
{
	int err = 0, got;

	do {
		got = tl_sem_trywait(sem);
		if (got != -EBUSY)
			return got;
		if (err)
			return err;
		err = waiter_wait(w, sem->fd, clock);
	} while (1);
}

EXPORT int tl_sem_wait(struct tl_sem *sem, const struct tl_clock *clock, int64_t ns)
{
	struct waiter *w;
	int err, cancel;

	err = tl_sem_trywait(sem);
	if (err != -EBUSY)
		return err;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	err = pool_take(&sem->pool, clock, ns, &w);
	if (!err) {
		err = wait_post(sem, w, clock);
		pool_give(&sem->pool, w);
	}
	pthread_setcancelstate(cancel, NULL);
	return err;
}
