// SPDX-License-Identifier: GPL-2.0
/* Differences of two readings, sorted. */
#include <stdlib.h>
#include <string.h>

#include "base/exact.h"
#include "show/top_text.h"

#include <linux/sched/vbs.h>

/* Larger numbers first; equal ones in the order of their ids */
#define COMPARE(name, field) \
static int by_##name(const void *pa, const void *pb) \
{ \
	const struct top_row *a = pa, *b = pb; \
\
	if (a->field != b->field) \
		return a->field < b->field ? 1 : -1; \
	return (a->server.id > b->server.id) - (a->server.id < b->server.id); \
}

COMPARE(used, used)
COMPARE(cap, server.cap)
COMPARE(misses, server.misses)
COMPARE(overruns, server.overrun_worst)
COMPARE(switch, server.switch_worst)
COMPARE(release, server.release_worst)

static int by_id(const void *pa, const void *pb)
{
	const struct top_row *a = pa, *b = pb;

	return (a->server.id > b->server.id) - (a->server.id < b->server.id);
}

static int by_cpu(const void *pa, const void *pb)
{
	const struct top_row *a = pa, *b = pb;

	if (a->server.cpu != b->server.cpu)
		return a->server.cpu < b->server.cpu ? -1 : 1;
	return by_id(pa, pb);
}

const struct top_key top_sort_keys[] = {
	{ 'u', "used", by_used },
	{ 'c', "cap", by_cap },
	{ 'p', "cpu", by_cpu },
	{ 'i', "id", by_id },
	{ 'm', "misses", by_misses },
	{ 'o', "overruns", by_overruns },
	{ 's', "switch", by_switch },
	{ 'r', "release", by_release },
	{ 0, NULL, NULL }
};

char top_sort_by_name(const char *name)
{
	const struct top_key *k;

	for (k = top_sort_keys; k->key; k++) {
		if (!strcmp(k->name, name))
			return k->key;
	}
	return 0;
}

static const struct vbs_server *find_id(const struct vbs_snapshot *snap, uint32_t id)
{
	int i;

	for (i = 0; snap && i < snap->servers; i++) {
		if (snap->server[i].id == id)
			return &snap->server[i];
	}
	return NULL;
}

/* Counters only grow, unless the id is that of another server by now */
static uint64_t growth(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

static void fill_row(struct top_row *row, const struct vbs_server *now,
		     const struct vbs_server *then, uint64_t interval)
{
	memset(row, 0, sizeof(*row));
	row->server = *now;
	if (!then)
		return;
	row->known = true;
	row->ran = growth(now->consumed, then->consumed);
	if (interval)
		row->used = ((u128)row->ran << VBS_BW_SHIFT) / interval;
	row->misses = growth(now->misses, then->misses);
	row->overruns = growth(now->overruns, then->overruns);
	row->switches = growth(now->switches, then->switches);
}

void top_sort(struct top_view *view)
{
	const struct top_key *k = top_sort_keys;

	while (k->key && k->key != view->sort)
		k++;
	if (k->key && view->rows)
		qsort(view->row, view->rows, sizeof(view->row[0]), k->compare);
}

static bool passes(const struct top_filter *f, const struct vbs_server *s)
{
	return !f || ((!f->by_cpu || cpumask_test(&f->cpus, s->cpu)) &&
		      (!f->by_owner || s->owner == f->owner) &&
		      (!f->by_leader || s->leader == f->leader));
}

bool top_build(struct top_view *view, const struct vbs_snapshot *before,
	       const struct vbs_snapshot *after)
{
	int i;

	view->snap = after;
	view->rows = 0;
	view->interval = before ? growth(after->when, before->when) : 0;
	view->row = calloc(after->servers + 1, sizeof(view->row[0]));
	if (!view->row)
		return false;
	for (i = 0; i < after->servers; i++) {
		if (passes(view->filter, &after->server[i]))
			fill_row(&view->row[view->rows++], &after->server[i],
				 find_id(before, after->server[i].id), view->interval);
	}
	top_sort(view);
	return true;
}

void top_free(struct top_view *view)
{
	free(view->row);
	view->row = NULL;
}

static int past_by_id(const void *pa, const void *pb)
{
	const struct top_past *a = pa, *b = pb;

	return (a->id > b->id) - (a->id < b->id);
}

static void add_level(struct top_row *row)
{
	if (row->sparks == SPARK_LENGTH)
		memmove(row->spark, row->spark + 1, SPARK_LENGTH - 1);
	else
		row->sparks++;
	row->spark[row->sparks - 1] = level_of(row->used, row->server.cap);
}

/* From its past, if it is the same server: @known, not just the same id */
static void recall(const struct top_history *history, struct top_row *row)
{
	struct top_past key = { .id = row->server.id }, *past;

	if (!row->known)
		return;
	past = history->pasts ? bsearch(&key, history->past, history->pasts,
					sizeof(key), past_by_id) : NULL;
	if (past) {
		row->sparks = past->sparks;
		memcpy(row->spark, past->spark, sizeof(row->spark));
	}
	add_level(row);
}

void top_remember(struct top_history *history, struct top_view *view)
{
	struct top_past *past = calloc(view->rows + 1, sizeof(*past));
	int i;

	for (i = 0; view->interval && i < view->rows; i++)
		recall(history, &view->row[i]);
	for (i = 0; past && i < view->rows; i++) {
		past[i].id = view->row[i].server.id;
		past[i].sparks = view->row[i].sparks;
		memcpy(past[i].spark, view->row[i].spark, sizeof(past[i].spark));
	}
	if (past)
		qsort(past, view->rows, sizeof(*past), past_by_id);
	top_forget(history);
	history->past = past;
	history->pasts = past ? view->rows : 0;
}

void top_forget(struct top_history *history)
{
	free(history->past);
	history->past = NULL;
	history->pasts = 0;
}
