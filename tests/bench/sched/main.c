// SPDX-License-Identifier: GPL-2.0
/*
 * What operations of the scheduler cost in SCHED_VBS, SCHED_DEADLINE (as it is,
 * and with the feature HRTICK_DL, which lets it notice the end of a budget in
 * time, as SCHED_VBS does) and SCHED_FIFO:
 *
 *	sched table [N]...	with N others on the CPU, by default 1 to 10000
 *	sched profile [N]	the same of SCHED_VBS and of SCHED_DEADLINE with HRTICK_DL
 *	sched due [N]...	N servers whose releases are due at one instant
 *	sched pipe CLASS WHEN	ping-pong through pipes
 *	sched hooks CLASS WHEN	what all tasks do: system calls, interrupts, futexes, fork
 *	sched many CLASS N busy|periodic
 *				N tasks of 1 ms, which always have work, or wake up and
 *				work for a while
 *	sched memory WHEN	bytes that the kernel has allocated for itself
 *	sched run CLASS WHEN RUNTIME_US PERIOD_US PRIORITY COMMAND [ARG]...
 *				a whole program, some times
 *	sched set CLASS RUNTIME_US PERIOD_US PRIORITY TID
 *
 * tests/bench/profile.c counts situations from 0 in the whole machine, and a program
 * from SITUATION=, by default 0.
 *
 * A line of JSON for each operation and situation (WHEN is repeated in it). In a
 * virtual machine that lets an instruction take a nanosecond (tests/vm/run
 * --icount) the numbers are instructions, from the one before the operation in user space to the first one
 * in user space after it, whoever executes that. Nothing is subtracted but what
 * reading the clock takes; "empty" is a system call that does nothing.
 *
 * N others means: so many threads, each in a server of its own (VBS), a DEADLINE
 * task, or of a lower priority (FIFO), 20 us in 1 s each. They are either
 * "ready": runnable, with budget, queued behind those who measure, whose
 * deadlines are earlier; not one of them runs while something is measured. Or
 * "throttled": each has given up its budget and waits for its next period, which
 * is after the measurement; FIFO has no such thing. Beside them are the driver and
 * one or two workers; these have budgets of their own and are not counted in N.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "bench.h"
#include "mark.h"

static const struct rank driver = { 66 * MS, 200 * MS, 50 };

struct act {
	void (*run)(const struct stage *s);
	void (*print)(const char *where);
	unsigned int (*rounds)(const struct stage *s);
};

static unsigned int one_round(const struct stage *s)
{
	(void)s;
	return 1;
}

static const struct act acts[] = {
	{ calls_blocked_run, calls_print, one_round },
	{ calls_ready_run, calls_print, one_round },
	{ wake_run, wake_print, one_round },
	{ expire_run, expire_print, expire_rounds },
	{ own_run, own_print, own_rounds },
};

static const char *const state_name[] = { "ready", "throttled" };

static struct actor worker, second;

static void leave_all(void)
{
	class_set(0, OTHER, NULL);
	class_set(worker.tid, OTHER, NULL);
	class_set(second.tid, OTHER, NULL);
}

static void play_round(const struct act *act, const struct stage *s,
		       enum crowd_state state)
{
	class_set(0, s->class, &driver);
	crowd_wake(state);
	act->run(s);
	crowd_check();
	leave_all();
	crowd_drain();
}

static void play_act(const struct act *act, struct stage *s,
		     enum crowd_state state, unsigned int n)
{
	unsigned int rounds = act->rounds(s);
	char where[128];

	for (s->round = 0; s->round < rounds; s->round++)
		play_round(act, s, state);
	snprintf(where, sizeof(where),
		 "\"class\":\"%s%s\",\"others\":\"%s\",\"n\":%u,\"situation\":%u",
		 class_name[s->class], s->hrtick ? "+HRTICK" : "",
		 state_name[state], n, next_situation());
	act->print(where);
}

static void play_all(struct stage *s, unsigned int n)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(acts); i++) {
		play_act(&acts[i], s, CROWD_READY, n);
		if (s->class != FIFO && acts[i].run != own_run)
			play_act(&acts[i], s, CROWD_THROTTLED, n);
	}
}

static void print_memory(const struct stage *s, unsigned int n, uint64_t bytes)
{
	printf("{\"class\":\"%s%s\",\"n\":%u,\"op\":\"memory\",\"bytes\":%llu}\n",
	       class_name[s->class], s->hrtick ? "+HRTICK" : "", n,
	       (unsigned long long)bytes);
}

static void play_class(enum class class, bool hrtick, const unsigned int *n,
		       unsigned int sizes)
{
	struct stage s = {
		.class = class,
		.hrtick = hrtick,
		.driver = gettid(),
		.worker = &worker,
		.second = &second,
	};
	uint64_t empty;

	if (hrtick)
		hrtick_set(true);
	pool_warm(class);
	empty = kernel_bytes();
	for (unsigned int i = 0; i < sizes; i++) {
		crowd_enter(class, n[i]);
		print_memory(&s, n[i], kernel_bytes() - empty);
		play_all(&s, n[i]);
	}
	crowd_leave();
	sleep_ns(CROWD_REST);
	if (hrtick)
		hrtick_set(false);
}

/* The limits of small machines; fails where they are not the program's to raise */
static void make_room(void)
{
	write_file("/proc/sys/kernel/pid_max", "32768");
	write_file("/proc/sys/kernel/threads-max", "30000");
	must(!mlockall(MCL_CURRENT), "mlockall");
}

static void ready(const unsigned int *n, unsigned int sizes)
{
	make_room();
	actor_start(&worker);
	actor_start(&second);
	pool_start();
	crowd_start(n, sizes);
}

static int profile_main(unsigned int n)
{
	if (!n)
		fatal("want a number of others");
	ready(&n, 1);
	play_class(DEADLINE, true, &n, 1);
	play_class(VBS, false, &n, 1);
	return 0;
}

/* Return: how many there are in @n; without arguments the usual ones */
static unsigned int numbers(unsigned int *n, int argc, char **argv)
{
	static const unsigned int usual[] = { 1, 10, 100, 1000, 10000 };
	unsigned int sizes = 0;

	if (!argc) {
		memcpy(n, usual, sizeof(usual));
		return ARRAY_SIZE(usual);
	}
	for (; sizes < (unsigned int)argc && sizes < SIZES; sizes++) {
		n[sizes] = strtoul(argv[sizes], NULL, 10);
		if (!n[sizes] || (sizes && n[sizes] <= n[sizes - 1]))
			fatal("%s: want increasing numbers", argv[sizes]);
	}
	return sizes;
}

static int table_main(int argc, char **argv)
{
	unsigned int n[SIZES], sizes = numbers(n, argc, argv);

	ready(n, sizes);
	play_class(FIFO, false, n, sizes);
	play_class(DEADLINE, false, n, sizes);
	play_class(DEADLINE, true, n, sizes);
	play_class(VBS, false, n, sizes);
	return 0;
}

/* @n servers that wait for one instant, the next multiple of their period, some times */
static void play_due(unsigned int n)
{
	crowd_enter(ALIGNED, n);
	next_situation();
	for (int i = 0; i < 3; i++) {
		crowd_wake(CROWD_READY);
		crowd_drain();
	}
	printf("{\"op\":\"due\",\"n\":%u,\"situation\":%u}\n", n, next_situation());
}

static int due_main(int argc, char **argv)
{
	unsigned int n[SIZES], sizes = numbers(n, argc, argv);

	make_room();
	crowd_start(n, sizes);
	for (unsigned int i = 0; i < sizes; i++)
		play_due(n[i]);
	crowd_leave();
	return 0;
}

static struct rank rank_from(char **argv)
{
	return (struct rank) {
		strtoull(argv[0], NULL, 10) * US,
		strtoull(argv[1], NULL, 10) * US,
		strtol(argv[2], NULL, 10),
	};
}

static int set_main(char **argv)
{
	struct rank rank = rank_from(argv + 1);

	class_set(strtol(argv[4], NULL, 10), class_named(argv[0]), &rank);
	return 0;
}

static int many_main(char **argv)
{
	bool hrtick = !strcmp(argv[0], "DEADLINE+HRTICK");

	return many_run(class_named(hrtick ? "DEADLINE" : argv[0]), hrtick,
			strtoul(argv[1], NULL, 10), !strcmp(argv[2], "busy"));
}

static int program_main(char **argv)
{
	struct rank rank = rank_from(argv + 2);

	return program_run(class_named(argv[0]), argv[1], &rank, argv + 5);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	series_init();
	if (!strcmp(what, "table"))
		return table_main(argc - 2, argv + 2);
	if ((argc == 2 || argc == 3) && !strcmp(what, "profile"))
		return profile_main(argc == 3 ? strtoul(argv[2], NULL, 10) : 10);
	if (!strcmp(what, "due"))
		return due_main(argc - 2, argv + 2);
	if (argc == 4 && !strcmp(what, "pipe"))
		return pipe_run(class_named(argv[2]), argv[3]);
	if (argc == 4 && !strcmp(what, "hooks"))
		return hooks_run(class_named(argv[2]), argv[3]);
	if (argc == 5 && !strcmp(what, "many"))
		return many_main(argv + 2);
	if (argc == 3 && !strcmp(what, "memory")) {
		printf("{\"op\":\"memory\",\"when\":\"%s\",\"bytes\":%llu}\n",
		       argv[2], (unsigned long long)kernel_bytes());
		return 0;
	}
	if (argc == 7 && !strcmp(what, "set"))
		return set_main(argv + 2);
	if (argc >= 8 && !strcmp(what, "run"))
		return program_main(argv + 2);
	fatal("usage: sched table [N]... | profile [N] | due [N]... | pipe CLASS WHEN | hooks CLASS WHEN | many CLASS N busy|periodic | memory WHEN | run CLASS WHEN RUNTIME_US PERIOD_US PRIORITY COMMAND [ARG]... | set CLASS RUNTIME_US PERIOD_US PRIORITY TID");
}
