// SPDX-License-Identifier: GPL-2.0
/*
 * Who arms a timer when a timeline has stepped knows of the step: TFD_TIMER_CANCEL_ON_SET
 * cancels those that were armed before. Here nobody else runs between the step and the
 * arming, so that what the kernel has yet to do about it comes after both.
 */
#include <sys/timerfd.h>
#include "tl_test.h"

#define FLAGS	(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)

static int fd;
static u32 id;

static int new_timer(void)
{
	int t = timerfd_create(CLOCK_TIMELINE(id), TFD_NONBLOCK);

	if (t < 0)
		t_fatal("timerfd_create");
	return t;
}

static int settime(int t)
{
	struct itimerspec its = { .it_value.tv_sec = 2000000 };

	return timerfd_settime(t, FLAGS, &its, NULL) ? errno : 0;
}

static int read_error(int t)
{
	u64 ticks;

	return read(t, &ticks, sizeof(ticks)) < 0 ? errno : 0;
}

static void step(u64 sec)
{
	set_fifo(0, 50);
	tl_set(fd, id, sec, 0);
}

/* What was queued by the step has run then */
static void rest(void)
{
	if (sched_setscheduler(0, SCHED_OTHER, &(struct sched_param) { 0 }))
		t_fatal("SCHED_OTHER");
	sleep_ns(50 * MS);
}

VBS_TEST("a step cancels the timers that were armed before it, and no others", 60)
{
	int before, again, after;

	fd = tl_open();
	id = tl_make(fd, "steps", TIMELINE_STEP);
	tl_set(fd, id, 1000000, 0);
	rest();
	before = new_timer();
	again = new_timer();
	after = new_timer();
	t_equal(settime(before), 0, "one armed before the step");
	t_equal(settime(again), 0, "and another");
	step(1000010);
	t_equal(settime(again), 0, "which is armed again after it");
	t_equal(settime(after), 0, "one that is armed after it only");
	rest();
	t_equal(read_error(before), ECANCELED, "the first is cancelled");
	t_equal(read_error(again), EAGAIN, "that which knows of the step is not");
	t_equal(read_error(after), EAGAIN, "nor that which never knew another time");
	step(1000020);
	rest();
	t_equal(read_error(before), ECANCELED, "the next step cancels all: who was cancelled");
	t_equal(read_error(again), ECANCELED, "who was not");
	t_equal(read_error(after), ECANCELED, "and the last");
	t_equal(read_error(after), EAGAIN, "once");
	tl_destroy(fd, id);
}
