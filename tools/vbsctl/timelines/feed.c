// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline feed: a timeline as a reference clock of chronyd and ntpd. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "options.h"
#include "timeline/ntp.h"
#include "timeline/ntp_shm.h"
#include "timelines/sync_set.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

#define READINGS	8
#define NO_UNIT		NTP_SHM_UNITS

static int64_t ns_of(const struct timespec *ts)
{
	return ts->tv_sec * 1000000000LL + ts->tv_nsec;
}

/* Between two readings of CLOCK_REALTIME, those that are nearest to each other: 0 or an error */
static int read_between(unsigned int id, struct timeline_time *best, int64_t *realtime)
{
	struct timespec before, after;
	struct timeline_time tt;
	int64_t gap, least = INT64_MAX;
	int i, err;

	for (i = 0; i < READINGS; i++) {
		clock_gettime(CLOCK_REALTIME, &before);
		err = timeline_gettime(id, &tt);
		clock_gettime(CLOCK_REALTIME, &after);
		if (err)
			return err;
		gap = ns_of(&after) - ns_of(&before);
		if (gap < 0 || gap >= least)
			continue;
		least = gap;
		*best = tt;
		*realtime = ns_of(&before) + gap / 2;
	}
	return least == INT64_MAX ? EAGAIN : 0;
}

static int feed_once(const char *name, int dev, struct timeline_get *get, struct ntp_shm *shm)
{
	struct timeline_time tt = { 0 };
	int64_t realtime = 0;
	uint64_t error;
	int leap, err = timeline_ioctl(dev, TIMELINE_GET, get);

	if (!err)
		err = read_between(get->set.id, &tt, &realtime);
	if (err == EAGAIN)
		return VC_OK;
	if (err)
		return timeline_failure("feed", name, err == EINVAL ? ENOENT : err);
	error = tt.err_low_ns > tt.err_high_ns ? tt.err_low_ns : tt.err_high_ns;
	leap = get->set.leap_indicator == LEAP_PRE_POS ? NTP_LEAP_61 :
	       get->set.leap_indicator == LEAP_PRE_NEG ? NTP_LEAP_59 : NTP_LEAP_NONE;
	/* What is not synchronized is not offered: nothing new comes */
	if (tt.status == TIMELINE_STATUS_SYNCHRONIZED && error != TIMELINE_UNBOUNDED)
		ntp_shm_put(shm, tt.sec * 1000000000LL + tt.nsec, realtime, leap, error);
	return VC_OK;
}

static int feed(const char *name, unsigned int unit)
{
	int code = VC_OK, dev = timeline_open(&code);
	struct timespec at;
	struct timeline_get get;
	struct ntp_shm *shm;

	if (dev >= 0)
		code = timeline_get_named(dev, name, &get);
	if (code)
		return code;
	if (get.time_type != TIMELINE_TIME_UTC)
		return failure(VC_FAIL, "'%s' is a timeline of type %s, and NTP is utc", name,
			       timeline_type(get.time_type));
	shm = ntp_shm_open(unit);
	if (!shm)
		return failure(errno == EACCES ? VC_PERM : VC_FAIL,
			       "cannot use the segment of unit %u: %s", unit, strerror(errno));
	sync_catch_signals();
	clock_gettime(CLOCK_MONOTONIC, &at);
	while (!sync_ended() && !code) {
		code = feed_once(name, dev, &get, shm);
		at.tv_sec++;
		sync_sleep_until(&at);
	}
	return code;
}

static const char *take_unit(const char *text, unsigned int *unit)
{
	uint64_t n;
	const char *why = parse_count(text, &n);

	if (!why && n >= NTP_SHM_UNITS)
		return "it must be 0 to 255";
	*unit = why ? NO_UNIT : n;
	return why;
}

static int feed_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "shm", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	unsigned int unit = NO_UNIT;
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "s:h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		why = take_unit(optarg, &unit);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (optind != argc - 1)
		return usage_error(cmd, "it takes one name");
	if (unit == NO_UNIT)
		return usage_error(cmd, "--shm is missing: which unit do chronyd or ntpd read?");
	return feed(argv[optind], unit);
}

const struct command timeline_feed = {
	.name = "timeline feed",
	.summary = "give a timeline to chronyd or ntpd",
	.help =
	"Usage: vbsctl timeline feed --shm UNIT NAME\n\n"
	"  -s, --shm UNIT       of the shared memory that both call SHM; 0 and 1 are for root\n\n"
	"A sample a second, as long as the timeline is synchronized. In chrony.conf:\n"
	"'refclock SHM 2 delay 0.0002', with twice the bound in seconds. A timeline that is kept on\n"
	"CLOCK_REALTIME must not be fed to who keeps that.\n\n"
	"  vbsctl timeline feed lab --shm 2\n",
	.run = feed_main,
};
