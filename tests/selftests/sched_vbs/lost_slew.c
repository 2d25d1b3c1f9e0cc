// SPDX-License-Identifier: GPL-2.0
#include <sys/timex.h>
#include "vbs_measure.h"

/* CLOCK_MONOTONIC runs 10 % slow: timers come late, but the CPU runs all the time */
#define PERIODS	40

static int set_tick(long tick)
{
	struct timex tx = { .modes = ADJ_TICK, .tick = tick };

	return adjtimex(&tx) < 0 ? -errno : 0;
}

static u64 raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

VBS_TEST("a slewed clock loses no time: what a server runs is charged", 60)
{
	u64 from, consumed, len;
	pid_t pid;

	need_vbs();
	pid = t_fork(spin_forever, NULL);
	must_enter(pid, 40 * MS, 100 * MS, 0);
	if (set_tick(9000))
		t_skip_all("no adjtimex");
	sleep_ns(300 * MS);
	from = raw_ns();
	consumed = server_val(pid, "consumed");
	sleep_ns(PERIODS * 100 * MS);
	consumed = server_val(pid, "consumed") - consumed;
	len = raw_ns() - from;
	t_equal(set_tick(10000), 0, "the clock is itself again");
	t_timely(server_val(pid, "lost"), 0, "ns lost");
	t_equal(server_val(pid, "misses"), 0, "misses");
	/* A budget more or less at either end, and what a late timer overruns */
	t_near(consumed, len * 2 / 5, 40 * MS + 5 * MS, "ns charged in %ju", (uintmax_t)len);
	t_kill(pid);
}
