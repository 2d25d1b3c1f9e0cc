// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static volatile sig_atomic_t fired;
static volatile u64 *fired_at;

static void on_timer(int sig)
{
	(void)sig;
	if (!fired++)
		*fired_at = now_ns();
}

/*
 * 4.5 ms of CPU time of (2, 10) ms end 0.5 ms into the third instance, where
 * one tick more will come for sure.
 */
static void play(struct actor *a)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec when = { .it_value = { .tv_nsec = 4500 * US } };
	timer_t timer;

	signal(SIGALRM, on_timer);
	timer_create(CLOCK_THREAD_CPUTIME_ID, &ev, &timer);
	timer_settime(timer, 0, &when, NULL);
	rec_until(&a->rec, a->t0 + 45 * MS);
}

VBS_TEST("a timer on the thread's CPU clock fires in the right instance", 30)
{
	struct actor *a;

	need_vbs();
	fired_at = t_shared(sizeof(*fired_at));
	a = actor_new(play, stage(), 2 * MS, 10 * MS, 0);
	actor_end(a);
	/* such timers are looked at in the tick */
	t_near(*fired_at - a->t0, 21 * MS, 500 * US + eps_start(1), "fired");
}
