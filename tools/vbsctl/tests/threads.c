// SPDX-License-Identifier: GPL-2.0
/*
 * A process of many threads, for 'admit -a' and the like.
 *	threads N		N threads that sleep
 *	threads N restless	each of them makes one thread after the other besides, which
 *				end at once, and takes its own place in turn
 * It says "ready" when they are there, and goes on until it is killed.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *quiet(void *arg)
{
	pause();
	return arg;
}

static void *shortlived(void *arg)
{
	usleep(1000);
	return arg;
}

/* Ends, and leaves another one in its place: ids change all the time */
static void *successor(void *arg)
{
	pthread_attr_t attr;
	pthread_t next, brief;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	usleep(2000);
	pthread_create(&brief, &attr, shortlived, NULL);
	pthread_create(&next, &attr, successor, NULL);
	return arg;
}

int main(int argc, char **argv)
{
	int restless, i, n = argc > 1 ? atoi(argv[1]) : 0;
	pthread_t thread;

	restless = argc > 2 && !strcmp(argv[2], "restless");
	for (i = 0; i < n; i++) {
		if (pthread_create(&thread, NULL, restless && i ? successor : quiet, NULL))
			return 1;
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
