// SPDX-License-Identifier: GPL-2.0
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include "vbs_measure.h"

/*
 * CPU 1: server A is released by a timer, and thousands of timers of somebody else expire
 * in the same interrupt.  Before that is over CPU 0 takes A away, as the only member that
 * could be picked: schedule() asks fair tasks alone then.  B, which waits on CPU 1 for its
 * own release, must have it all the same.
 */
#define PERIOD	(10130 * US)	/* no multiple of the turns that counted CPUs take */
#define RUNTIME	(1 * MS)
#define TIMERS	6000
#define ROUND	(6 * PERIOD)
#define ROUNDS	40

struct plan {
	volatile u64 storm;	/* the shortest */
	volatile u32 ready;
	u64 t0;
};

static struct plan *plan;
static int timer[TIMERS];

static u64 scene(unsigned int i)
{
	return plan->t0 + i * ROUND;
}

static void make_timers(void)
{
	const struct rlimit files = { TIMERS + 100, TIMERS + 100 };
	struct utsname name;

	/* There these timers expire in a thread */
	if (!uname(&name) && strstr(name.version, "PREEMPT_RT"))
		t_skip_all("a PREEMPT_RT kernel");
	if (setrlimit(RLIMIT_NOFILE, &files))
		t_fatal("%d files: %s", TIMERS, strerror(errno));
	for (int i = 0; i < TIMERS; i++) {
		timer[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		if (timer[i] < 0)
			t_fatal("timerfd %d: %s", i, strerror(errno));
	}
}

static void storm_at(u64 when)
{
	const struct itimerspec it = { .it_value = { when / SEC, when % SEC } };

	for (int i = 0; i < TIMERS; i++)
		if (timerfd_settime(timer[i], TFD_TIMER_ABSTIME, &it, NULL))
			_exit(1);
}

/* A fair task of CPU 1, which runs when A is released, and again after the storm */
static void storms(void *unused)
{
	u64 over;

	(void)unused;
	pin_to(0, 1);
	gate_wait(&plan->ready);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		storm_at(scene(i) + 2 * US);
		spin_until(scene(i) + 10 * US);
		over = now_ns() - scene(i);
		plan->storm = i && plan->storm < over ? plan->storm : over;
		spin_until(scene(i) + ROUND / 3);
	}
	pause();
}

static void a_works(void *unused)
{
	(void)unused;
	gate_wait(&plan->ready);
	spin_forever(NULL);
}

/* In each of its periods, half a period beside A's */
static void b_works(void *arg)
{
	gate_wait(&plan->ready);
	sleep_until(plan->t0 - 3 * PERIOD + PERIOD / 2);
	rec_until(arg, scene(ROUNDS));
}

static pid_t member(void (*work)(void *arg), void *arg, u64 flags)
{
	struct vbs_sched_attr attr = vbs_attr(RUNTIME, PERIOD, 0);
	pid_t pid = t_fork(work, arg);

	sleep_ns(2 * MS);
	pin_to(pid, 1);
	attr.sched_flags = flags;
	if (vbs_setattr(pid, &attr))
		t_fatal("a server on CPU 1: %s", strerror(errno));
	return pid;
}

/* What the release has cost, and a debt of 30 us, is paid by then: no booking is left behind */
static u64 paid(void)
{
	return (sysctl_vbs("release_cost_ns") + 30 * US) * (PERIOD / RUNTIME + 1);
}

VBS_TEST("a release is not lost where the last member leaves before schedule()", 110)
{
	struct rec *rec = rec_new();
	u64 late = paid(), left[ROUNDS];
	unsigned int hits = 0;
	pid_t a;

	need_vbs();
	need_cpus(2);
	make_timers();
	pin_to(0, 0);
	plan = t_shared(sizeof(*plan));
	t_fork(storms, NULL);
	a = member(a_works, NULL, SCHED_FLAG_VBS_ALIGN);
	member(b_works, rec, 0);
	plan->t0 = (now_ns() / PERIOD + 10) * PERIOD;
	gate_open(&plan->ready);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		sleep_until(scene(i) - PERIOD / 3);
		spin_until(scene(i) + late);
		pin_to(a, 0);
		left[i] = now_ns() - scene(i);
		sleep_until(scene(i) + ROUND / 2);
		pin_to(a, 1);
	}
	sleep_until(scene(ROUNDS) + PERIOD);
	for (unsigned int i = 0; i < ROUNDS; i++)
		hits += left[i] < plan->storm;
	t_diag("a storm took %.0f us, A was taken after %.0f; B waited %.3f ms at most",
	       plan->storm / 1e3, late / 1e3, rec_longest_gap(rec) / 1e6);
	t_at_least(hits, ROUNDS / 20, "times that A was gone before the storm was over");
	t_at_least(rec->n, ROUNDS * (ROUND / PERIOD), "pieces of B");
	t_at_most(rec_longest_gap(rec), 2 * PERIOD, "ns that B waited for a release");
}
