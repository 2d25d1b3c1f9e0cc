// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline read: the time, its bound, and what a reading costs. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"
#include "options.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

#define COST_READS	200000
#define COST_ROUNDS	5

struct reader {
	const char *name;
	unsigned int id;
	unsigned int type;
	uint64_t count;
	uint64_t interval;
	bool json, cost;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void one_read(const struct reader *r)
{
	struct timeline_time tt;
	struct timespec ts;

	if (r)
		timeline_gettime(r->id, &tt);
	else
		clock_gettime(CLOCK_MONOTONIC, &ts);
}

/* Of a timeline, or of CLOCK_MONOTONIC: ns, the best of a few rounds */
static double cost_of(const struct reader *r)
{
	double best = 0, cost;
	uint64_t start;
	int i, n;

	for (n = 0; n < COST_ROUNDS; n++) {
		start = now_ns();
		for (i = 0; i < COST_READS; i++)
			one_read(r);
		cost = (double)(now_ns() - start) / COST_READS;
		if (!n || cost < best)
			best = cost;
	}
	return best;
}

static void print_cost(const struct reader *r)
{
	double timeline = cost_of(r), monotonic = cost_of(NULL);
	struct json_object *o;

	if (!r->json) {
		printf("a reading takes %.1f ns, one of CLOCK_MONOTONIC %.1f ns (%.2f times)\n",
		       timeline, monotonic, timeline / monotonic);
		return;
	}
	o = json_list(NULL, NULL);
	json_decimal(o, "timeline_ns", timeline, 1);
	json_decimal(o, "monotonic_ns", monotonic, 1);
	json_print_line(o);
}

static void print_reading(const struct reader *r, const struct timeline_time *tt)
{
	struct json_object *o;

	if (r->json) {
		o = json_list(NULL, NULL);
		json_str(o, "name", r->name);
		json_str(o, "type", timeline_type(r->type));
		json_reading(o, tt);
		json_print_line(o);
		return;
	}
	printf("%s  %s  %s\n", fmt_instant(tt->sec, tt->nsec, r->type).s,
	       fmt_bound(tt->err_low_ns, tt->err_high_ns).s, timeline_status(tt->status));
	fflush(stdout);
}

static void pause_for(uint64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		;
}

static int read_all(const struct reader *r)
{
	struct timeline_time tt;
	uint64_t i;
	int err;

	for (i = 0; i < r->count; i++) {
		if (i)
			pause_for(r->interval);
		err = timeline_gettime(r->id, &tt);
		if (err)
			return timeline_failure("read", r->name, err == EINVAL ? ENOENT : err);
		if (tt.status == TIMELINE_STATUS_INITIALIZING)
			return failure(VC_FAIL, "'%s' has no time yet: 'vbsctl timeline sync' sets it",
				       r->name);
		print_reading(r, &tt);
	}
	if (r->cost)
		print_cost(r);
	return VC_OK;
}

static int read_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "interval", required_argument, NULL, 'i' },
		{ "cost", no_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct reader r = { .count = 1, .interval = 1000000000 };
	struct timeline_get get;
	const char *why = NULL;
	int c, fd, code;

	while ((c = getopt_long(argc, argv, "n:i:cjh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		if (c == 'n')
			why = parse_count(optarg, &r.count);
		if (c == 'i')
			why = parse_time(optarg, &r.interval);
		if (why)
			return option_value_error(cmd, options, c, why);
		r.cost |= c == 'c';
		r.json |= c == 'j';
	}
	if (optind != argc - 1)
		return usage_error(cmd, "it takes one name");
	fd = timeline_open(&code);
	if (fd < 0)
		return code;
	code = timeline_get_named(fd, argv[optind], &get);
	close(fd);
	if (code)
		return code;
	r.name = argv[optind];
	r.id = get.set.id;
	r.type = get.time_type;
	return read_all(&r);
}

const struct command timeline_read = {
	.name = "timeline read",
	.summary = "read the time and its bound",
	.help =
	"Usage: vbsctl timeline read [OPTION]... NAME\n\n"
	"  -n, --count N        so many readings (1)\n"
	"  -i, --interval TIME  between them (1s)\n"
	"  -c, --cost           also measure what a reading costs\n"
	"  -j, --json           one JSON object per line\n\n"
	"The true time is not before the time shown by more than the first bound, and not\n"
	"after it by more than the second. It takes no privilege and no system call.\n\n"
	"  vbsctl timeline read lab\n"
	"  vbsctl timeline read lab --count 10 --interval 100ms --json\n",
	.run = read_main,
};
