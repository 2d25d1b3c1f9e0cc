// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include "vbs_measure.h"

/*
 * A server of the shortest budgets with so many threads in long system calls that to let
 * all of them go on as fair tasks, and come back, takes more than it has.
 */
#define RUNTIME		(10 * US)
#define PERIOD		(100 * US)
#define SIZE		(256 << 10)

static u64 until;

static void *call(void *unused)
{
	int fd = open("/dev/urandom", O_RDONLY);
	char *p = malloc(SIZE);

	(void)unused;
	while (p && now_ns() < until && read(fd, p, SIZE) > 0)
		;
	return NULL;
}

static void attack(void *unused)
{
	u64 threads = t_arg("threads", 200);
	pthread_t t;

	(void)unused;
	for (u64 i = 0; i < threads; i++)
		if (pthread_create(&t, NULL, call, NULL))
			_exit(1);
	while (now_ns() < until)
		sleep_ns(10 * MS);
	_exit(0);
}

VBS_TEST("threads in long system calls take no more of their neighbours than their server has", 200)
{
	struct crowd *c = siege_start();
	/* With checks of everything an interrupt alone takes more than the shortest budget */
	u64 times = eps_budget() > 50 * US ? 20 : 1;
	pid_t pid;

	until = now_ns() + siege_length();
	pid = t_fork(attack, NULL);
	must_enter(pid, times * RUNTIME, times * PERIOD, 0);
	t_equal(t_wait(pid), 0, "the attacker's exit status");
	siege_held(c);
}
