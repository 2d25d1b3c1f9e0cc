// SPDX-License-Identifier: GPL-2.0
/* Wake up, block, and take turns */
#include <sched.h>
#include <string.h>
#include <time.h>
#include "bench.h"
#include "mark.h"

/*
 * So long apart a wake-up begins a new instance: the few us that the worker runs
 * are paid for by then, at its 10 % of the CPU.
 */
#define APART	(60 * US)

static const struct rank worker = { 2 * MS, 20 * MS, 60 };
static const struct rank equal = { 0, 0, 50 };

static struct series wakes = { .name = "wake" }, blocks = { .name = "block" },
		     timers = { .name = "timer" }, turns = { .name = "turn" };

/* ---- by an eventfd ---- */

static void sleep_often(struct actor *a)
{
	for (int i = 0; i <= REPS; i++) {
		mark_begin(OP_BLOCK);
		a->slept = ticks();
		actor_wait(a);
		a->woke = ticks();
		mark_end(OP_WAKE);
	}
}

static void wake(struct actor *a)
{
	uint64_t t, end;

	actor_play(a, sleep_often);
	for (int i = 0; i < REPS; i++) {
		spin_ns(APART);
		mark_begin(OP_WAKE);
		t = ticks();
		actor_kick(a);
		end = ticks();
		mark_end(OP_BLOCK);
		series_add(&wakes, t, a->woke);
		series_add(&blocks, a->slept, end);
	}
	actor_kick(a);
}

/* ---- by a timer, while the CPU is busy ---- */

static void sleep_until(struct actor *a)
{
	for (int i = 0; i < REPS; i++) {
		uint64_t until = now_ns() + APART;
		struct timespec ts = { until / (1000 * MS), until % (1000 * MS) };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		series_add(&timers, until, now_ns());
	}
	a->slept = 0;
}

static void timer(struct actor *a)
{
	a->slept = 1;
	actor_play(a, sleep_until);
	while (a->slept)
		;
}

/* ---- sched_yield() among equals ---- */

static void yield_often(struct actor *a)
{
	for (int i = 0; i < REPS; i++) {
		mark_begin(OP_TURN);
		a->slept = ticks();
		sched_yield();
	}
	a->slept = 0;
}

static void turn(struct actor *a)
{
	actor_play(a, yield_often);
	for (int i = 0; i < REPS; i++) {
		uint64_t end;

		sched_yield();
		end = ticks();
		mark_end(OP_TURN);
		series_add(&turns, a->slept, end);
	}
	while (a->slept)
		sched_yield();
}

/* Two members of a server, or two of the same priority; DEADLINE has no equals */
static bool make_equal(const struct stage *s)
{
	int ret;

	if (s->class == DEADLINE)
		return false;
	ret = s->class == VBS ? class_join(s->worker->tid, s->driver) :
				class_try(s->worker->tid, s->class, &equal);
	if (ret)
		fatal("sched_setattr of an equal: %s", strerror(-ret));
	return true;
}

void wake_run(const struct stage *s)
{
	class_set(s->worker->tid, s->class, &worker);
	wake(s->worker);
	timer(s->worker);
	if (make_equal(s))
		turn(s->worker);
}

void wake_print(const char *where)
{
	series_print(&wakes, where);
	series_print(&blocks, where);
	series_print(&timers, where);
	series_print(&turns, where);
}
