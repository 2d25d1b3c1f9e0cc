// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a timeline, by the vDSO, beside a truth that is a function of the counter (truth.h):
 * how many readings there were, how many claimed to be synchronized, had a bound, were
 * outside of it, or before an earlier one; how wide the bound was, both sides and the wider
 * one, and how far off the middle, and CLOCK_REALTIME. Fails if one was outside or before
 * another.
 *
 * --leap-second NS: the truth goes back by a second then, as ntp_truth has it; so may the time.
 *
 *	net_judge --at C0,T0 [--rate PPM:SECONDS,...] [--pause USEC] [--leap-second NS] NAME SECONDS
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/truth.h"
#include "timeline/source.h"
#include "timelines/timelines.h"

#define MOST	200000	/* readings */

struct verdict {
	uint64_t readings, synchronized, bounded, outside, backwards;
	int64_t last;
	int64_t *width, *side, *error, *realtime;
};

static uint64_t counter(void)
{
	return source_counter(TIMELINE_COUNTER_RAW);
}

static int64_t realtime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* How far @ns is ahead of a truth that was between @before and @after */
static int64_t off(int64_t ns, int64_t before, int64_t after)
{
	return ns < before ? ns - before : ns > after ? ns - after : 0;
}

/* @before <= truth <= @after at some instant of the reading */
static void judge_one(struct verdict *v, const struct timeline_time *tt, int64_t before,
		      int64_t after)
{
	int64_t ns = tt->sec * 1000000000LL + tt->nsec;

	v->synchronized += tt->status == TIMELINE_STATUS_SYNCHRONIZED;
	if (tt->err_low_ns != TIMELINE_UNBOUNDED && tt->err_high_ns != TIMELINE_UNBOUNDED) {
		v->side[v->bounded] = tt->err_low_ns > tt->err_high_ns ? tt->err_low_ns :
									 tt->err_high_ns;
		v->width[v->bounded++] = tt->err_low_ns + tt->err_high_ns;
	}
	v->outside += (__int128)ns + tt->err_high_ns < before ||
		      (__int128)ns - tt->err_low_ns > after;
	v->backwards += ns < v->last;
	v->last = ns;
	v->error[v->readings++] = off(ns, before, after);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void tell(const char *name, int64_t *ns, uint64_t n)
{
	qsort(ns, n, sizeof(*ns), compare);
	if (n)
		printf(" %s_med_us=%.1f %s_p99_us=%.1f %s_max_us=%.1f", name, ns[n / 2] / 1e3, name,
		       ns[n * 99 / 100] / 1e3, name, ns[n - 1] / 1e3);
}

/* What is behind is negative, and the mean tells what is off for good */
static void tell_off(const char *name, int64_t *ns, uint64_t n)
{
	double sum = 0;
	uint64_t i;

	for (i = 0; i < n; i++) {
		sum += ns[i];
		ns[i] = llabs(ns[i]);
	}
	tell(name, ns, n);
	if (n)
		printf(" %s_mean_us=%.1f", name, sum / n / 1e3);
}

static int judge(const struct truth *t, unsigned int id, uint64_t ns, useconds_t pause)
{
	struct verdict v = { .width = calloc(MOST, 8), .side = calloc(MOST, 8),
			     .error = calloc(MOST, 8), .realtime = calloc(MOST, 8) };
	uint64_t end = counter() + ns;
	int64_t before, middle, after;
	struct timeline_time tt;

	while (v.readings < MOST && counter() < end) {
		before = truth_at(t, counter());
		if (timeline_gettime(id, &tt))
			return failure(VC_FAIL, "cannot read the timeline");
		middle = truth_at(t, counter() + 1) + 1;
		v.realtime[v.readings] = realtime();
		after = truth_at(t, counter() + 1) + 1;
		v.realtime[v.readings] = off(v.realtime[v.readings], middle, after);
		judge_one(&v, &tt, before, middle);
		usleep(pause);
	}
	printf("readings=%" PRIu64 " synchronized=%" PRIu64 " bounded=%" PRIu64, v.readings,
	       v.synchronized, v.bounded);
	printf(" outside=%" PRIu64 " backwards=%" PRIu64, v.outside, v.backwards);
	tell("width", v.width, v.bounded);
	tell("side", v.side, v.bounded);
	tell_off("error", v.error, v.readings);
	tell_off("realtime", v.realtime, v.readings);
	putchar('\n');
	return v.outside || v.backwards > (t->leaps_at ? 1 : 0) || !v.readings ? VC_FAIL : VC_OK;
}

static int judge_named(const struct truth *t, const char *name, const char *seconds,
		       useconds_t pause)
{
	struct timeline_lookup found;
	int code, fd = timeline_open(&code);

	if (fd < 0)
		return code;
	code = timeline_find(fd, name, &found);
	return code ?: judge(t, found.id, strtod(seconds, NULL) * 1e9, pause);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "at", 1, NULL, 'a' }, { "rate", 1, NULL, 'r' }, { "pause", 1, NULL, 'p' },
		{ "leap-second", 1, NULL, 'L' }, { 0 }
	};
	useconds_t pause = 10000;
	struct truth t;
	int c;

	truth_begin(&t);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p')
			pause = strtoul(optarg, NULL, 10);
		else if (c == 'L')
			t.leaps_at = strtoll(optarg, NULL, 10);
		else if (c == '?' || !(c == 'a' ? truth_take_start(&t, optarg) :
						  truth_take_rates(&t, optarg)))
			return VC_USAGE;
	}
	if (optind != argc - 2)
		return VC_USAGE;
	return judge_named(&t, argv[optind], argv[optind + 1], pause);
}
