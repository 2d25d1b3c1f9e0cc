// SPDX-License-Identifier: GPL-2.0
#include <sys/eventfd.h>
#include "vbs_measure.h"

/*
 * A member has the CPU for itself, its slice is long over.  Another CPU wakes
 * its companion: whoever waited for a tick would wait for half of one.
 */
#define ROUNDS	101

struct shared {
	volatile u64 woken_at;
	volatile u64 ran_at;
};

static struct shared *shared;
static int event;

static void companion(void *unused)
{
	u64 val;

	(void)unused;
	for (;;) {
		if (read(event, &val, sizeof(val)) != sizeof(val))
			_exit(1);
		shared->ran_at = now_ns();
	}
}

static int order(const void *a, const void *b)
{
	return (*(const u64 *)a > *(const u64 *)b) - (*(const u64 *)a < *(const u64 *)b);
}

/* Calls that CPU 1 has had from other CPUs */
static u64 calls(void)
{
	static char text[65536];
	char *line;

	file_read("/proc/interrupts", text, sizeof(text));
	line = strstr(text, "CAL:");
	if (!line)
		t_skip_all("no count of function call interrupts");
	strtoull(line + 4, &line, 10);
	return strtoull(line, NULL, 10);
}

/* How long it took, at some phase of the tick */
static u64 wake_once(unsigned int i)
{
	u64 one = 1;

	sleep_ns(10 * MS + i * 37 * US);
	shared->ran_at = 0;
	shared->woken_at = now_ns();
	if (write(event, &one, sizeof(one)) != sizeof(one))
		t_fatal("write: %m");
	while (!shared->ran_at && now_ns() < shared->woken_at + SEC)
		sched_yield();
	return shared->ran_at - shared->woken_at;
}

VBS_TEST("a member that another CPU wakes has its turn when the slice is over, not at a tick", 60)
{
	u64 took[ROUNDS], before;
	pid_t hog, second;

	need_vbs();
	need_cpus(2);
	pin_to(0, 0);
	event = eventfd(0, 0);
	shared = t_shared(sizeof(*shared));
	hog = t_fork(spin_forever, NULL);
	second = t_fork(companion, NULL);
	pin_to(hog, 1);
	pin_to(second, 1);
	must_enter(hog, 90 * MS, 100 * MS, 0);
	t_equal(vbs_join(second, hog), 0, "the companion joins");
	before = calls();
	for (unsigned int i = 0; i < ROUNDS; i++)
		took[i] = wake_once(i);
	before = calls() - before;
	qsort(took, ROUNDS, sizeof(took[0]), order);
	t_diag("ns until it runs: %llu at least, median %llu, %llu at most",
	       (unsigned long long)took[0], (unsigned long long)took[ROUNDS / 2],
	       (unsigned long long)took[ROUNDS - 1]);
	/* Time is the host's here; but without a call it is the tick that looks */
	t_at_least(before, ROUNDS / 2, "times that the other CPU was told");
}
