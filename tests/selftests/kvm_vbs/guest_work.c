// SPDX-License-Identifier: GPL-2.0
/*
 * In a guest of a test: a task in a server of its own that wants all it can get.
 *
 *	guest_work RUNTIME PERIOD MILLISECONDS	ns; ms of the guest's counter
 *	guest_work taken RUNTIME MILLISECONDS	what interrupts take of it, outside of servers
 *	guest_work lower RUNTIME PERIOD TIMES	its cap, as one who is not root: how often it could
 *
 * Says "error ERRNO" if it is not admitted, else a line "LEAST 1 .. K": the least that it
 * had, in ns, in any stretch of the guest's time of 2 PERIOD - RUNTIME + (k - 1) PERIOD,
 * and the longest that it had nothing.  Of "taken": the most ns that gaps shorter than
 * LONG_NS took in any stretch with a piece at its end in which it had RUNTIME, and the
 * longest of them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include "vbs_test.h"

#define PIECES	200000
#define WINDOWS	5
#define GAP_NS	3000		/* from so much on it did not run */
#define LONG_NS		500000		/* from so much on it was no interrupt */

static struct { u64 from, to; } piece[PIECES];
static unsigned int pieces;
static double ns_per_tick;

static int enter(u64 runtime, u64 period)
{
	struct vbs_sched_attr attr = {
		.size = sizeof(attr), .sched_policy = SCHED_VBS,
		.sched_runtime = runtime, .sched_deadline = period, .sched_period = period,
	};

	return syscall(SYS_sched_setattr, 0, &attr, 0) ? errno : 0;
}

static u64 monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void measure_tick(void)
{
	u64 a = monotonic(), c = __rdtsc(), b, d;

	do {
		b = monotonic();
		d = __rdtsc();
	} while (b - a < 20000000);
	ns_per_tick = (double)(b - a) / (d - c);
}

static void work(u64 ns)
{
	u64 gap = GAP_NS / ns_per_tick, from = __rdtsc(), last = from, now;
	u64 end = from + ns / ns_per_tick;

	do {
		now = __rdtsc();
		if (now - last > gap && pieces < PIECES) {
			piece[pieces].from = from;
			piece[pieces++].to = last;
			from = now;
		}
		last = now;
	} while (now < end);
	piece[pieces].from = from;
	piece[pieces++].to = last;
}

/* What it had in [from, from + length), which begins where a piece ends: the worst place */
static u64 had(unsigned int i, u64 length)
{
	u64 from = piece[i].to, end = from + length, sum = 0;

	for (i++; i < pieces && piece[i].from < end; i++)
		sum += (piece[i].to < end ? piece[i].to : end) - piece[i].from;
	return sum;
}

static void print_least(u64 runtime, u64 period)
{
	u64 longest = 0, least, length, h;

	for (unsigned int k = 1; k <= WINDOWS; k++) {
		length = (2 * period - runtime + (k - 1) * period) / ns_per_tick;
		least = ~0ULL;
		for (unsigned int i = 0; i + 1 < pieces; i++) {
			if (piece[i].to + length > piece[pieces - 1].to)
				break;
			h = had(i, length);
			least = h < least ? h : least;
		}
		printf("%.0f ", least * ns_per_tick);
	}
	for (unsigned int i = 0; i + 1 < pieces; i++)
		if (piece[i + 1].from - piece[i].to > longest)
			longest = piece[i + 1].from - piece[i].to;
	printf("%.0f\n", longest * ns_per_tick);
}

static u64 gap_before(unsigned int i)
{
	u64 gap = piece[i].from - piece[i - 1].to;

	return gap * ns_per_tick < LONG_NS ? gap : 0;
}

static u64 taken_from(unsigned int i, u64 runtime)
{
	u64 had = piece[i].to - piece[i].from, taken = 0;

	for (i++; i < pieces && had < runtime; i++) {
		taken += gap_before(i);
		had += piece[i].to - piece[i].from;
	}
	return taken;
}

/* The classes above it, its own kernel's and the host's interrupts are all that takes */
static int print_taken(u64 runtime, u64 ms)
{
	struct sched_param param = { .sched_priority = 50 };
	u64 most = 0, longest = 0, taken;

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		return 1;
	work(ms * 1000000);
	for (unsigned int i = 1; i < pieces; i++) {
		taken = taken_from(i - 1, runtime / ns_per_tick);
		most = taken > most ? taken : most;
		longest = gap_before(i) > longest ? gap_before(i) : longest;
	}
	printf("%.0f %.0f\n", most * ns_per_tick, longest * ns_per_tick);
	return 0;
}

/* Once root has let it enter a server, which is its own then */
static void lower_own(struct vbs_sched_attr *attr, int times)
{
	int done = 0;

	if (setuid(1000) || raise(SIGSTOP))
		exit(1);
	while (times-- > 0) {
		attr->sched_vbs_cap--;
		done += !syscall(SYS_sched_setattr, 0, attr, 0);
	}
	printf("%d\n", done);
	exit(0);
}

/* Its cap begins a tenth above what it needs; @times is less than that */
static int lower(u64 runtime, u64 period, int times)
{
	struct vbs_sched_attr attr = {
		.size = sizeof(attr), .sched_policy = SCHED_VBS,
		.sched_runtime = runtime, .sched_deadline = period, .sched_period = period,
		.sched_vbs_cap = runtime * VBS_BW_UNIT / period * 11 / 10,
	};
	pid_t pid = fork();
	int status;

	if (!pid)
		lower_own(&attr, times);
	waitpid(pid, &status, WUNTRACED);
	if (syscall(SYS_sched_setattr, pid, &attr, 0))
		printf("error %d\n", errno);
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	return 0;
}

int main(int argc, char **argv)
{
	u64 runtime, period;
	int err;

	if (argc == 5 && !strcmp(argv[1], "lower"))
		return lower(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0), atoi(argv[4]));
	measure_tick();
	if (argc == 4 && !strcmp(argv[1], "taken"))
		return print_taken(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	if (argc != 4) {
		fprintf(stderr, "guest_work RUNTIME PERIOD MILLISECONDS\n");
		return 2;
	}
	runtime = strtoull(argv[1], NULL, 0);
	period = strtoull(argv[2], NULL, 0);
	err = enter(runtime, period);
	if (err) {
		printf("error %d\n", err);
		return 0;
	}
	work(strtoull(argv[3], NULL, 0) * 1000000);
	print_least(runtime, period);
	return 0;
}
