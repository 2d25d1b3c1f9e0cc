// SPDX-License-Identifier: GPL-2.0
/* Compares two readings; both have their servers in the order of ids. */
#include <stddef.h>
#include <string.h>

#include "show/events.h"

static const char *const names[EVENTS] = {
	[EVENT_BEGIN] = "begin", [EVENT_END] = "end", [EVENT_MISS] = "miss",
	[EVENT_THROTTLE] = "throttle", [EVENT_SKIP] = "skip", [EVENT_FAIR] = "fair",
	[EVENT_SWITCH] = "switch", [EVENT_WORST] = "worst", [EVENT_REFUSE] = "refuse",
};

const char *event_name(enum event_kind kind)
{
	return names[kind];
}

enum event_kind event_by_name(const char *name)
{
	int kind;

	for (kind = 0; kind < EVENTS; kind++) {
		if (!strcmp(names[kind], name))
			break;
	}
	return kind;
}

struct telling {
	void (*tell)(const struct event *e, void *arg);
	void *arg;
	uint64_t threshold;
};

static void tell(const struct telling *t, enum event_kind kind, const struct vbs_server *s,
		 uint64_t before, uint64_t after)
{
	const struct event e = { kind, s, after - before, after };

	if (after > before)
		t->tell(&e, t->arg);
}

static void compare(const struct telling *t, const struct vbs_server *a, const struct vbs_server *b)
{
	tell(t, EVENT_SWITCH, b, a->switches, b->switches);
	tell(t, EVENT_MISS, b, a->misses, b->misses);
	tell(t, EVENT_THROTTLE, b, a->overruns, b->overruns);
	tell(t, EVENT_SKIP, b, a->skipped, b->skipped);
	if (a->fair != NOT_TOLD && b->fair != NOT_TOLD)
		tell(t, EVENT_FAIR, b, a->fair, b->fair);
	if (b->overrun_worst >= t->threshold)
		tell(t, EVENT_WORST, b, a->overrun_worst, b->overrun_worst);
}

/* The kernel gives no id twice */
void events_between(const struct vbs_snapshot *before, const struct vbs_snapshot *after,
		    uint64_t threshold, void (*call)(const struct event *e, void *arg), void *arg)
{
	const struct telling t = { call, arg, threshold };
	static const struct vbs_server none;
	const struct vbs_server *s, *old;
	int i;

	for (i = 0; before && i < before->servers; i++) {
		s = &before->server[i];
		if (!vbs_find_server(after, s->id))
			tell(&t, EVENT_END, s, 0, 1);
	}
	for (i = 0; i < after->servers; i++) {
		s = &after->server[i];
		old = before ? vbs_find_server(before, s->id) : s;
		if (!old)
			tell(&t, EVENT_BEGIN, s, 0, 1);
		compare(&t, old ? old : &none, s);
	}
}
