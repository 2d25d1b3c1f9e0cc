// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * Interrupts are off from before the end of a budget to behind the deadline, again and
 * again: the timer that fires then has nothing to be set to before schedule() has run.
 * Set to what has passed it would fire at once, three times, after which the kernel calls
 * that a hang and puts off all timers of the CPU.
 */
#define RUNTIME	(150 * US)
#define PERIOD	(300 * US)
#define CALLS	100

static char text[1 << 18];

static u64 hangs(void)
{
	const char *at;
	u64 n = 0;

	if (file_read("/proc/timer_list", text, sizeof(text)) < 0)
		t_skip_all("no /proc/timer_list");
	for (at = text; (at = strstr(at, ".nr_hangs")); at++)
		n += strtoull(strchr(at, ':') + 1, NULL, 10);
	return n;
}

static void attacks(void *arg)
{
	u64 *longest = arg, took;

	for (int i = 0; i < CALLS; i++) {
		took = irqs_off();
		*longest = took > *longest ? took : *longest;
	}
	pause();
}

VBS_TEST("a budget that ends behind its deadline does not make the timer fire in a loop", 60)
{
	u64 *longest = t_shared(sizeof(*longest)), before;
	pid_t pid;

	need_vbs();
	irqs_off_prepare();
	before = hangs();
	pid = t_fork(attacks, longest);
	must_enter(pid, RUNTIME, PERIOD, 0);
	sleep_ns(4 * SEC);
	t_diag("the longest section took %.1f us", *longest / 1e3);
	t_at_least(*longest, RUNTIME + PERIOD, "ns with interrupts off: a budget and a period");
	t_at_least(server_val(pid, "instances"), CALLS / 2, "instances");
	t_equal(hangs() - before, 0, "times that all timers of the CPU were put off");
	t_kill(pid);
}
