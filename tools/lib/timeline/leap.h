/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The second that UTC gets or loses at the end of a day, as it is announced.  Who follows UTC
 * by the counter does not know whether it has come before he has asked again; so from a minute
 * before it until then a clock is covered either way.
 */
#ifndef LIB_TIMELINE_LEAP_H
#define LIB_TIMELINE_LEAP_H

#include "timeline/estimate.h"

#define LEAP_NS		1000000000LL
#define LEAP_MINUTE_NS	(60 * LEAP_NS)

struct leap {
	int64_t at;		/* ns since 1970, the end of the day; 0: none is near */
	bool longer, shorter;	/* that day may be, by a second */
	struct te_clock clock;	/* which goes on without it */
};

/*
 * Before it and after it are told by the clock without it, within its bound.  What is between
 * is a second on either side: servers and kernels differ in when they do it, and some stand still.
 */
enum leap_stage { LEAP_BEFORE, LEAP_AMID, LEAP_AFTER };

/* The end of the day, and of the month, that an instant is in: ns since 1970 */
int64_t leap_end_of_day(int64_t ns);
int64_t leap_end_of_month(int64_t ns);

/* ns until a clock may be in the last minute before @end, seen from a counter value not before its own */
uint64_t leap_until(const struct te_clock *c, uint64_t counter, int64_t end);

/* One is near */
void leap_begin(struct leap *l, const struct te_clock *c, int64_t end, bool longer, bool shorter);

enum leap_stage leap_stage(const struct leap *l, uint64_t counter);

/* The same of what happened between two counter values */
enum leap_stage leap_stage_between(const struct leap *l, uint64_t before, uint64_t after);

/* ns until it is over */
uint64_t leap_until_after(const struct leap *l, uint64_t counter);

/* What one says who may or may not have it: covered either way */
void leap_cover(const struct leap *l, struct te_span *span);

/* The same of a clock, which is then no more than that */
void leap_cover_clock(const struct leap *l, struct te_clock *c);

#endif
