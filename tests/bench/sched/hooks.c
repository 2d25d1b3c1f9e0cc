// SPDX-License-Identifier: GPL-2.0
/*
 * What tasks of any class do, and where hooks might be in the way: a system call, an
 * interrupt, a futex that another thread waits for, fork and exit. The least of some:
 * ticks are in the others.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

static const struct rank half = { 40 * MS, 100 * MS, 50 };

static struct series calls = { .name = "hook-call" }, irqs = { .name = "hook-interrupt" },
		     futexes = { .name = "hook-futex" }, forks = { .name = "hook-fork" };

static void call(void)
{
	for (int i = 0; i < REPS; i++) {
		uint64_t t = ticks();

		syscall(SYS_getppid);
		series_add(&calls, t, ticks());
	}
}

/* What comes between two looks at the clock is an interrupt */
static void interrupt(void)
{
	uint64_t before = ticks();

	for (int n = 0; n < REPS;) {
		uint64_t t = ticks();

		if (t > before + 200) {
			series_add(&irqs, before, t);
			n++;
			t = ticks();
		}
		before = t;
	}
}

/* ---- a round trip ---- */

static uint32_t word;
static bool over;

static void turn_over(uint32_t to)
{
	__atomic_store_n(&word, to, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL);
}

static void turn_wait(uint32_t of)
{
	while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) != of)
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, !of, NULL);
}

static void *answer(void *class)
{
	bool last;

	class_set(0, *(enum class *)class, &half);
	do {
		turn_wait(1);
		last = over;	/* it was set before the turn came */
		turn_over(0);
	} while (!last);
	return NULL;
}

static void futex(enum class class)
{
	pthread_t thread;

	over = false;
	must(!pthread_create(&thread, NULL, answer, &class), "thread");
	sleep_ns(20 * MS);
	class_set(0, class, &half);
	for (int i = 0; i <= REPS; i++) {
		uint64_t t = ticks();

		over = i == REPS;
		turn_over(1);
		turn_wait(0);
		if (i)		/* the other one waited */
			series_add(&futexes, t, ticks());
	}
	must(!pthread_join(thread, NULL), "join");
}

/* ---- a child that ends at once ---- */

static void child(void)
{
	for (int i = 0; i < REPS; i++) {
		uint64_t t = ticks();
		pid_t pid = vfork();

		must(pid >= 0, "vfork");
		if (!pid)
			_exit(0);
		must(waitpid(pid, NULL, 0) == pid, "wait");
		series_add(&forks, t, ticks());
	}
}

int hooks_run(enum class class, const char *when)
{
	char where[96];

	snprintf(where, sizeof(where), "\"class\":\"%s\",\"when\":\"%s\"",
		 class_name[class], when);
	futex(class);
	call();
	interrupt();
	if (class != DEADLINE)	/* may not fork */
		child();
	series_print(&calls, where);
	series_print(&irqs, where);
	series_print(&futexes, where);
	series_print(&forks, where);
	return 0;
}
