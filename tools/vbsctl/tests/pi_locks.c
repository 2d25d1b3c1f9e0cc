// SPDX-License-Identifier: GPL-2.0
/*
 * For tests/pi.t: which mutexes of this program inherit, and whether they work.  A line
 * for each, "name yes" or "name no".
 *	pi_locks kinds		by what the C library has in them
 *	pi_locks works		conditions, recursion, contention: "works" if all is well
 *	pi_locks boost		a holder gets the priority of who waits; exit status 77: not permitted
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define INHERIT	0x20
#define ROUNDS	20000
#define THREADS	4

#define MUST(what)	do { \
		int e = (what); \
		if (e) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, strerror(e)); \
			exit(1); \
		} \
	} while (0)

static pthread_mutex_t at_rest = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t tried = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t timed = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static long count;
static int turn;

static void tell(const char *name, const pthread_mutex_t *m)
{
	printf("%s %s\n", name, m->__data.__kind & INHERIT ? "yes" : "no");
}

static void with_attr(const char *name, void (*set)(pthread_mutexattr_t *attr))
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	MUST(pthread_mutexattr_init(&attr));
	set(&attr);
	MUST(pthread_mutex_init(&m, &attr));
	MUST(pthread_mutex_lock(&m));
	tell(name, &m);
	MUST(pthread_mutex_unlock(&m));
	MUST(pthread_mutex_destroy(&m));
}

static void set_nothing(pthread_mutexattr_t *attr)
{
	(void)attr;
}

static void set_recursive(pthread_mutexattr_t *attr)
{
	MUST(pthread_mutexattr_settype(attr, PTHREAD_MUTEX_RECURSIVE));
}

static void set_robust(pthread_mutexattr_t *attr)
{
	MUST(pthread_mutexattr_setrobust(attr, PTHREAD_MUTEX_ROBUST));
}

static void set_shared(pthread_mutexattr_t *attr)
{
	MUST(pthread_mutexattr_setpshared(attr, PTHREAD_PROCESS_SHARED));
}

static void kinds(void)
{
	struct timespec soon = { time(NULL) + 9, 0 };
	pthread_mutex_t plain;

	MUST(pthread_mutex_init(&plain, NULL));
	tell("init", &plain);
	tell("static-unused", &at_rest);
	MUST(pthread_mutex_lock(&at_rest));
	tell("static", &at_rest);
	MUST(pthread_mutex_trylock(&tried));
	tell("static-trylock", &tried);
	MUST(pthread_mutex_timedlock(&timed, &soon));
	tell("static-timedlock", &timed);
	MUST(pthread_mutex_lock(&recursive));
	tell("static-recursive", &recursive);
	with_attr("init-attr", set_nothing);
	with_attr("init-recursive", set_recursive);
	with_attr("init-robust", set_robust);
	with_attr("init-shared", set_shared);
}

static void *add_up(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		MUST(pthread_mutex_lock(&contended));
		count++;
		MUST(pthread_mutex_unlock(&contended));
	}
	return NULL;
}

static void *take_turns(void *arg)
{
	int i, mine = arg != NULL;

	for (i = 0; i < ROUNDS / 10; i++) {
		MUST(pthread_mutex_lock(&contended));
		while (turn != mine)
			MUST(pthread_cond_wait(&turned, &contended));
		turn = !mine;
		MUST(pthread_cond_signal(&turned));
		MUST(pthread_mutex_unlock(&contended));
	}
	return NULL;
}

static void run_threads(int n, void *(*fn)(void *))
{
	pthread_t thread[THREADS];
	int i;

	for (i = 0; i < n; i++)
		MUST(pthread_create(&thread[i], NULL, fn, i ? &turn : NULL));
	for (i = 0; i < n; i++)
		MUST(pthread_join(thread[i], NULL));
}

static void nested(void)
{
	MUST(pthread_mutex_lock(&recursive));
	MUST(pthread_mutex_lock(&recursive));
	MUST(pthread_mutex_unlock(&recursive));
	MUST(pthread_mutex_unlock(&recursive));
	MUST(pthread_mutex_lock(&tried));
	if (pthread_mutex_trylock(&tried) != EBUSY)
		exit(1);
	MUST(pthread_mutex_unlock(&tried));
}

static void works(void)
{
	struct timespec past = { 1, 0 };

	run_threads(THREADS, add_up);
	run_threads(2, take_turns);
	nested();
	MUST(pthread_mutex_lock(&contended));
	if (pthread_cond_timedwait(&turned, &contended, &past) != ETIMEDOUT)
		exit(1);
	MUST(pthread_mutex_unlock(&contended));
	puts(count == (long)THREADS * ROUNDS ? "works" : "lost updates");
}

static sem_t holding, release;
static pid_t holder;

static void *hold(void *arg)
{
	(void)arg;
	holder = syscall(SYS_gettid);
	MUST(pthread_mutex_lock(&contended));
	sem_post(&holding);
	while (sem_wait(&release))
		;
	MUST(pthread_mutex_unlock(&contended));
	return NULL;
}

static void *want(void *arg)
{
	struct sched_param fifo = { .sched_priority = 7 };

	(void)arg;
	if (sched_setscheduler(0, SCHED_FIFO, &fifo))
		exit(77);
	MUST(pthread_mutex_lock(&contended));
	MUST(pthread_mutex_unlock(&contended));
	return NULL;
}

/* As the kernel shows it: -1 - priority of a real-time task */
static int priority(pid_t tid)
{
	char path[64], line[1024], *at = NULL;
	int prio = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f))
		at = strrchr(line, ')');
	if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %d", &prio) != 1)
		exit(1);
	fclose(f);
	return prio;
}

static void boost(void)
{
	pthread_t thread[2];
	int i;

	sem_init(&holding, 0, 0);
	sem_init(&release, 0, 0);
	MUST(pthread_create(&thread[0], NULL, hold, NULL));
	while (sem_wait(&holding))
		;
	MUST(pthread_create(&thread[1], NULL, want, NULL));
	for (i = 0; i < 100 && priority(holder) != -8; i++)
		usleep(10000);
	printf("boost %s\n", priority(holder) == -8 ? "yes" : "no");
	sem_post(&release);
	MUST(pthread_join(thread[0], NULL));
	MUST(pthread_join(thread[1], NULL));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "kinds"))
		kinds();
	else if (!strcmp(what, "works"))
		works();
	else if (!strcmp(what, "boost"))
		boost();
	else
		return 2;
	return 0;
}
