// SPDX-License-Identifier: GPL-2.0
/*
 * In a guest of a test, or beside it: a server aligned to a timeline, and the instants
 * at which it was released.
 *
 *	guest_align ID RUNTIME PERIOD TURN TURNS ROUNDS [free]
 *
 * Each round takes a multiple of PERIOD (ns) whose number is TURN, modulo TURNS: others that
 * have another turn do nothing about then.  It wakes up before that, and either it has
 * nothing left of an instance or it uses that up; when it runs again it says so: "COUNTER NS"
 * of the timeline, ns by which that is after the multiple.  "free": not aligned.
 *
 * It begins a second after it has entered its server, and asks the kernel for nothing of
 * the timeline from then on: what the kernel knows of it is for who releases the server.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "tl_test.h"

#define GAP	50000		/* ns from which on it did not run */

static u32 id;
static u64 period, turn, turns;

static int enter(u64 runtime, bool aligned)
{
	struct vbs_sched_attr attr = {
		.size = sizeof(attr), .sched_policy = SCHED_VBS,
		.sched_flags = aligned ? SCHED_FLAG_VBS_ALIGN : 0,
		.sched_runtime = runtime, .sched_period = period,
	};

	if (prctl(PR_SET_TIMELINE, id, 0, 0, 0))
		return errno;
	return syscall(SYS_sched_setattr, 0, &attr, 0) ? errno : 0;
}

static u64 now(u64 *counter)
{
	struct timeline_time tt;

	if (tl_vdso(id, &tt)) {
		printf("error: no reading\n");
		exit(1);
	}
	*counter = tt.counter;
	return tt.sec * 1000000000ULL + tt.nsec;
}

static void sleep_for(u64 ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

static void act(void)
{
	u64 counter, t = now(&counter), k = t / period + 3, last;

	k += (turn + turns - k % turns) % turns;
	sleep_for((k - 1) * period + period / 4 - t);
	t = now(&counter);
	if (t < k * period - period / 2) {
		do {
			last = t;
			t = now(&counter);
		} while (t - last < GAP);
	}
	printf("%llu %lld\n", (unsigned long long)counter, (long long)(t - k * period));
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 7 && argc != 8) {
		fprintf(stderr, "guest_align ID RUNTIME PERIOD TURN TURNS ROUNDS [free]\n");
		return 2;
	}
	id = strtoul(argv[1], NULL, 0);
	period = strtoull(argv[3], NULL, 0);
	turn = strtoull(argv[4], NULL, 0);
	turns = strtoull(argv[5], NULL, 0);
	err = enter(strtoull(argv[2], NULL, 0), argc == 7);
	if (err) {
		printf("error %d\n", err);
		return 1;
	}
	sleep_for(1000000000);
	for (int i = atoi(argv[6]); i > 0; i--)
		act();
	return 0;
}
