// SPDX-License-Identifier: GPL-2.0
/*
 * With t the clock that goes on without it, which has been right until now within its bound,
 * and e the end of the day by that: a day with a second more goes back by one somewhere in
 * [e, e + 1 s] of t, and one with a second less goes on by one at e - 1 s.
 *
 * Overflow: times are below 2^63 ns, ends at most a month later; bounds are added in 128 bits.
 */
#include <string.h>
#include <time.h>

#include "timeline/leap.h"

#define DAY_S	86400

static int64_t seconds(int64_t ns)
{
	return ns / LEAP_NS - (ns % LEAP_NS < 0);
}

int64_t leap_end_of_day(int64_t ns)
{
	int64_t s = seconds(ns);
	int64_t day = s / DAY_S - (s % DAY_S < 0);

	return (day + 1) * DAY_S * LEAP_NS;
}

int64_t leap_end_of_month(int64_t ns)
{
	time_t s = seconds(ns);
	struct tm tm;

	if (!gmtime_r(&s, &tm))
		return INT64_MAX;
	tm = (struct tm){ .tm_year = tm.tm_year, .tm_mon = tm.tm_mon + 1, .tm_mday = 1 };
	return timegm(&tm) * LEAP_NS;
}

/* Where the truth may be at a counter value */
static struct te_span span_at(const struct te_clock *c, uint64_t counter)
{
	uint64_t low, high;
	int64_t time;

	if ((int64_t)(counter - c->counter) < 0)
		counter = c->counter;
	te_read(c, counter, &time, &low, &high);
	return (struct te_span){ (__int128)time - low, (__int128)time + high };
}

static uint64_t left_of(__int128 ns)
{
	return ns < 0 ? 0 : ns > INT64_MAX ? INT64_MAX : (uint64_t)ns;
}

uint64_t leap_until(const struct te_clock *c, uint64_t counter, int64_t end)
{
	return left_of(end - LEAP_MINUTE_NS - span_at(c, counter).high);
}

void leap_begin(struct leap *l, const struct te_clock *c, int64_t end, bool longer, bool shorter)
{
	*l = (struct leap){ end, longer, shorter, *c };
}

enum leap_stage leap_stage(const struct leap *l, uint64_t counter)
{
	struct te_span span = span_at(&l->clock, counter);

	if (span.high < l->at - LEAP_NS)
		return LEAP_BEFORE;
	return span.low > l->at + LEAP_NS ? LEAP_AFTER : LEAP_AMID;
}

enum leap_stage leap_stage_between(const struct leap *l, uint64_t before, uint64_t after)
{
	enum leap_stage stage = leap_stage(l, before);

	return stage == leap_stage(l, after) ? stage : LEAP_AMID;
}

uint64_t leap_until_after(const struct leap *l, uint64_t counter)
{
	return left_of(l->at + LEAP_NS + 1 - span_at(&l->clock, counter).low);
}

void leap_cover(const struct leap *l, struct te_span *span)
{
	span->low -= l->longer ? LEAP_NS : 0;
	span->high += l->shorter ? LEAP_NS : 0;
}

static uint64_t more(uint64_t ns, bool second)
{
	return !second ? ns : ns > UINT64_MAX - LEAP_NS ? UINT64_MAX : ns + LEAP_NS;
}

void leap_cover_clock(const struct leap *l, struct te_clock *c)
{
	c->err_low = more(c->err_low, l->longer);
	c->err_high = more(c->err_high, l->shorter);
	c->holding = true;
}
