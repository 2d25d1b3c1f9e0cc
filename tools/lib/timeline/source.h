/* SPDX-License-Identifier: GPL-2.0 */
/* References that a timeline can follow, read between two counter readings. */
#ifndef LIB_TIMELINE_SOURCE_H
#define LIB_TIMELINE_SOURCE_H

#include <stddef.h>
#include <time.h>

#include "timeline/belief.h"
#include "timeline/estimate.h"
#include "timeline/ptp4l.h"
#include "timeline/stamp.h"

/* What a clock shows; the names are those of the types of timelines */
enum source_scale { SCALE_UNKNOWN, SCALE_UTC, SCALE_TAI };

struct timeline_source {
	const char *name;
	clockid_t clock;
	int fd;			/* of a PTP clock, or -1 */
	bool system;		/* CLOCK_REALTIME or CLOCK_TAI, which somebody keeps */
	enum source_scale scale;
	struct belief belief;	/* of the system's clocks */
	const char *ptp4l;	/* where the one is that keeps it, or NULL */
	struct ptp4l_state kept;	/* which one that is */
	int64_t offset_ns;	/* from its master, as it said last */
	uint64_t hop_ns;	/* what a clock between them adds */
	const char *says;	/* who bounds it, of chrony and ptp4l */
	bool stated;		/* the user states the bound: */
	uint64_t error_ns;
	unsigned int readings;	/* of which the one with the least gap is taken */
	unsigned int leap;	/* the leap indicator of the last sample */
};

/* Leap indicators of VMClock: a second is to come or is inserted, or was; PRE_NEG: deleted */
enum source_leap {
	LEAP_NONE, LEAP_PRE_POS, LEAP_PRE_NEG, LEAP_POS, LEAP_POST_POS, LEAP_POST_NEG
};

/* What the state that adjtimex() returns means after indicator @before */
unsigned int source_leap(int clock_state, unsigned int before);

/* What goes with a sample */
struct source_state {
	bool synchronized;	/* its bound is one */
	bool restart;		/* what was sampled before is void */
	const char *why;	/* there is no bound */
	bool tai_known;
	int tai_offset;
	unsigned int leap_indicator;	/* as in VMClock */
};

/*
 * "realtime", "tai", "chrony[:SOCKET]" for CLOCK_REALTIME as chronyd keeps it,
 * "ptp4l[:SOCKET]" for the clock that ptp4l keeps, or the path of a PTP clock; 0 or an error number and why in
 * words: EINVAL if that is no reference or it has another scale than @src says
 */
int source_open(struct timeline_source *src, const char *from, char *why, size_t size);
void source_close(struct timeline_source *src);

/* Whether CLOCK_MONOTONIC_RAW may be another one than the kernel's: a time namespace */
bool source_raw_is_shifted(void);

/* The counter, read neither earlier nor later; and with CLOCK_REALTIME between */
uint64_t source_counter(unsigned int counter_id);
void source_pair(unsigned int counter_id, struct stamp_pair *pair);

/* 0 or an error number */
int source_sample(struct timeline_source *src, unsigned int counter_id,
		  struct te_sample *sample, struct source_state *state);

#endif
