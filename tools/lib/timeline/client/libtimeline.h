/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * libtimeline: timelines for programs, see libtimeline(3).
 *
 * Units.  An instant is a number of ns since the epoch of its timeline (of type utc and
 * tai: 1970), an int64_t, which reaches to the year 2262; later ones count as the last.  A
 * bound is a number of ns, a uint64_t; TIMELINE_UNBOUNDED claims nothing.
 *
 * Errors.  What returns an int returns 0 or a negative error number and leaves errno
 * undefined; what fails has changed nothing.  Everywhere:
 *
 *	-ENODEV	the timeline was destroyed, also if another one has its id by now; of
 *		tl_open() and its like: this kernel has no timelines, or the process no
 *		/dev/timeline
 *	-EMFILE, -ENFILE, -ENOMEM	as of open(2)
 *
 * Threads.  Every function can be called by any number of threads at the same time, with
 * the same objects; only closing and destroying one needs that nobody uses it any more.
 * Async-signal-safe are tl_read(), tl_mark(), tl_elapsed(), tl_sem_post() and the inline
 * functions.  After fork() a child uses what it has inherited.  Nothing here is a
 * cancellation point, starts a thread or handles a signal.
 */
#ifndef LIBTIMELINE_H
#define LIBTIMELINE_H

#include <pthread.h>
#include <stdint.h>

#include <linux/timeline.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tl_clock;	/* a timeline that was found; not another one that has its id later */
struct tl_cond;		/* a condition variable of this process */
struct tl_sem;		/* a semaphore of this process and of children that inherit it */

/* By name; -ENOENT: there is none.  0644 of the device will do: -EACCES otherwise. */
int tl_open(struct tl_clock **clock, const char *name);
/* By id; -ENOENT: there is none */
int tl_open_id(struct tl_clock **clock, unsigned int id);
/* What the calling thread is bound to now; -ENOENT: nothing */
int tl_open_bound(struct tl_clock **clock);
void tl_close(struct tl_clock *clock);		/* also NULL */

/* What does not change while a timeline lives; the string is the clock's */
const char *tl_name(const struct tl_clock *clock);
unsigned int tl_id(const struct tl_clock *clock);
int tl_clockid(const struct tl_clock *clock);	/* a clockid_t: for clock_gettime(2) and others */
unsigned int tl_type(const struct tl_clock *clock);	/* TIMELINE_TIME_* */
unsigned int tl_flags(const struct tl_clock *clock);	/* TIMELINE_STEP, TIMELINE_GUEST */

/*
 * A reading, with its bounds and status.  No system call where the counter is the TSC.
 * One that was never set reads without a bound, TIMELINE_STATUS_INITIALIZING.
 */
int tl_read(const struct tl_clock *clock, struct timeline_time *tt);

/* Its instant, and the first and last that the truth can be at */
static __inline__ int64_t tl_ns(const struct timeline_time *tt)
{
	const int64_t max = ~0ULL >> 1, sec = 1000000000;

	if (tt->sec > max / sec - 1)
		return max;
	return tt->sec * sec + tt->nsec;
}

static __inline__ int64_t tl_earliest(const struct timeline_time *tt)
{
	const int64_t min = -(int64_t)(~0ULL >> 1) - 1;
	int64_t ns = tl_ns(tt);

	return tt->err_low_ns > (uint64_t)ns - (uint64_t)min ? min :
	       (int64_t)((uint64_t)ns - tt->err_low_ns);
}

static __inline__ int64_t tl_latest(const struct timeline_time *tt)
{
	const int64_t max = ~0ULL >> 1;
	int64_t ns = tl_ns(tt);

	return tt->err_high_ns > (uint64_t)max - (uint64_t)ns ? max :
	       (int64_t)((uint64_t)ns + tt->err_high_ns);
}

/* The larger side of its bound */
static __inline__ uint64_t tl_bound(const struct timeline_time *tt)
{
	return tt->err_low_ns > tt->err_high_ns ? tt->err_low_ns : tt->err_high_ns;
}

/* What tl_wait_good() waits for: synchronized, and its bound is not larger */
static __inline__ int tl_good(const struct timeline_time *tt, uint64_t bound_ns)
{
	return tt->status == TIMELINE_STATUS_SYNCHRONIZED && tl_bound(tt) <= bound_ns;
}

/*
 * The difference clock: time between two marks by the counter's rate alone, which no
 * step, slew or update of the timeline moves.
 *
 * tl_elapsed() gives ns from one mark to the other, negative if *to is the earlier one,
 * and how far that can be off, TIMELINE_UNBOUNDED if nobody said.  It takes the rate that
 * the timeline has now, and who set that has vouched for it from that update on; so an
 * interval that reaches back further is as good as the rate was then (of 'vbsctl timeline
 * sync': the length of its memory, 1000 s).
 *
 *	-EAGAIN	the timeline was never set: nobody has told the rate
 *	-ESTALE	the counter was disrupted between the marks or since (suspend, another clock
 *		source), and nobody knows how long that took
 */
struct tl_mark {
	uint64_t counter;
	uint64_t disruption;
};

int tl_mark(const struct tl_clock *clock, struct tl_mark *mark);
int tl_elapsed(const struct tl_clock *clock, const struct tl_mark *from,
	       const struct tl_mark *to, int64_t *ns, uint64_t *err_ns);

/*
 * Binding: CLOCK_TIMELINE_SELF and the servers of SCHED_VBS that are aligned follow what
 * the calling thread is bound to; children inherit it.
 */
int tl_bind(const struct tl_clock *clock);
int tl_unbind(void);

/*
 * Quality.  tl_wait_good() returns when tl_good(), at once if it is; timeout_ns of
 * CLOCK_MONOTONIC, 0: only look, negative: no limit.
 *
 *	-ETIMEDOUT
 *	-EINTR	a signal handler has run
 *	-ENOSPC	the user has as many watches as /proc/sys/user/max_timeline_watches
 *
 * tl_watch() returns a file for poll(2) and read(2), see timeline(4): POLLPRI when it is
 * no longer good (at once if it is not), POLLIN when it is again, POLLHUP when the
 * timeline was destroyed; it is O_NONBLOCK and close-on-exec.  Neither changes what the
 * calling thread is bound to, but for the moment of the call.
 */
int tl_wait_good(const struct tl_clock *clock, uint64_t bound_ns, int64_t timeout_ns);
int tl_watch(const struct tl_clock *clock, uint64_t bound_ns);

/*
 * Waiting for an instant of a timeline, in the kernel, by its current projection: an
 * update that passes the instant wakes, a step back makes it later.  An instant before
 * the epoch has passed; on a timeline that was never set later ones come when it is.
 *
 *	-EINTR	a signal handler has run: call again
 */
int tl_sleep_until(const struct tl_clock *clock, int64_t ns);

/*
 * Condition variables whose deadline is an instant of a timeline; clock NULL: no
 * deadline.  As pthread_cond_timedwait(3): *mutex is unlocked while it waits and locked
 * when it returns, whatever it returns; it may return 0 for no reason (after a signal
 * handler it does).  Who waits first is woken first.
 *
 *	-ETIMEDOUT	and nobody has signalled before
 *	-EPERM, -EOWNERDEAD, -ENOTRECOVERABLE	as the mutex has it
 */
int tl_cond_create(struct tl_cond **cond);
void tl_cond_destroy(struct tl_cond *cond);	/* also NULL */
int tl_cond_wait(struct tl_cond *cond, pthread_mutex_t *mutex, const struct tl_clock *clock,
		 int64_t ns);
int tl_cond_signal(struct tl_cond *cond);
int tl_cond_broadcast(struct tl_cond *cond);

/*
 * Counting semaphores, likewise.
 *
 *	-ETIMEDOUT	and it was 0 to the end
 *	-EINTR		a signal handler has run: call again
 *	-EOVERFLOW	of tl_sem_post(): it would exceed 2^64 - 2
 *	-EBUSY		of tl_sem_trywait(): it is 0
 */
int tl_sem_create(struct tl_sem **sem, unsigned int value);
void tl_sem_destroy(struct tl_sem *sem);	/* also NULL */
int tl_sem_wait(struct tl_sem *sem, const struct tl_clock *clock, int64_t ns);
int tl_sem_trywait(struct tl_sem *sem);
int tl_sem_post(struct tl_sem *sem);

#ifdef __cplusplus
}
#endif

#endif
