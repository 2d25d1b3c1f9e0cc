// SPDX-License-Identifier: GPL-2.0
/*
 * A task that switches its own resource. A server that is ahead of its cap would
 * wait for z (Documentation/scheduler/sched-vbs.rst, 2.3), and that is no cost:
 * so a third task with an earlier deadline goes between, until z is past.
 */
#include "bench.h"
#include "mark.h"

#define BETWEEN	(60 * US)	/* what the release costs is paid for in it, too */
#define APART	(380 * US)

static const struct rank between = { 640 * US, 4 * MS, 70 };
static const struct rank first = { 2 * MS, 10 * MS, 60 };
/* The same bandwidth, and half of it */
static const struct rank next[] = {
	{ 1 * MS, 5 * MS, 61 },
	{ 1 * MS, 10 * MS, 62 },
};

static struct series switches[] = { { .name = "switch-own-same" }, { .name = "switch-own-new" } };

static const struct stage *stage;

static void go_between(struct actor *a)
{
	(void)a;
	spin_ns(BETWEEN);
}

static void switch_once(struct actor *a)
{
	const struct rank *to = a->count++ & 1 ? &first : &next[stage->round];
	uint64_t t, end;

	actor_play(stage->second, go_between);
	if (stage->round)
		mark_begin(OP_SWITCH_OWN_NEW);
	else
		mark_begin(OP_SWITCH_OWN_SAME);
	t = ticks();
	class_set(0, stage->class, to);
	end = ticks();
	if (stage->round)
		mark_end(OP_SWITCH_OWN_NEW);
	else
		mark_end(OP_SWITCH_OWN_SAME);
	series_add(&switches[stage->round], t, end);
}

void own_run(const struct stage *s)
{
	stage = s;
	s->worker->count = 0;
	class_set(s->second->tid, s->class, &between);
	class_set(s->worker->tid, s->class, &first);
	for (int i = 0; i < REPS; i++) {
		actor_play(s->worker, switch_once);
		spin_ns(APART);
	}
}

unsigned int own_rounds(const struct stage *s)
{
	(void)s;
	return ARRAY_SIZE(switches);
}

void own_print(const char *where)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(switches); i++)
		series_print(&switches[i], where);
}
