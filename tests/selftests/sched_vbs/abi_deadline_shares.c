// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"

static pid_t vbs, dl;

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void spinner(void *unused)
{
	(void)unused;
	for (;;)
		;
}

/* DEADLINE admits @percent of a CPU or does not */
static int dl_admits(unsigned int percent)
{
	int err = set_deadline(dl, percent * MS, 100 * MS);

	if (!err) {
		vbs_leave(dl);
		sleep_ns(250 * MS);
	}
	return err;
}

VBS_TEST("bookings count against SCHED_DEADLINE, and survive a rebuild of root domains", 60)
{
	need_vbs();
	file_restore(RT_RUNTIME);
	vbs = t_fork(sleeper, NULL);
	dl = t_fork(spinner, NULL);
	sleep_ns(10 * MS);
	t_equal(dl_admits(80), 0, "DEADLINE admits 80 %% beside nothing");
	must_enter(vbs, 1 * MS, 10 * MS, VBS_BW_UNIT / 2);
	t_equal(dl_admits(60), -EBUSY, "DEADLINE admits 60 %% beside a booking of 50 %%");
	t_equal(dl_admits(30), 0, "DEADLINE admits 30 %% beside it");
	/* any write rebuilds the sums */
	t_equal(file_write(RT_RUNTIME, "950000"), 0, "rebuild");
	t_equal(dl_admits(60), -EBUSY, "DEADLINE admits 60 %% after a rebuild");
	t_equal(dl_admits(30), 0, "DEADLINE admits 30 %% after it");
	vbs_leave(vbs);
	sleep_ns(50 * MS);
	t_equal(dl_admits(80), 0, "DEADLINE admits 80 %% when it is over");
	t_equal(set_deadline(dl, 50 * MS, 100 * MS), 0, "DEADLINE has 50 %%");
	t_equal(vbs_enter(vbs, 1 * MS, 10 * MS, VBS_BW_UNIT * 6 / 10), -EBUSY,
		"VBS admits 60 %% beside it");
	t_equal(vbs_enter(vbs, 1 * MS, 10 * MS, VBS_BW_UNIT * 3 / 10), 0, "VBS admits 30 %% beside it");
	/* a rebuild before its 0-lag time would take its share off twice */
	vbs_leave(dl);
	sleep_ns(250 * MS);
}
