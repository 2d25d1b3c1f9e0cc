// SPDX-License-Identifier: GPL-2.0
/* vbsctl top: the servers, again and again. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"
#include "commands.h"
#include "options.h"
#include "show/snapshot.h"
#include "show/top.h"
#include "until_stopped.h"
#include "vbs/attr.h"

#define THRESHOLD	100000		/* ns; --overrun */

struct top_options {
	uint64_t delay;		/* ns */
	uint64_t count;		/* views to show, 0: until stopped */
	bool batch, json;
	struct top_filter filter;
};

static void print_view(const struct top_view *view)
{
	char line[512];
	int n;

	for (n = 0; top_line(view, n, line, sizeof(line)); n++)
		puts(line);
	fflush(stdout);
}

static void show(const struct top_options *opt, struct top_view *view)
{
	if (opt->json)
		top_json(view);
	else if (opt->batch)
		print_view(view);
	else
		screen_show(view);
}

static bool is_sort_key(int c)
{
	const struct top_key *k;

	for (k = top_sort_keys; k->key; k++) {
		if (k->key == c)
			return true;
	}
	return false;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Sorting and paging show the same reading again; false when the next one is due */
static bool obey(struct top_view *view, int key)
{
	if (key == SCREEN_QUIT)
		stopped = 1;
	if (key == SCREEN_QUIT || key == SCREEN_NEXT)
		return false;
	if (is_sort_key(key)) {
		view->sort = key;
		top_sort(view);
	}
	screen_scroll(view, key);
	if (key != SCREEN_NONE)
		screen_show(view);
	return true;
}

static void pause_screen(const struct top_options *opt, struct top_view *view)
{
	uint64_t end = now() + opt->delay, at;

	for (at = now(); !stopped && at < end; at = now()) {
		if (!obey(view, screen_key((end - at + 999999) / 1000000)))
			break;
	}
}

static void pause_top(const struct top_options *opt, struct top_view *view)
{
	struct timespec ts = { opt->delay / 1000000000, opt->delay % 1000000000 };

	if (opt->batch)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	else
		pause_screen(opt, view);
}

/* One reading more; 0, or the errno that ended it */
static int show_next(const struct top_options *opt, struct top_view *view,
		     struct top_history *history, struct vbs_snapshot **before)
{
	struct vbs_snapshot *after = vbs_snapshot_read();

	if (!after)
		return errno;
	top_free(view);
	if (!top_build(view, *before, after)) {
		vbs_snapshot_free(after);
		return ENOMEM;
	}
	top_remember(history, view);
	show(opt, view);
	vbs_snapshot_free(*before);
	*before = after;
	return 0;
}

static int loop(const struct top_options *opt, struct top_view *view)
{
	struct top_history history = { 0 };
	struct vbs_snapshot *last = NULL;
	uint64_t n;
	int err = 0;

	for (n = 0; !stopped && !err && (!opt->count || n < opt->count); n++) {
		if (n)
			pause_top(opt, view);
		if (!stopped)
			err = show_next(opt, view, &history, &last);
	}
	top_free(view);
	top_forget(&history);
	vbs_snapshot_free(last);
	return err;
}

static int top(struct top_options *opt, struct top_view *view)
{
	struct vbs_snapshot *probe = vbs_snapshot_read();
	int err;

	if (!probe)
		return vbs_snapshot_error(errno);
	vbs_snapshot_free(probe);
	stop_on_signals();
	if (!opt->batch && !screen_start(&view->utf8))
		return failure(VC_FAIL, "this terminal is not known to ncurses; 'vbsctl top -b' needs none");
	err = loop(opt, view);
	if (!opt->batch)
		screen_stop();
	return err ? vbs_snapshot_error(err) : VC_OK;
}

static const char *take_delay(struct top_options *opt)
{
	const char *why = parse_time(optarg, &opt->delay);

	return !why && opt->delay < 10000000 ? "less than 10ms is no use" : why;
}

static const char *take_count(struct top_options *opt)
{
	const char *why = parse_count(optarg, &opt->count);

	return !why && !opt->count ? "it must be 1 or more; without it, top goes on until it is stopped" : why;
}

static const char *take_sort(struct top_view *view)
{
	view->sort = top_sort_by_name(optarg);
	return view->sort ? NULL : "it is none of used, cap, cpu, id, misses, overruns, switch and release";
}

static const char *take_user(struct top_filter *filter)
{
	struct passwd *pw = getpwnam(optarg);
	uint64_t uid;

	filter->by_owner = true;
	if (pw)
		filter->owner = pw->pw_uid;
	else if (parse_count(optarg, &uid) || uid > UINT32_MAX)
		return "there is no such user";
	else
		filter->owner = uid;
	return NULL;
}

/* The server that it is a member of is known by its leader */
static const char *take_pid(struct top_filter *filter)
{
	const char *why = parse_pid(optarg, &filter->leader);
	struct vbs_sched_attr attr;

	filter->by_leader = true;
	if (!why && !vbs_getattr(filter->leader, &attr) && attr.sched_policy == SCHED_VBS)
		filter->leader = attr.sched_vbs_leader;
	return why;
}

static const char *take_cpus(struct top_filter *filter)
{
	filter->by_cpu = true;
	return parse_cpus(optarg, &filter->cpus);
}

/* The name of an option with a value, and why the value is not taken */
static const char *take_value(int c, struct top_options *opt, struct top_view *view,
			      const char **why)
{
	switch (c) {
	case 'd':
		*why = take_delay(opt);
		return "--delay";
	case 'n':
		*why = take_count(opt);
		return "--iterations";
	case 's':
		*why = take_sort(view);
		return "--sort";
	case 'c':
		*why = take_cpus(&opt->filter);
		return "--cpu";
	case 'p':
		*why = take_pid(&opt->filter);
		return "--pid";
	case 'u':
		*why = take_user(&opt->filter);
		return "--user";
	case 'o':
		*why = parse_time(optarg, &view->threshold);
		return "--overrun";
	default:
		return NULL;
	}
}

static int take_option(const struct command *cmd, int c, struct top_options *opt,
		       struct top_view *view)
{
	const char *why = NULL, *name = take_value(c, opt, view, &why);

	if (why)
		return usage_error(cmd, "%s '%s': %s", name, optarg, why);
	if (!name && c != 'j' && c != 'b')
		return option_error(cmd);
	opt->json |= c == 'j';
	opt->batch |= !name;
	return 0;
}

static int top_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "iterations", required_argument, NULL, 'n' },
		{ "sort", required_argument, NULL, 's' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "pid", required_argument, NULL, 'p' },
		{ "user", required_argument, NULL, 'u' },
		{ "overrun", required_argument, NULL, 'o' },
		{ "batch", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct top_options opt = { .delay = 1000000000, .batch = !isatty(STDOUT_FILENO) };
	struct top_view view = { .sort = 'u', .threshold = THRESHOLD, .filter = &opt.filter };
	int c, ret;

	while ((c = getopt_long(argc, argv, "d:n:s:c:p:u:o:bjh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		ret = take_option(cmd, c, &opt, &view);
		if (ret)
			return ret;
	}
	if (optind < argc)
		return usage_error(cmd, "'%s': top takes no operands", argv[optind]);
	return top(&opt, &view);
}

const struct command cmd_top = {
	.name = "top",
	.summary = "watch what the servers use of what they have",
	.help =
	"Usage: vbsctl top [OPTION]...\n\n"
	"  -d, --delay TIME     time between views (1s)\n"
	"  -n, --iterations N   end after N views; the first shows no usage yet\n"
	"  -s, --sort KEY       used, cap, cpu, id, misses, overruns, switch, release\n"
	"  -c, --cpu LIST       only servers on these CPUs\n"
	"  -p, --pid PID        only the server of that process or thread\n"
	"  -u, --user NAME      only servers of that user\n"
	"  -o, --overrun TIME   count servers that overran by more (100us)\n"
	"  -b, --batch          lines of text; so it is where the output is no terminal\n"
	"  -j, --json           one JSON object per line and view; implies --batch\n\n"
	"USED% is what the server executed in the interval, CAP% its cap, USE/CAP how much\n"
	"of the cap it used in the last 8 intervals; +MISS is new since the last view,\n"
	"OVERRUN the worst ever beyond a budget.  More than 4 CPUs have a bar each: booked\n"
	"of capacity.  Keys: q quits; u c p i m o s r sort; arrows, PgUp, PgDn, Home, End\n"
	"move; space brings the next view.\n\n"
	"  vbsctl top -d 500ms --user robot\n"
	"  vbsctl top -b -n 10 -s misses\n",
	.run = top_main,
};
