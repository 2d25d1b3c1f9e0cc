// SPDX-License-Identifier: GPL-2.0
/* System calls on other tasks: admit, switch, leave */
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"

static struct actor pool[REPS];

enum { EMPTY, ADMIT_B, SAME_B, NEW_B, LEAVE_B, ADMIT_R, SAME_R, NEW_R, LEAVE_R };

static struct series series[] = {
	[EMPTY] = { .name = "empty" },
	[ADMIT_B] = { .name = "admit-blocked" },
	[SAME_B] = { .name = "switch-blocked-same" },
	[NEW_B] = { .name = "switch-blocked-new" },
	[LEAVE_B] = { .name = "leave-blocked" },
	[ADMIT_R] = { .name = "admit-ready" },
	[SAME_R] = { .name = "switch-ready-same" },
	[NEW_R] = { .name = "switch-ready-new" },
	[LEAVE_R] = { .name = "leave-ready" },
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
		uint64_t t = ticks();

		syscall(SYS_getppid);
		series_add(&series[EMPTY], t, ticks());
	}
}

static void each(int op, enum class class, const struct rank *rank)
{
	for (int i = 0; i < REPS; i++) {
		uint64_t t = ticks(), end;

		class_set(pool[i].tid, class, rank);
		end = ticks();
		series_add(&series[op], t, end);
	}
}

/* They are asleep, or ready as ordinary tasks, which do not run meanwhile */
static void all(int first, enum class class)
{
	each(first, class, &entry);
	each(first + SAME_B - ADMIT_B, class, &same);
	each(first + NEW_B - ADMIT_B, class, &other);
	each(first + LEAVE_B - ADMIT_B, OTHER, NULL);
}

void calls_run(const struct stage *s)
{
	empty();
	all(ADMIT_B, s->class);
	for (int i = 0; i < REPS; i++)
		actor_play(&pool[i], nothing);
	all(ADMIT_R, s->class);
}

void calls_print(const char *where)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(series); i++)
		series_print(&series[i], where);
}
