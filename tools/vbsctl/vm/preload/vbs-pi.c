// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded by "vbsctl vm run --pi": the mutexes of a program inherit priority, although
 * it does not ask for that.  QEMU's big lock is one: a plain mutex, held by vCPUs during
 * most of what they emulate and by the main loop almost always.
 *
 * pthread_mutex_init() gets the protocol.  A mutex that is initialized statically has none,
 * and gets it at its first lock.  That is safe: whoever locks it comes here before it gets
 * into the C library, where nobody can be inside with what it was before; a lock that is
 * taken all the same, by a caller that was linked another way, is left as it is.
 *
 * Left alone: mutexes with a protocol, robust ones, and those that processes share, whose
 * other users may not have this.  Condition variables of glibc wake without requeueing, so
 * their mutexes may inherit.  A mutex that inherits belongs to a thread: a program that
 * unlocks in a child what its parent has locked, or in one thread what another one has, is
 * not for this library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Bits of glibc's __kind: the type, and what it says of everything else */
#define KIND_TYPE	0x003
#define KIND_INHERIT	0x020
#define KIND_NO_ELISION	0x200

typedef int init_fn(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
typedef int lock_fn(pthread_mutex_t *mutex);
typedef int timedlock_fn(pthread_mutex_t *mutex, const struct timespec *when);
typedef int clocklock_fn(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *when);

/* The C library's; asked for at each place once */
static void *next(_Atomic(void *) *cache, const char *name)
{
	void *f = atomic_load_explicit(cache, memory_order_relaxed);

	if (!f) {
		f = dlsym(RTLD_NEXT, name);
		atomic_store_explicit(cache, f, memory_order_relaxed);
	}
	return f;
}

#define NEXT(type, name) \
	({ static _Atomic(void *) cache; (type *)next(&cache, name); })

/* Nobody has it, and nobody has waited for it yet */
static bool is_untouched(const pthread_mutex_t *mutex)
{
	return !mutex->__data.__lock && !mutex->__data.__owner && !mutex->__data.__nusers;
}

static void make_inherit(pthread_mutex_t *mutex)
{
	_Atomic(int) *kind = (_Atomic(int) *)&mutex->__data.__kind;
	int old = atomic_load_explicit(kind, memory_order_relaxed);

	while (!(old & ~(KIND_TYPE | KIND_NO_ELISION)) && is_untouched(mutex)) {
		if (atomic_compare_exchange_weak(kind, &old, (old & KIND_TYPE) | KIND_INHERIT))
			return;
	}
}

/* What the caller asked for, and inheritance; false if that cannot be or is not wanted */
static bool copy_attr(pthread_mutexattr_t *to, const pthread_mutexattr_t *from)
{
	int type, shared, robust, protocol;

	pthread_mutexattr_init(to);
	if (from) {
		pthread_mutexattr_gettype(from, &type);
		pthread_mutexattr_getpshared(from, &shared);
		pthread_mutexattr_getrobust(from, &robust);
		pthread_mutexattr_getprotocol(from, &protocol);
		if (shared != PTHREAD_PROCESS_PRIVATE || robust != PTHREAD_MUTEX_STALLED ||
		    protocol != PTHREAD_PRIO_NONE)
			return false;
		pthread_mutexattr_settype(to, type);
	}
	return !pthread_mutexattr_setprotocol(to, PTHREAD_PRIO_INHERIT);
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
	init_fn *init = NEXT(init_fn, "pthread_mutex_init");
	pthread_mutexattr_t more;
	bool copied = copy_attr(&more, attr);
	int err = init(mutex, copied ? &more : attr);

	/* A kernel without such futexes */
	if (copied && err == ENOTSUP)
		err = init(mutex, attr);
	pthread_mutexattr_destroy(&more);
	return err;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	make_inherit(mutex);
	return NEXT(lock_fn, "pthread_mutex_lock")(mutex);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	make_inherit(mutex);
	return NEXT(lock_fn, "pthread_mutex_trylock")(mutex);
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *when)
{
	make_inherit(mutex);
	return NEXT(timedlock_fn, "pthread_mutex_timedlock")(mutex, when);
}

int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *when)
{
	clocklock_fn *lock = NEXT(clocklock_fn, "pthread_mutex_clocklock");

	make_inherit(mutex);
	return lock ? lock(mutex, clock, when) : EINVAL;
}
