// SPDX-License-Identifier: GPL-2.0
#include "tl_test.h"

#define PERIOD	(100 * MS)
#define MAX	1000

/* When the member was given the CPU, on both clocks */
struct starts {
	volatile u32 id, n;
	u64 timeline[MAX];
	u64 mono[MAX];
};

static struct starts *starts;

static void note(u64 mono)
{
	u64 now = 0;

	tl_clock(CLOCK_TIMELINE(starts->id), &now);
	starts->timeline[starts->n] = now;
	starts->mono[starts->n] = mono;
	starts->n++;
}

static void member(void *unused)
{
	u64 now, last = 0;

	(void)unused;
	while (starts->n < MAX) {
		now = now_ns();
		if (now > last + MS)
			note(now);
		last = now;
	}
}

/*
 * 10 us, and the way to user space: an interrupt, a switch and perhaps the tick.
 * A clock that is looked at once only would be 40 us off.
 */
#define LIMIT	(20 * US)

/* How late releases come from now on */
static void check_phase(const u64 *at, const char *what)
{
	u64 worst = 0;
	u32 first;

	sleep_ns(2 * PERIOD);
	first = starts->n;
	sleep_ns(20 * PERIOD);
	for (u32 i = first; i < starts->n; i++)
		if (at[i] % PERIOD > worst)
			worst = at[i] % PERIOD;
	t_at_least(starts->n - first, 19, "releases, %s", what);
	t_ok(worst > 0, "they are seen, %s", what);
	t_at_most(worst, LIMIT, "ns after a multiple, the latest, %s", what);
}

VBS_TEST("an aligned server keeps to the timeline that its caller is bound to", 60)
{
	struct vbs_sched_attr attr = vbs_attr(2 * MS, PERIOD, VBS_BW_UNIT / 20);
	int fd = tl_open();
	pid_t pid;
	u32 id;

	need_vbs();
	starts = t_shared(sizeof(*starts));
	id = tl_make(fd, "align", TIMELINE_STEP);
	starts->id = id;
	tl_set(fd, id, 1000000, 400);
	attr.sched_flags = SCHED_FLAG_VBS_ALIGN;
	pid = t_fork(member, NULL);
	t_equal(prctl(PR_SET_TIMELINE, id, 0, 0, 0), 0, "bind the caller");
	t_equal(vbs_setattr(pid, &attr), 0, "an aligned server for another task");
	t_equal(prctl(PR_SET_TIMELINE, TIMELINE_NONE, 0, 0, 0), 0, "the caller is bound no longer");
	check_phase(starts->timeline, "on a clock 400 ppm fast");
	tl_set(fd, id, 2000000, -400);
	check_phase(starts->timeline, "after a step, 400 ppm slow");
	attr.sched_runtime = 3 * MS;
	t_equal(vbs_setattr(pid, &attr), 0, "a switch by a caller that is bound to none");
	check_phase(starts->timeline, "after it");
	t_equal(tl_destroy(fd, id), 0, "destroy it");
	check_phase(starts->mono, "on CLOCK_MONOTONIC then");
	id = tl_make(fd, "other", 0);
	starts->id = id;
	attr.sched_runtime = 2 * MS;
	t_equal(prctl(PR_SET_TIMELINE, id, 0, 0, 0), 0, "bind to another");
	t_equal(vbs_setattr(pid, &attr), 0, "a switch by a caller that is bound");
	check_phase(starts->timeline, "on that one");
	attr.sched_flags = 0;
	t_equal(vbs_setattr(pid, &attr), 0, "clear ALIGN");
	t_equal(prctl(PR_SET_TIMELINE, TIMELINE_NONE, 0, 0, 0), 0, "bind to none");
	attr.sched_flags = SCHED_FLAG_VBS_ALIGN;
	t_equal(vbs_setattr(pid, &attr), 0, "ALIGN by a caller that is bound to none");
	check_phase(starts->mono, "on CLOCK_MONOTONIC again");
	t_kill(pid);
	tl_destroy(fd, id);
}
