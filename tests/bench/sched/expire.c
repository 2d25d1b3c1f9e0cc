// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a budget and the next one: the worker has less than its share
 * allows it to run, the driver runs in between. Both write down when they ran
 * last, so that a sample is from the last instructions of one to the first of the
 * other, to some ten instructions.
 */
#include <sched.h>
#include <string.h>
#include "bench.h"
#include "mark.h"

static const struct rank quick = { 20 * US, 100 * US, 60 };
/* DEADLINE notices the end of a budget at a tick only */
static const struct rank slow = { 500 * US, 2 * MS, 60 };
#define SLOW_ROUNDS	10

static struct series yields = { .name = "yield" }, renewals = { .name = "renewal" },
		     ends = { .name = "exhaustion" }, releases = { .name = "replenishment" };

static void give_up_often(struct actor *a)
{
	while (!a->stop) {
		mark_begin(OP_YIELD);
		a->last = ticks();
		sched_yield();
		a->first = ticks();
		mark_end(OP_RENEWAL);
	}
}

static void run_on(struct actor *a)
{
	while (!a->stop) {
		uint64_t t;

		mark_end(OP_REPLENISHMENT);
		mark_begin(OP_EXHAUSTION);
		t = ticks();
		if (a->until > a->last) {
			t = ticks();
			a->first = t;
		}
		a->last = t;
	}
}

/* The worker ran before the driver's look at the clock, or right after it */
static void add_both(const struct actor *a, struct series *begins,
		     struct series *ends, uint64_t before, uint64_t t)
{
	bool after = a->first > t;

	series_add(begins, after ? t : before, a->first);
	series_add(ends, a->last, after ? ticks() : t);
}

static void watch(struct actor *a, struct series *begins, struct series *ends,
		  unsigned int n)
{
	uint64_t before = ticks(), seen = a->first;
	uint64_t give_up = before + 100 * MS;

	while (n && before < give_up) {
		uint64_t t;

		mark_end(OP_YIELD);
		mark_end(OP_EXHAUSTION);
		mark_begin(OP_RENEWAL);
		mark_begin(OP_REPLENISHMENT);
		t = ticks();
		if (a->first != seen) {
			add_both(a, begins, ends, before, t);
			seen = a->first;
			t = ticks();
			n--;
		}
		a->until = t;
		before = t;
	}
	if (n)
		fatal("%s: the last %u did not come", begins->name, n);
}

static void play(struct actor *a, void (*part)(struct actor *a),
		 struct series *begins, struct series *ends, unsigned int n)
{
	a->stop = false;
	actor_play(a, part);
	watch(a, begins, ends, n);
	a->stop = true;
	while (!a->waits)
		;
}

unsigned int expire_rounds(const struct stage *s)
{
	return s->class == DEADLINE && !s->hrtick ? SLOW_ROUNDS : 1;
}

void expire_run(const struct stage *s)
{
	bool at_ticks = expire_rounds(s) > 1;

	if (s->class == FIFO)
		return;
	if (!s->round) {
		class_set(s->worker->tid, s->class, &quick);
		play(s->worker, give_up_often, &renewals, &yields, REPS);
	}
	class_set(s->worker->tid, s->class, at_ticks ? &slow : &quick);
	play(s->worker, run_on, &releases, &ends, REPS / expire_rounds(s));
}

void expire_print(const char *where)
{
	series_print(&renewals, where);
	series_print(&yields, where);
	series_print(&releases, where);
	series_print(&ends, where);
}
