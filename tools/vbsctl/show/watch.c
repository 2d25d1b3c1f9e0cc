// SPDX-License-Identifier: GPL-2.0
/* vbsctl watch: a line for each thing that happens to a server, and for each refusal. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/format.h"
#include "base/parse.h"
#include "commands.h"
#include "options.h"
#include "show/events.h"
#include "show/json_server.h"
#include "show/refusals.h"
#include "show/snapshot.h"
#include "show/table.h"
#include "until_stopped.h"
#include "vbs/task.h"

#define THRESHOLD	100000		/* ns; --overrun */

struct watch {
	uint64_t delay, count, threshold;
	bool json, only;		/* only the events that are wanted: */
	bool wanted[EVENTS];
	char now[40];			/* of the latest reading */
	uint64_t told;
};

static void set_now(struct watch *w)
{
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(w->now, sizeof(w->now), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(w->now + n, sizeof(w->now) - n, ".%03ldZ", ts.tv_nsec / 1000000);
}

static struct json_object *json_event(const struct watch *w, enum event_kind kind)
{
	struct json_object *o = json_list(NULL, NULL);

	json_str(o, "time", w->now);
	json_str(o, "event", event_name(kind));
	return o;
}

static void tell_json(const struct watch *w, const struct event *e)
{
	struct json_object *o = json_event(w, e->kind);

	json_num(o, "server", e->server->id);
	json_object_object_add(o, "name", e->server->name[0] ?
			       json_object_new_string(e->server->name) : NULL);
	json_comm(o, e->server->comm);
	json_num(o, "cpu", e->server->cpu);
	if (e->kind == EVENT_WORST)
		json_num(o, "overrun_ns", e->all);
	else if (e->kind != EVENT_BEGIN && e->kind != EVENT_END)
		json_num(o, "more", e->more);
	if (e->kind != EVENT_WORST && e->kind != EVENT_BEGIN && e->kind != EVENT_END)
		json_num(o, "all", e->all);
	json_print_line(o);
}

/* What stands behind the number */
static const char *const words[EVENTS] = {
	[EVENT_MISS] = "missed deadlines", [EVENT_THROTTLE] = "ends of its budget",
	[EVENT_SKIP] = "instances skipped to pay what it ran too long",
	[EVENT_FAIR] = "times a member went on as a fair task",
	[EVENT_SWITCH] = "switches to another resource",
};

static void tell_text(const struct watch *w, const struct event *e)
{
	const struct vbs_server *s = e->server;

	printf("%s %-8s server %u", w->now, event_name(e->kind), s->id);
	if (s->name[0])
		printf(" '%s'", s->name);
	printf(" (%s): ", table_comm(s->comm).s);
	if (e->kind == EVENT_BEGIN)
		printf("%s, cap %s, on CPU %d, of %s\n", fmt_resource(s->runtime, s->period).s,
		       fmt_bw(s->cap).s, s->cpu, table_owner(s->owner).s);
	else if (e->kind == EVENT_END)
		puts("gone");
	else if (e->kind == EVENT_WORST)
		printf("ran %s beyond its budget, its longest\n", fmt_short(e->all).s);
	else
		printf("%" PRIu64 " %s, %" PRIu64 " in all\n", e->more, words[e->kind], e->all);
	fflush(stdout);
}

static void tell(const struct event *e, void *arg)
{
	struct watch *w = arg;

	if (w->only && !w->wanted[e->kind])
		return;
	w->told++;
	if (w->json)
		tell_json(w, e);
	else
		tell_text(w, e);
}

static void refusal_json(const struct watch *w, const struct refusal_seen *r, const char *comm)
{
	struct json_object *o = json_event(w, EVENT_REFUSE);

	json_num(o, "pid", r->pid);
	json_comm(o, comm);
	json_str(o, "reason", r->reason);
	json_num(o, "asked", r->asked);
	json_num(o, "spare", r->spare);
	json_num(o, "cpu", r->cpu);
	json_print_line(o);
}

static void refusal_text(const struct watch *w, const struct refusal_seen *r, const char *comm)
{
	printf("%s %-8s process %d (%s): %s", w->now, event_name(EVENT_REFUSE), (int)r->pid,
	       table_comm(comm).s, r->reason);
	if (!strcmp(r->reason, "no_room"))
		printf(", %s asked, %s the most there is, on CPU %d", fmt_bw(r->asked).s,
		       fmt_bw(r->spare).s, r->cpu);
	putchar('\n');
	fflush(stdout);
}

static void tell_refusals(struct watch *w)
{
	struct refusal_seen r;
	struct task_info task;

	while (refusals_next(&r)) {
		task_read(r.pid, &task);
		w->told++;
		if (w->json)
			refusal_json(w, &r, task.comm);
		else
			refusal_text(w, &r, task.comm);
	}
}

static void pause_watch(const struct watch *w)
{
	struct timespec ts = { w->delay / 1000000000, w->delay % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

/* Also what happened until it was stopped; 0, or the errno that ended it.  Frees @last */
static int loop(struct watch *w, struct vbs_snapshot *last)
{
	struct vbs_snapshot *now;
	uint64_t n;
	int err = 0;

	for (n = 0; !stopped && !err && (!w->count || n < w->count); n++) {
		pause_watch(w);
		now = vbs_snapshot_read();
		if (!now) {
			err = errno;
			break;
		}
		set_now(w);
		events_between(last, now, w->threshold, tell, w);
		tell_refusals(w);
		vbs_snapshot_free(last);
		last = now;
	}
	vbs_snapshot_free(last);
	return err;
}

static int watch(struct watch *w)
{
	bool refusals = !w->only || w->wanted[EVENT_REFUSE];
	struct vbs_snapshot *first = vbs_snapshot_read();
	int err;

	if (!first)
		return vbs_snapshot_error(errno);
	stop_on_signals();
	if (refusals && !refusals_begin())
		failure(VC_OK, "refusals are not seen: the tracer in /sys/kernel/tracing cannot be used: %s",
			strerror(errno));
	err = loop(w, first);
	refusals_end();
	return err ? vbs_snapshot_error(err) : VC_OK;
}

static const char *take_event(const char *item, void *out)
{
	enum event_kind kind = event_by_name(item);

	*(enum event_kind *)out = kind;
	return kind == EVENTS ? "an event is one of begin, end, miss, throttle, skip, fair, switch, worst and refuse" : NULL;
}

static const char *take_events(struct watch *w)
{
	enum event_kind kinds[EVENTS];
	const char *why;
	int i, n;

	why = parse_list(optarg, kinds, sizeof(kinds[0]), EVENTS, take_event, &n);
	for (i = 0; !why && i < n; i++)
		w->wanted[kinds[i]] = true;
	w->only = true;
	return why;
}

static const char *take_delay(struct watch *w)
{
	const char *why = parse_time(optarg, &w->delay);

	return !why && w->delay < 10000000 ? "less than 10ms is no use" : why;
}

static const char *take_count(struct watch *w)
{
	const char *why = parse_count(optarg, &w->count);

	return !why && !w->count ? "it must be 1 or more; without it, watch goes on until it is stopped" : why;
}

static const char *take_value(int c, struct watch *w)
{
	switch (c) {
	case 'd':
		return take_delay(w);
	case 'n':
		return take_count(w);
	case 'o':
		return parse_time(optarg, &w->threshold);
	default:
		return take_events(w);
	}
}

static int watch_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "iterations", required_argument, NULL, 'n' },
		{ "events", required_argument, NULL, 'e' },
		{ "overrun", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct watch w = { .delay = 1000000000, .threshold = THRESHOLD };
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "d:n:e:o:jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		w.json |= c == 'j';
		why = optarg ? take_value(c, &w) : NULL;
		if (why)
			return option_value_error(cmd, options, c, why);
	}
	if (optind < argc)
		return usage_error(cmd, "'%s': watch takes no operands", argv[optind]);
	return watch(&w);
}

const struct command cmd_watch = {
	.name = "watch",
	.summary = "print a line for each miss, refusal and the like",
	.help =
	"Usage: vbsctl watch [OPTION]...\n\n"
	"  -d, --delay TIME     between looks (1s)\n"
	"  -n, --iterations N   end after N looks\n"
	"  -e, --events LIST    only these: begin and end of servers, miss, throttle (ends of a\n"
	"                       budget), skip, fair, switch, worst, refuse\n"
	"  -o, --overrun TIME   a new longest execution beyond a budget is an event (worst)\n"
	"                       if it is that long (100us)\n"
	"  -j, --json           one JSON object per line\n\n"
	"Refusals are seen by who may use the tracer (root), between two looks.\n\n"
	"  vbsctl watch -e miss,refuse\n"
	"  vbsctl watch --json | systemd-cat -t vbs\n",
	.run = watch_main,
};
