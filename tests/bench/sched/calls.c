// SPDX-License-Identifier: GPL-2.0
/* System calls on other tasks: admit, switch, leave */
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"
#include "mark.h"

static struct actor pool[REPS];

static struct series series[] = {
	[OP_EMPTY] = { .name = "empty" },
	[OP_ADMIT_BLOCKED] = { .name = "admit-blocked" },
	[OP_SWITCH_BLOCKED_SAME] = { .name = "switch-blocked-same" },
	[OP_SWITCH_BLOCKED_NEW] = { .name = "switch-blocked-new" },
	[OP_LEAVE_BLOCKED] = { .name = "leave-blocked" },
	[OP_ADMIT_READY] = { .name = "admit-ready" },
	[OP_SWITCH_READY_SAME] = { .name = "switch-ready-same" },
	[OP_SWITCH_READY_NEW] = { .name = "switch-ready-new" },
	[OP_LEAVE_READY] = { .name = "leave-ready" },
};

/* All are behind whoever calls; "same" has the bandwidth of the first */
static const struct rank entry = { 20 * US, 1000 * MS, 10 };
static const struct rank same = { 10 * US, 500 * MS, 11 };
static const struct rank other = { 10 * US, 1000 * MS, 12 };

void pool_start(void)
{
	for (unsigned int i = 0; i < REPS; i++)
		actor_start(&pool[i]);
}

static void nothing(struct actor *a)
{
	(void)a;
}

static void empty(void)
{
	for (int i = 0; i < REPS; i++) {
		uint64_t t, end;

		mark_begin(OP_EMPTY);
		t = ticks();
		syscall(SYS_getppid);
		end = ticks();
		mark_end(OP_EMPTY);
		series_add(&series[OP_EMPTY], t, end);
	}
}

/* Inline, so that the marks are constants */
static inline __attribute__((always_inline)) void
each(enum mark_op op, enum class class, const struct rank *rank)
{
	for (int i = 0; i < REPS; i++) {
		uint64_t t, end;

		mark_begin(op);
		t = ticks();
		class_set(pool[i].tid, class, rank);
		end = ticks();
		mark_end(op);
		series_add(&series[op], t, end);
	}
}

/* They are asleep, or ready as ordinary tasks, which do not run meanwhile */
static void all_blocked(enum class class)
{
	each(OP_ADMIT_BLOCKED, class, &entry);
	each(OP_SWITCH_BLOCKED_SAME, class, &same);
	each(OP_SWITCH_BLOCKED_NEW, class, &other);
	each(OP_LEAVE_BLOCKED, OTHER, NULL);
}

static void all_ready(enum class class)
{
	each(OP_ADMIT_READY, class, &entry);
	each(OP_SWITCH_READY_SAME, class, &same);
	each(OP_SWITCH_READY_NEW, class, &other);
	each(OP_LEAVE_READY, OTHER, NULL);
}

/* What is allocated for them is there, for any class, before anything is measured. */
void pool_warm(enum class class)
{
	for (int i = 0; i < REPS; i++)
		class_set(pool[i].tid, class, &entry);
	for (int i = 0; i < REPS; i++)
		class_set(pool[i].tid, OTHER, NULL);
	sleep_ns(CROWD_REST);
}

void calls_blocked_run(const struct stage *s)
{
	empty();
	all_blocked(s->class);
}

void calls_ready_run(const struct stage *s)
{
	for (int i = 0; i < REPS; i++)
		actor_play(&pool[i], nothing);
	all_ready(s->class);
}

void calls_print(const char *where)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(series); i++)
		series_print(&series[i], where);
}
