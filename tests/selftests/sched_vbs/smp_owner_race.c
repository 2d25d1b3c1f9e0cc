// SPDX-License-Identifier: GPL-2.0
#include "vbs_toggle.h"

/*
 * Root gives a user a server of 1 %.  One of his tasks lets another join it and
 * leave it all the time; a third one asks for half a CPU for that other, in the
 * hope that it leaves between the test of his rights and the booking.
 */
#define SHARE	vbs_bw(100 * US, 10 * MS)

struct race {
	struct toggle toggle;
	volatile u32 granted;
};

static struct race *race;

static void ask(void *unused)
{
	(void)unused;
	t_become(TOGGLE_USER);
	gate_wait(&race->toggle.gate);
	while (toggle_goes_on(&race->toggle))
		if (!vbs_enter(race->toggle.toggled, 50 * MS, 100 * MS, 0))
			race->granted++;
}

VBS_TEST("an owner never gets more than what was given to him, however he races", 60)
{
	u64 most = 0, booked;
	pid_t pid;

	need_vbs();
	need_cpus(2);
	race = t_shared(sizeof(*race));
	toggle_new(&race->toggle);
	pid = t_fork(ask, NULL);
	sleep_ns(50 * MS);
	must_enter(race->toggle.leader, 100 * US, 10 * MS, SHARE);
	toggle_start(&race->toggle, t_arg("seconds", 4) * SEC);
	while (toggle_goes_on(&race->toggle)) {
		booked = cpu_key(0, "booked") + cpu_key(1, "booked");
		most = booked > most ? booked : most;
		sleep_ns(MS);
	}
	toggle_end(&race->toggle);
	t_wait(pid);
	t_equal(race->granted, 0, "times that half a CPU was granted");
	t_at_most(most, SHARE, "most that was booked");
}
