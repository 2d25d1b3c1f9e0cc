/* SPDX-License-Identifier: GPL-2.0 */
/* What happened to servers between two readings of /proc/vbs. */
#ifndef VBSCTL_SHOW_EVENTS_H
#define VBSCTL_SHOW_EVENTS_H

#include "vbs/proc.h"

enum event_kind {
	EVENT_BEGIN, EVENT_END,		/* a server is there, is gone */
	EVENT_MISS,			/* deadlines missed */
	EVENT_THROTTLE,			/* ends of a budget */
	EVENT_SKIP,			/* instances skipped to pay a debt */
	EVENT_FAIR,			/* a member went on as a fair task */
	EVENT_SWITCH,			/* to another resource */
	EVENT_WORST,			/* a new longest execution beyond a budget, from the threshold on */
	EVENT_REFUSE,			/* the kernel refused a call (refusals.h) */
	EVENTS
};

struct event {
	enum event_kind kind;
	const struct vbs_server *server;
	uint64_t more, all;		/* since the earlier reading, and in all; WORST: ns */
};

/* "miss", and back: EVENTS if it is none */
const char *event_name(enum event_kind kind);
enum event_kind event_by_name(const char *name);

/* Calls @tell for each event, in the order of servers; @before NULL: there are none */
void events_between(const struct vbs_snapshot *before, const struct vbs_snapshot *after,
		    uint64_t threshold, void (*tell)(const struct event *e, void *arg), void *arg);

#endif
