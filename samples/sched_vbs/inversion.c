// SPDX-License-Identifier: GPL-2.0
/*
 * Priority inversion, the classic one: "low", a fair task, holds a lock that "high", a
 * member of a server of 4 ms in 10 ms, wants, while "middle", a FIFO task, keeps the CPU.
 * With PTHREAD_PRIO_INHERIT low executes in high's server; with the argument "plain" the
 * lock is a plain one, and high waits for middle.  Needs CAP_SYS_NICE.
 *
 *	vbsctl trace --picture inversion.svg -- ./inversion [plain]
 */
#define _GNU_SOURCE
#include <linux/sched/vbs.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MS	1000000LL
#define HELD	(3 * MS)
#define MIDDLE	(12 * MS)

static pthread_mutex_t lock;
static sem_t taken;
static long long waited = -1;

static long long now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void work(long long ns)
{
	long long end = now(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (now(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static int enter_server(void)
{
	struct vbs_sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_VBS,
		.sched_runtime = 4 * MS,
		.sched_period = 10 * MS,
		.sched_vbs_cap = VBS_BW_UNIT / 2,
	};

	return syscall(SYS_sched_setattr, 0, &attr, 0);
}

static void *low(void *unused)
{
	prctl(PR_SET_NAME, "low");
	pthread_mutex_lock(&lock);
	sem_post(&taken);
	sem_post(&taken);
	work(HELD);
	pthread_mutex_unlock(&lock);
	return unused;
}

static void *middle(void *unused)
{
	struct sched_param param = { .sched_priority = 50 };

	prctl(PR_SET_NAME, "middle");
	sem_wait(&taken);
	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &param))
		fprintf(stderr, "middle is no FIFO task\n");
	work(MIDDLE);
	return unused;
}

static void *high(void *unused)
{
	long long begin;

	prctl(PR_SET_NAME, "high");
	sem_wait(&taken);
	if (enter_server()) {
		perror("enter a server");
		return unused;
	}
	begin = now(CLOCK_MONOTONIC);
	pthread_mutex_lock(&lock);
	waited = now(CLOCK_MONOTONIC) - begin;
	work(MS / 2);
	pthread_mutex_unlock(&lock);
	return unused;
}

static void *(*const actors[])(void *) = { high, middle, low };

static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	int plain = argc > 1 && !strcmp(argv[1], "plain");
	pthread_mutexattr_t attr;
	pthread_t thread[3];
	unsigned int i;

	stay_on_this_cpu();
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, plain ? PTHREAD_PRIO_NONE : PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&lock, &attr);
	sem_init(&taken, 0, 0);
	for (i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, actors[i], NULL);
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	if (waited < 0)
		return 1;
	printf("%s: high had the lock after %.1f ms, of which low held it %.0f ms\n",
	       plain ? "plain lock" : "inheritance", waited / 1e6, HELD / 1e6);
	return 0;
}
