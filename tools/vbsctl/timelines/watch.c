// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline watch: tell when a timeline is not good enough, and is again. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"
#include "options.h"
#include "timelines/describe.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

struct watch {
	const char *name;
	unsigned int type;
	uint64_t accuracy;
	uint64_t resolution;
	uint64_t count;		/* of events, 0: all */
	uint64_t timeout;	/* ns, 0: none */
	bool json;
};

static const char *event_name(unsigned int type)
{
	switch (type) {
	case TIMELINE_EVENT_DEGRADED:
		return "degraded";
	case TIMELINE_EVENT_RECOVERED:
		return "recovered";
	case TIMELINE_EVENT_DESTROYED:
		return "destroyed";
	default:
		return "unknown";
	}
}

static void json_event(const struct watch *w, const struct timeline_event *e)
{
	struct json_object *o = json_list(NULL, NULL), *reason = json_object_new_array();

	json_str(o, "name", w->name);
	json_str(o, "event", event_name(e->type));
	if (e->reason & TIMELINE_WHY_BOUND)
		json_object_array_add(reason, json_object_new_string("bound"));
	if (e->reason & TIMELINE_WHY_STATUS)
		json_object_array_add(reason, json_object_new_string("status"));
	json_object_object_add(o, "reason", reason);
	json_num(o, "missed", e->missed);
	json_u64(o, "accuracy_ns", e->accuracy_ns);
	json_reading(o, &e->time);
	json_print_line(o);
}

/* With all digits: the event comes as soon as it is one ns more */
static void print_excess(const struct timeline_event *e)
{
	uint64_t low = e->time.err_low_ns, high = e->time.err_high_ns;

	if (low == TIMELINE_UNBOUNDED || high == TIMELINE_UNBOUNDED)
		printf(", nothing bounds its error, and %s is needed", fmt_time(e->accuracy_ns).s);
	else
		printf(", the bound of %s exceeds %s", fmt_time(low > high ? low : high).s,
		       fmt_time(e->accuracy_ns).s);
}

static void print_event(const struct watch *w, const struct timeline_event *e)
{
	if (w->json) {
		json_event(w, e);
		return;
	}
	/* One that was destroyed or never set has no time */
	if (e->time.status != TIMELINE_STATUS_INITIALIZING)
		printf("%s  ", fmt_instant(e->time.sec, e->time.nsec, w->type).s);
	fputs(event_name(e->type), stdout);
	if (e->reason & TIMELINE_WHY_BOUND)
		print_excess(e);
	if (e->reason & TIMELINE_WHY_STATUS)
		printf(", it is %s", timeline_status(e->time.status));
	if (e->type == TIMELINE_EVENT_RECOVERED)
		printf(", the bound is %s",
		       fmt_bound(e->time.err_low_ns, e->time.err_high_ns).s);
	if (e->missed)
		printf(" (%u event%s before it not seen)", e->missed, e->missed == 1 ? "" : "s");
	putchar('\n');
	fflush(stdout);
}

/*
 * What it was like at the start; the events tell of changes.  It was read before the
 * watch began, so that no event is from before it.
 */
static void print_start(const struct watch *w, const struct timeline_time *tt)
{
	if (w->json)
		return;
	/* One that was never set has no time */
	if (tt->status != TIMELINE_STATUS_INITIALIZING)
		printf("%s  ", fmt_instant(tt->sec, tt->nsec, w->type).s);
	printf("watching, %s, ", timeline_status(tt->status));
	if (tt->err_low_ns == TIMELINE_UNBOUNDED || tt->err_high_ns == TIMELINE_UNBOUNDED)
		printf("nothing bounds its error, and %s is needed\n", fmt_time(w->accuracy).s);
	else
		printf("the bound is %s and may be %s\n",
		       fmt_bound(tt->err_low_ns, tt->err_high_ns).s, fmt_time(w->accuracy).s);
	fflush(stdout);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* 1 if there is an event, 0 if the time is up, -1 with errno set */
static int wait_event(int fd, uint64_t end)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };
	struct timespec left = { 0 };
	uint64_t now = now_ns();
	int n;

	if (end > now) {
		left.tv_sec = (end - now) / 1000000000;
		left.tv_nsec = (end - now) % 1000000000;
	}
	n = ppoll(&p, 1, end ? &left : NULL, NULL);
	return n < 0 && errno == EINTR ? wait_event(fd, end) : n;
}

static int watch_events(int fd, const struct watch *w)
{
	uint64_t seen = 0, end = w->timeout ? now_ns() + w->timeout : 0;
	struct timeline_event e;
	ssize_t n;

	while (!w->count || seen < w->count) {
		n = wait_event(fd, end);
		if (!n)
			return VC_OK;
		if (n > 0)
			n = read(fd, &e, sizeof(e));
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			return failure(VC_FAIL, "cannot watch '%s': %s", w->name, strerror(errno));
		if (n != sizeof(e))
			return failure(VC_NOPROC, "'%s' was destroyed", w->name);
		print_event(w, &e);
		if (e.type == TIMELINE_EVENT_DESTROYED)
			return VC_NOPROC;
		seen++;
	}
	return VC_OK;
}

static int watch(struct watch *w)
{
	struct timeline_bind arg = { .accuracy_ns = w->accuracy, .resolution_ns = w->resolution };
	struct timeline_get get;
	struct timeline_time tt;
	int err, code, fd = timeline_open(&code);

	if (fd < 0)
		return code;
	code = timeline_get_named(fd, w->name, &get);
	if (code)
		return code;
	w->type = get.time_type;
	arg.id = get.set.id;
	code = timeline_check_resolution("watch", w->name, arg.id, w->resolution);
	if (code)
		return code;
	timeline_now(&get, &tt);
	err = timeline_ioctl(fd, TIMELINE_BIND, &arg);
	if (err == ENOSPC)
		return failure(VC_BUSY, "cannot watch '%s': this user has as many watches as /proc/sys/user/max_timeline_watches allows",
			       w->name);
	if (err)
		return timeline_failure("watch", w->name, err == EINVAL ? ENOENT : err);
	print_start(w, &tt);
	return watch_events(fd, w);
}

static const char *take_value(int c, struct watch *w)
{
	switch (c) {
	case 'a':
		return parse_time(optarg, &w->accuracy);
	case 'r':
		return parse_time(optarg, &w->resolution);
	case 't':
		return parse_time(optarg, &w->timeout);
	case 'n':
		return parse_count(optarg, &w->count);
	default:
		w->json |= c == 'j';
		return NULL;
	}
}

static int watch_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "accuracy", required_argument, NULL, 'a' },
		{ "resolution", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'n' },
		{ "timeout", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct watch w = { 0 };
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "a:r:n:t:jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		why = take_value(c, &w);
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (optind != argc - 1)
		return usage_error(cmd, "it takes one name");
	if (!w.accuracy)
		return usage_error(cmd, "--accuracy is missing: what bound do you need?");
	w.name = argv[optind];
	return watch(&w);
}

const struct command timeline_watch = {
	.name = "timeline watch",
	.summary = "tell when a timeline's bound exceeds what is needed",
	.help =
	"Usage: vbsctl timeline watch --accuracy TIME [OPTION]... NAME\n\n"
	"  -a, --accuracy TIME  the bound that is needed\n"
	"  -r, --resolution TIME\n"
	"                       the coarsest tick that will do\n"
	"  -n, --count N        end after so many events\n"
	"  -t, --timeout TIME   end after that time\n"
	"  -j, --json           one JSON object per line and event\n\n"
	"The event comes when the bound crosses the accuracy, also if whoever kept the\n"
	"timeline has died: the bound grows by itself. Exit status 6: it was destroyed.\n\n"
	"  vbsctl timeline watch lab --accuracy 100us\n",
	.run = watch_main,
};
