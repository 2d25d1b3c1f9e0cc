// SPDX-License-Identifier: GPL-2.0
/* Condition variables and semaphores; instants are those of CLOCK_MONOTONIC (fake.h). */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake.h"
#include "libtimeline.h"

#define NSEC	1000000000LL
#define MSEC	1000000LL
#define ID	3
#define THREADS	4

static struct tl_clock *clock_;
static struct tl_cond *cond;
static struct tl_sem *sem;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int begin(void **state)
{
	(void)state;
	fake_reset();
	return tl_open(&clock_, "lab") || tl_cond_create(&cond) || tl_sem_create(&sem, 0);
}

static int end(void **state)
{
	(void)state;
	tl_cond_destroy(cond);
	tl_sem_destroy(sem);
	tl_close(clock_);
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

/* Not before an instant, and without having waited for anything else */
static void is_past(int64_t at)
{
	assert_true(now_ns() >= at);
}

static bool holds_the_mutex(void)
{
	return pthread_mutex_trylock(&mutex) == EBUSY;
}

static void a_wait_ends_at_its_instant(void **state)
{
	int64_t at;
	int i;

	(void)state;
	pthread_mutex_lock(&mutex);
	for (i = 0; i < 3; i++) {
		at = now_ns() + 20 * MSEC;
		assert_int_equal(tl_cond_wait(cond, &mutex, clock_, at), -ETIMEDOUT);
		is_past(at);
		assert_true(holds_the_mutex());
		at = now_ns() + 20 * MSEC;
		assert_int_equal(tl_sem_wait(sem, clock_, at), -ETIMEDOUT);
		is_past(at);
	}
	/* Instants that have passed */
	assert_int_equal(tl_cond_wait(cond, &mutex, clock_, 0), -ETIMEDOUT);
	assert_int_equal(tl_cond_wait(cond, &mutex, clock_, -5), -ETIMEDOUT);
	assert_int_equal(tl_cond_wait(cond, &mutex, clock_, INT64_MIN), -ETIMEDOUT);
	assert_int_equal(tl_sem_wait(sem, clock_, -5 * NSEC), -ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}

static int turn, order[THREADS], waiting;

static void *wait_in_turn(void *arg)
{
	pthread_mutex_lock(&mutex);
	waiting++;
	if (!tl_cond_wait(cond, &mutex, clock_, now_ns() + 60 * NSEC))
		order[(intptr_t)arg] = ++turn;
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void wait_for(int n)
{
	int now = 0;

	while (now < n) {
		usleep(1000);
		pthread_mutex_lock(&mutex);
		now = waiting;
		pthread_mutex_unlock(&mutex);
	}
}

static void who_waits_first_is_woken_first(void **state)
{
	pthread_t thread[THREADS];
	intptr_t i;

	(void)state;
	turn = waiting = 0;
	memset(order, 0, sizeof(order));
	for (i = 0; i < THREADS; i++) {
		pthread_create(&thread[i], NULL, wait_in_turn, (void *)i);
		wait_for(i + 1);
	}
	for (i = 0; i < 2; i++) {
		assert_int_equal(tl_cond_signal(cond), 0);
		pthread_join(thread[i], NULL);
		assert_int_equal(order[i], i + 1);
	}
	assert_int_equal(turn, 2);
	assert_int_equal(tl_cond_broadcast(cond), 0);
	for (; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(turn, THREADS);
	/* Nobody waits, and what is said to nobody is lost */
	assert_int_equal(tl_cond_signal(cond), 0);
	pthread_mutex_lock(&mutex);
	assert_int_equal(tl_cond_wait(cond, &mutex, clock_, now_ns() + MSEC), -ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}

/* Tokens that threads hand over with deadlines that are just about to pass */
static long made, taken;
static bool over;
#define TOKENS	20000

static void *take_tokens(void *arg)
{
	unsigned int seed = (intptr_t)arg;
	int err;

	pthread_mutex_lock(&mutex);
	while (!over || taken < made) {
		err = 0;
		if (taken >= made)
			err = tl_cond_wait(cond, &mutex, clock_,
					   now_ns() + rand_r(&seed) % 100000);
		if (err && err != -ETIMEDOUT)
			break;
		if (taken < made)
			taken++;
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void tokens_are_not_lost(void **state)
{
	pthread_t thread[THREADS];
	intptr_t i;

	(void)state;
	made = taken = over = 0;
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, take_tokens, (void *)i);
	for (i = 0; i < TOKENS; i++) {
		pthread_mutex_lock(&mutex);
		made++;
		pthread_mutex_unlock(&mutex);
		tl_cond_signal(cond);
	}
	pthread_mutex_lock(&mutex);
	over = true;
	pthread_mutex_unlock(&mutex);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(taken, TOKENS);
}

/*
 * A waits to an instant, B behind it for ever, and one signal is sent at about that
 * instant: either it ends A's wait, or A was too late and it ends B's.
 */
struct one_wait {
	const struct tl_clock *clock;
	int64_t ns;
	int result;
};

static void *wait_once(void *arg)
{
	struct one_wait *w = arg;

	pthread_mutex_lock(&mutex);
	waiting++;
	w->result = tl_cond_wait(cond, &mutex, w->clock, w->ns);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void signal_at(int64_t ns)
{
	while (now_ns() < ns)
		;
	assert_int_equal(tl_cond_signal(cond), 0);
}

/* Whether A was late */
static int one_round(int64_t early)
{
	struct one_wait a = { clock_, now_ns() + 6 * MSEC, 1 }, b = { NULL, 0, 1 };
	pthread_t threads[2];

	waiting = 0;
	pthread_create(&threads[0], NULL, wait_once, &a);
	wait_for(1);
	pthread_create(&threads[1], NULL, wait_once, &b);
	wait_for(2);
	signal_at(a.ns + early);
	pthread_join(threads[0], NULL);
	if (!a.result)
		tl_cond_signal(cond);
	pthread_join(threads[1], NULL);
	assert_true(!a.result || a.result == -ETIMEDOUT);
	assert_int_equal(b.result, 0);
	return !!a.result;
}

static void a_signal_is_not_lost_in_a_deadline(void **state)
{
	int i, late = 0;

	(void)state;
	alarm(120);
	for (i = 0; i < 400; i++)
		late += one_round((i % 100 - 50) * 2000LL);
	alarm(0);
	print_message("# late in %d of 400 rounds\n", late);
	/* Nothing is left that would end a later wait before its time */
	pthread_mutex_lock(&mutex);
	for (i = 0; i < 4; i++)
		assert_int_equal(tl_cond_wait(cond, &mutex, clock_, now_ns() + MSEC), -ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}

/* One in the middle and the last one leave by their deadline; who comes next is behind the rest */
static void who_leaves_the_queue_takes_nobody_along(void **state)
{
	struct one_wait w[5];
	pthread_t threads[5];
	int i;

	(void)state;
	waiting = 0;
	for (i = 0; i < 4; i++) {
		w[i] = (struct one_wait){ clock_, now_ns() + (i & 1 ? 50 * MSEC : 20 * NSEC), 1 };
		pthread_create(&threads[i], NULL, wait_once, &w[i]);
		wait_for(i + 1);
	}
	pthread_join(threads[1], NULL);
	pthread_join(threads[3], NULL);
	w[4] = w[0];
	pthread_create(&threads[4], NULL, wait_once, &w[4]);
	wait_for(5);
	for (i = 0; i < 3; i++) {
		tl_cond_signal(cond);
		pthread_join(threads[2 * i], NULL);
	}
	for (i = 0; i < 5; i++)
		assert_int_equal(w[i].result, i & 1 ? -ETIMEDOUT : 0);
}

/*
 * The instant comes, and a signal before the waiter has left the queue: the lock of the
 * queue, which begins the condition variable (cond.c), serves in order.
 */
static pid_t blocked[2];

static void *wait_and_tell(void *arg)
{
	blocked[0] = gettid();
	return wait_once(arg);
}

static void *send_one(void *arg)
{
	__atomic_store_n(&blocked[1], gettid(), __ATOMIC_RELEASE);
	tl_cond_signal(cond);
	return arg;
}

/* Until a thread waits for a lock */
static void wait_blocked(pid_t *tid)
{
	char path[64], call[32] = "";
	FILE *f;

	while (atoi(call) != SYS_futex) {
		usleep(1000);
		snprintf(path, sizeof(path), "/proc/self/task/%d/syscall",
			 __atomic_load_n(tid, __ATOMIC_ACQUIRE));
		f = fopen(path, "re");
		if (!f)
			continue;
		if (!fgets(call, sizeof(call), f))
			call[0] = '\0';
		fclose(f);
	}
}

static void a_signal_comes_before_a_deadline_that_has_passed(void **state)
{
	struct one_wait a = { clock_, now_ns() + 50 * MSEC, 1 };
	pthread_mutex_t *queue = (pthread_mutex_t *)cond;
	pthread_t waiter, sender;

	(void)state;
	waiting = 0;
	pthread_create(&waiter, NULL, wait_and_tell, &a);
	wait_for(1);
	/* It has unlocked the mutex, so it is in the queue */
	pthread_mutex_lock(queue);
	pthread_create(&sender, NULL, send_one, NULL);
	wait_blocked(&blocked[1]);
	wait_blocked(&blocked[0]);
	pthread_mutex_unlock(queue);
	pthread_join(sender, NULL);
	pthread_join(waiter, NULL);
	assert_int_equal(a.result, 0);
}

static void a_mutex_that_is_not_held(void **state)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t checked;

	(void)state;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&checked, &attr);
	assert_int_equal(tl_cond_wait(cond, &checked, clock_, now_ns() + NSEC), -EPERM);
	/* And it has left the queue */
	assert_int_equal(tl_cond_signal(cond), 0);
	pthread_mutex_lock(&checked);
	assert_int_equal(tl_cond_wait(cond, &checked, clock_, now_ns() + MSEC), -ETIMEDOUT);
	assert_int_equal(pthread_mutex_unlock(&checked), 0);
}

static void a_destroyed_timeline_has_no_instants(void **state)
{
	(void)state;
	assert_int_equal(tl_sem_wait(sem, clock_, now_ns() + MSEC), -ETIMEDOUT);
	fake_destroy(ID);
	pthread_mutex_lock(&mutex);
	assert_int_equal(tl_cond_wait(cond, &mutex, clock_, now_ns() + NSEC), -ENODEV);
	assert_true(holds_the_mutex());
	fake_create(ID, "other");
	assert_int_equal(tl_cond_wait(cond, &mutex, clock_, now_ns() + NSEC), -ENODEV);
	pthread_mutex_unlock(&mutex);
	tl_sem_post(sem);
	assert_int_equal(tl_sem_wait(sem, clock_, 0), 0);
}

static void a_semaphore_counts(void **state)
{
	struct tl_sem *two;

	(void)state;
	assert_int_equal(tl_sem_create(&two, 2), 0);
	assert_int_equal(tl_sem_trywait(two), 0);
	assert_int_equal(tl_sem_wait(two, NULL, 0), 0);
	assert_int_equal(tl_sem_trywait(two), -EBUSY);
	assert_int_equal(tl_sem_post(two), 0);
	assert_int_equal(tl_sem_post(two), 0);
	/* What is there counts, also where the instant has passed */
	assert_int_equal(tl_sem_wait(two, clock_, 0), 0);
	assert_int_equal(tl_sem_wait(two, clock_, 0), 0);
	assert_int_equal(tl_sem_wait(two, clock_, 0), -ETIMEDOUT);
	tl_sem_destroy(two);
}

static void on_alarm(int sig)
{
	(void)sig;
	tl_sem_post(sem);
}

static void a_handler_posts_and_interrupts(void **state)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	int err;

	(void)state;
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	err = tl_sem_wait(sem, NULL, 0);
	if (err == -EINTR)
		err = tl_sem_wait(sem, NULL, 0);
	assert_int_equal(err, 0);
	/* Of a condition variable it is a reason to look */
	ualarm(20000, 0);
	pthread_mutex_lock(&mutex);
	assert_int_equal(tl_cond_wait(cond, &mutex, clock_, now_ns() + 60 * NSEC), 0);
	assert_true(holds_the_mutex());
	pthread_mutex_unlock(&mutex);
	assert_int_equal(tl_sem_trywait(sem), 0);
}

/*
 * A child that inherited a waiter has timers of its own, and the same semaphore: if it
 * set its parent's timer, the parent's wait would last an hour.
 */
static int wait_an_hour(void)
{
	usleep(50000);
	return tl_sem_wait(sem, clock_, now_ns() + 3600 * NSEC);
}

static void a_child_waits_for_itself(void **state)
{
	int64_t at;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(tl_sem_wait(sem, clock_, now_ns()), -ETIMEDOUT);
	pid = fork();
	if (!pid)
		_exit(wait_an_hour() ? 1 : 0);
	at = now_ns() + 500 * MSEC;
	alarm(60);
	assert_int_equal(tl_sem_wait(sem, clock_, at), -ETIMEDOUT);
	is_past(at);
	tl_sem_post(sem);
	waitpid(pid, &status, 0);
	alarm(0);
	assert_int_equal(status, 0);
}

static void *wait_long(void *arg)
{
	pthread_mutex_lock(&mutex);
	waiting++;
	tl_cond_wait(cond, &mutex, NULL, 0);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void a_wait_is_not_cancelled(void **state)
{
	pthread_t thread;
	void *result;

	(void)state;
	waiting = 0;
	pthread_create(&thread, NULL, wait_long, &waiting);
	wait_for(1);
	pthread_cancel(thread);
	usleep(20000);
	tl_cond_signal(cond);
	pthread_join(thread, &result);
	assert_ptr_equal(result, &waiting);
	assert_int_equal(pthread_mutex_trylock(&mutex), 0);
	pthread_mutex_unlock(&mutex);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		WITH(a_wait_ends_at_its_instant),
		WITH(who_waits_first_is_woken_first),
		WITH(tokens_are_not_lost),
		WITH(a_signal_is_not_lost_in_a_deadline),
		WITH(who_leaves_the_queue_takes_nobody_along),
		WITH(a_signal_comes_before_a_deadline_that_has_passed),
		WITH(a_mutex_that_is_not_held),
		WITH(a_destroyed_timeline_has_no_instants),
		WITH(a_semaphore_counts),
		WITH(a_handler_posts_and_interrupts),
		WITH(a_child_waits_for_itself),
		WITH(a_wait_is_not_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
