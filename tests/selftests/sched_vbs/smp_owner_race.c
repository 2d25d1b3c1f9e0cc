// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

/*
 * Root gives a user a server of 1 %.  One of his tasks lets another join it and
 * leave it all the time; a third one asks for half a CPU for that other, in the
 * hope that it leaves between the test of his rights and the booking.
 */
#define USER	1000
#define SHARE	vbs_bw(100 * US, 10 * MS)

struct race {
	volatile pid_t leader;
	volatile pid_t toggled;
	volatile u64 end;
	volatile u32 toggles;
	volatile u32 granted;
	volatile u32 gate;
};

static struct race *race;

static void sleeper(void *unused)
{
	(void)unused;
	t_become(USER);
	for (;;)
		pause();
}

static void toggle(void *unused)
{
	(void)unused;
	t_become(USER);
	gate_wait(&race->gate);
	while (now_ns() < race->end) {
		if (!vbs_join(race->toggled, race->leader))
			race->toggles++;
		vbs_leave(race->toggled);
	}
}

static void ask(void *unused)
{
	(void)unused;
	t_become(USER);
	gate_wait(&race->gate);
	while (now_ns() < race->end)
		if (!vbs_enter(race->toggled, 50 * MS, 100 * MS, 0))
			race->granted++;
}

VBS_TEST("an owner never gets more than what was given to him, however he races", 60)
{
	u64 most = 0, booked;
	pid_t a, b;

	need_vbs();
	need_cpus(2);
	race = t_shared(sizeof(*race));
	race->leader = t_fork(sleeper, NULL);
	race->toggled = t_fork(sleeper, NULL);
	a = t_fork(toggle, NULL);
	b = t_fork(ask, NULL);
	sleep_ns(50 * MS);
	must_enter(race->leader, 100 * US, 10 * MS, SHARE);
	race->end = now_ns() + t_arg("seconds", 4) * SEC;
	gate_open(&race->gate);
	while (now_ns() < race->end) {
		booked = cpu_key(0, "booked") + cpu_key(1, "booked");
		most = booked > most ? booked : most;
		sleep_ns(MS);
	}
	t_wait(a);
	t_wait(b);
	t_at_least(race->toggles, 100, "times that it joined");
	t_equal(race->granted, 0, "times that half a CPU was granted");
	t_at_most(most, SHARE, "most that was booked");
}
