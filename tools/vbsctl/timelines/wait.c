// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline wait: until a timeline is as good as it is needed. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"
#include "options.h"
#include "timelines/sync_set.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

#define LOOK_NS		1000000000ULL	/* at least so often, whatever events come */

struct wait {
	const char *name;
	uint64_t accuracy;
	uint64_t timeout;	/* ns, 0: none */
	unsigned int id;
	int fd;			/* that has events */
};

static bool is_good(const struct wait *w, const struct timeline_time *tt)
{
	return tt->status == TIMELINE_STATUS_SYNCHRONIZED && tt->err_low_ns <= w->accuracy &&
	       tt->err_high_ns <= w->accuracy;
}

static void wait_for_event(const struct wait *w, uint64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	struct timeline_event e;

	if (ppoll(&p, 1, &ts, NULL) > 0 && read(w->fd, &e, sizeof(e)) < 0)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

static int is_late(const struct wait *w, const struct timeline_time *tt)
{
	return failure(VC_FAIL, "'%s' is %s with %s after %s, and %s is needed", w->name,
		       timeline_status(tt->status), fmt_bound(tt->err_low_ns, tt->err_high_ns).s,
		       fmt_time(w->timeout).s, fmt_time(w->accuracy).s);
}

static int wait_until_good(const struct wait *w)
{
	uint64_t now = sync_now(), end = w->timeout ? now + w->timeout : UINT64_MAX;
	struct timeline_time tt;
	int err;

	for (;; now = sync_now()) {
		err = timeline_gettime(w->id, &tt);
		if (err)
			return timeline_failure("wait for", w->name, err == EINVAL ? ENOENT : err);
		if (is_good(w, &tt))
			break;
		if (now >= end)
			return is_late(w, &tt);
		wait_for_event(w, end - now < LOOK_NS ? end - now : LOOK_NS);
	}
	printf("%s is synchronized, %s\n", w->name, fmt_bound(tt.err_low_ns, tt.err_high_ns).s);
	return VC_OK;
}

static int wait_for(struct wait *w)
{
	struct timeline_bind arg = { .accuracy_ns = w->accuracy };
	struct timeline_get get;
	int err, code;

	w->fd = timeline_open(&code);
	if (w->fd < 0)
		return code;
	code = timeline_get_named(w->fd, w->name, &get);
	if (code)
		return code;
	w->id = get.set.id;
	arg.id = w->id;
	err = timeline_ioctl(w->fd, TIMELINE_BIND, &arg);
	if (err == ENOSPC)
		return failure(VC_BUSY, "cannot wait for '%s': this user has as many watches as /proc/sys/user/max_timeline_watches allows",
			       w->name);
	if (err)
		return timeline_failure("wait for", w->name, err == EINVAL ? ENOENT : err);
	return wait_until_good(w);
}

static int wait_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "accuracy", required_argument, NULL, 'a' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct wait w = { 0 };
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "a:t:h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		why = parse_time(optarg, c == 'a' ? &w.accuracy : &w.timeout);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (optind != argc - 1)
		return usage_error(cmd, "it takes one name");
	if (!w.accuracy)
		return usage_error(cmd, "--accuracy is missing: what bound do you need?");
	w.name = argv[optind];
	return wait_for(&w);
}

const struct command timeline_wait = {
	.name = "timeline wait",
	.summary = "wait until a timeline is good enough",
	.help =
	"Usage: vbsctl timeline wait --accuracy TIME [OPTION]... NAME\n\n"
	"  -a, --accuracy TIME  the bound that is needed\n"
	"  -t, --timeout TIME   for how long, at most\n\n"
	"Until it is synchronized, and neither bound above that. Exit status 1: the time was up.\n\n"
	"  vbsctl timeline wait lab --accuracy 100us --timeout 60s && ./controller\n",
	.run = wait_main,
};
