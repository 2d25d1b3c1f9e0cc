// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a timeline that follows a system clock as its truth, between two readings
 * of that clock: its bound must reach both, and it must not run backwards.
 *	timeline_truth NAME SECONDS realtime|tai [continuous]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "timelines/timelines.h"

struct truth {
	unsigned int id;
	clockid_t clock;
	uint64_t readings, outside, backwards;
	int64_t last, worst;
};

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* @before <= truth < @after + 1 at some instant between; rounding counts 1 ns */
static void judge(struct truth *t, int64_t before, const struct timeline_time *tt, int64_t after)
{
	int64_t ns = tt->sec * 1000000000LL + tt->nsec;
	int64_t off = ns < before ? before - ns : ns > after ? ns - after : 0;

	t->readings++;
	if ((__int128)ns + tt->err_high_ns < before ||
	    (__int128)ns - tt->err_low_ns > (__int128)after + 1) {
		if (!t->outside++)
			printf("outside: %" PRId64 " -%llu +%llu, truth in [%" PRId64 ", %" PRId64 "]\n",
			       ns, tt->err_low_ns, tt->err_high_ns, before, after);
	}
	t->backwards += ns < t->last;
	t->last = ns;
	t->worst = off > t->worst ? off : t->worst;
}

static int observe(struct truth *t, int64_t end)
{
	struct timeline_time tt;
	int64_t before, after;

	do {
		before = now(t->clock);
		if (timeline_gettime(t->id, &tt))
			return failure(VC_FAIL, "cannot read the timeline");
		after = now(t->clock);
		judge(t, before, &tt, after);
	} while (now(CLOCK_MONOTONIC) < end);
	return VC_OK;
}

int main(int argc, char **argv)
{
	struct timeline_lookup found;
	struct truth t = { 0 };
	int code, fd;

	if (argc < 4)
		return VC_USAGE;
	fd = timeline_open(&code);
	if (fd < 0)
		return code;
	code = timeline_find(fd, argv[1], &found);
	if (code)
		return code;
	t.id = found.id;
	t.clock = strcmp(argv[3], "tai") ? CLOCK_REALTIME : CLOCK_TAI;
	code = observe(&t, now(CLOCK_MONOTONIC) + atoll(argv[2]) * 1000000000LL);
	printf("%" PRIu64 " readings, %" PRIu64 " outside, %" PRIu64 " backwards, worst error %" PRId64 " ns\n",
	       t.readings, t.outside, t.backwards, t.worst);
	if (code || t.outside || (argc > 4 && t.backwards))
		return VC_FAIL;
	return VC_OK;
}
