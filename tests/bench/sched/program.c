// SPDX-License-Identifier: GPL-2.0
/* Processes in a class: a ping-pong, or any program */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"
#include "mark.h"

#define RUNS	5

static void print(struct series *s, enum class class, const char *when)
{
	char where[96];

	snprintf(where, sizeof(where), "\"class\":\"%s\",\"when\":\"%s\",\"situation\":%u",
		 class_name[class], when, next_situation());
	series_print(s, where);
}

/* ---- two processes that send each other a byte through two pipes ---- */

/*
 * As "perf bench sched pipe" does; that one cannot put each of them into a server
 * or DEADLINE task of its own, nor say how much the round trips differ.
 */
static const struct rank half = { 40 * MS, 100 * MS, 50 };

static void get(int fd)
{
	char byte;

	must(read(fd, &byte, 1) == 1, "pipe");
}

static void put(int fd)
{
	must(write(fd, "", 1) == 1, "pipe");
}

static void answer(int in, int out, enum class class)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	class_set(0, class, &half);
	for (;;) {
		get(in);
		put(out);
	}
}

int pipe_run(enum class class, const char *when)
{
	static struct series trips = { .name = "pipe" };
	int to[2], from[2];
	pid_t child;

	must(!pipe(to) && !pipe(from), "pipe");
	child = fork();
	must(child >= 0, "fork");
	if (!child)
		answer(to[0], from[1], class);
	class_set(0, class, &half);
	put(to[1]);
	get(from[0]);
	for (unsigned int i = 0; i < ARRAY_SIZE(trips.value); i++) {
		uint64_t t, end;

		mark_begin(OP_PIPE);
		t = ticks();
		put(to[1]);
		get(from[0]);
		end = ticks();
		mark_end(OP_PIPE);
		series_add(&trips, t, end);
	}
	print(&trips, class, when);
	return 0;
}

/* ---- a program, from its fork to its end ---- */

static void be(enum class class, const struct rank *rank, char **argv)
{
	must(dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO) >= 0, "/dev/null");
	class_set(0, class, rank);
	execvp(argv[0], argv);
	must(false, argv[0]);
}

int program_run(enum class class, const char *when, const struct rank *rank,
		char **argv)
{
	struct series runs = { .name = argv[0], .few = true };

	for (int i = 0; i < RUNS; i++) {
		uint64_t t = ticks();
		pid_t child = fork();
		int status;

		must(child >= 0, "fork");
		if (!child)
			be(class, rank, argv);
		must(waitpid(child, &status, 0) == child, "wait");
		if (status)
			fatal("%s: status %#x", argv[0], status);
		series_add(&runs, t, ticks());
		sleep_ns(1200 * MS);
	}
	print(&runs, class, when);
	return 0;
}
