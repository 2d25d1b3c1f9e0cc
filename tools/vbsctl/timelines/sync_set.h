/* SPDX-License-Identifier: GPL-2.0 */
/* What all synchronisers have in common: a timeline that is set, and a loop in time. */
#ifndef VBSCTL_TIMELINES_SYNC_SET_H
#define VBSCTL_TIMELINES_SYNC_SET_H

#include <signal.h>
#include <time.h>

#include "timeline/tracking.h"
#include "timelines/notify.h"

enum quality { QUALITY_SET, QUALITY_FREERUNNING, QUALITY_UNBOUNDED };

enum counter_state {
	COUNTER_SAME,
	COUNTER_DISRUPTED,	/* what was sampled before is void */
	COUNTER_OTHER		/* and so is what is known of its frequency */
};

/* What samples are of: those of two counters, or from both sides of a disruption, do not mix */
struct counter_mark {
	unsigned int id;
	uint64_t hz, disruption;
};

struct setter {
	const char *name, *from;
	int fd;
	struct timeline_get get;	/* as it was found last */
	struct counter_mark counter;	/* as whoever takes samples was told last */
	bool started;			/* 'updates' is known */
	uint64_t updates;
	bool warned;			/* that somebody else sets it */
	struct timeline_set last;	/* as it was set last, */
	bool has_last;			/* in this program */
	enum quality quality;		/* and what it has become since */
	struct tracking tracking;	/* what others are told, */
	bool told_bounded;
	uint64_t written;		/* and when: ns of CLOCK_MONOTONIC */
	bool unwritten;			/* it cannot be: that was told */
	struct sync_log log;
};

/* 0 or an exit code, message printed */
int setter_open(struct setter *t, const char *name, const char *from);
void setter_close(struct setter *t);

/* After a sample and before it counts: whether the counter is what it was; warns of others */
int setter_look(struct setter *t, enum counter_state *state);

/* The clock as of a sample; *set is what was set, *done whether it was */
int setter_set(struct setter *t, const struct te_clock *c, const struct source_state *state,
	       bool bounded, struct timeline_set *set, bool *done, enum counter_state *counter);

/* An update that is not made: the timeline goes on as it was set last, with less claimed */
int setter_skip(struct setter *t, enum quality quality);

/* What was set last, covered with a leap second and without */
struct leap;
int setter_cover(struct setter *t, const struct leap *leap);

/*
 * The tracking that others read: once a second, and when the reference is believed or no
 * more; whether it was written
 */
bool setter_leave_word(struct setter *t);

/* Whether another process keeps the timeline by now, and tells so */
bool setter_is_followed(const struct setter *t);

uint64_t sync_now(void);

/* SIGINT and SIGTERM, from then on only where something waits with that mask */
void sync_catch_signals(void);
const sigset_t *sync_waiting(void);
bool sync_ended(void);

/* Until an instant or a signal; whoever watches over this hears of it in between */
void sync_sleep_until(const struct timespec *at);

#endif
