// SPDX-License-Identifier: GPL-2.0
/* vbsctl top: the servers, again and again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "parse.h"
#include "top.h"
#include "vbsctl.h"

struct top_options {
	uint64_t delay;		/* ns */
	uint64_t count;		/* views to show, 0: until stopped */
	char sort;
	bool batch, json;
};

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static void stop_on_signals(void)
{
	struct sigaction act = { .sa_handler = stop };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
}

static void print_view(const struct top_view *view)
{
	char line[512];
	int n;

	for (n = 0; top_line(view, n, line, sizeof(line)); n++)
		puts(line);
	fflush(stdout);
}

static void show(const struct top_options *opt, const struct top_view *view)
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

/* A key takes effect with the next view, which it brings at once */
static void pause_screen(struct top_options *opt)
{
	int c = screen_key(opt->delay / 1000000);

	if (c == 'q')
		stopped = 1;
	else if (is_sort_key(c))
		opt->sort = c;
}

static void pause_top(struct top_options *opt)
{
	struct timespec ts = { opt->delay / 1000000000, opt->delay % 1000000000 };

	if (opt->batch)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	else
		pause_screen(opt);
}

static bool show_next(struct top_options *opt, const struct vbs_snapshot *before,
		      const struct vbs_snapshot *after)
{
	struct top_view view = { .sort = opt->sort };

	if (!top_build(&view, before, after))
		return false;
	show(opt, &view);
	top_free(&view);
	return true;
}

/* 0, or the errno that ended it */
static int loop(struct top_options *opt)
{
	struct vbs_snapshot *before = NULL, *after;
	uint64_t n;
	int err = 0;

	for (n = 0; !stopped && (!opt->count || n < opt->count); n++) {
		if (n)
			pause_top(opt);
		after = stopped ? NULL : vbs_snapshot_read();
		if (!after) {
			err = stopped ? 0 : errno;
			break;
		}
		if (!show_next(opt, before, after))
			stopped = 1;
		vbs_snapshot_free(before);
		before = after;
	}
	vbs_snapshot_free(before);
	return err;
}

static int top(struct top_options *opt)
{
	struct vbs_snapshot *probe = vbs_snapshot_read();
	int err;

	if (!probe)
		return vbs_snapshot_error(errno);
	vbs_snapshot_free(probe);
	stop_on_signals();
	if (!opt->batch && !screen_start())
		return failure(VC_FAIL, "this terminal is not known to ncurses; 'vbsctl top -b' needs none");
	err = loop(opt);
	if (!opt->batch)
		screen_stop();
	return err ? vbs_snapshot_error(err) : VC_OK;
}

static int take_delay(const struct command *cmd, struct top_options *opt)
{
	const char *why = parse_time(optarg, &opt->delay);

	if (!why && opt->delay < 10000000)
		why = "less than 10ms is no use";
	return why ? usage_error(cmd, "--delay '%s': %s", optarg, why) : 0;
}

static int take_count(const struct command *cmd, struct top_options *opt)
{
	const char *why = parse_count(optarg, &opt->count);

	return why ? usage_error(cmd, "--iterations '%s': %s", optarg, why) : 0;
}

static int take_sort(const struct command *cmd, struct top_options *opt)
{
	opt->sort = top_sort_by_name(optarg);
	return opt->sort ? 0 : usage_error(cmd, "--sort '%s': it is none of used, cap, cpu, id, misses, overruns, switch and release", optarg);
}

static int take_option(const struct command *cmd, int c, struct top_options *opt)
{
	switch (c) {
	case 'd':
		return take_delay(cmd, opt);
	case 'n':
		return take_count(cmd, opt);
	case 's':
		return take_sort(cmd, opt);
	case 'j':
		opt->json = true;
		opt->batch = true;
		return 0;
	case 'b':
		opt->batch = true;
		return 0;
	default:
		return usage_error(cmd, "wrong option");
	}
}

static int top_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "iterations", required_argument, NULL, 'n' },
		{ "sort", required_argument, NULL, 's' },
		{ "batch", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct top_options opt = { .delay = 1000000000, .sort = 'u' };
	int c, ret;

	while ((c = getopt_long(argc, argv, "d:n:s:bjh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		ret = take_option(cmd, c, &opt);
		if (ret)
			return ret;
	}
	if (optind < argc)
		return usage_error(cmd, "'%s': top takes no operands", argv[optind]);
	return top(&opt);
}

const struct command cmd_top = {
	.name = "top",
	.summary = "watch what the servers use of what they have",
	.help =
	"Usage: vbsctl top [OPTION]...\n\n"
	"  -d, --delay TIME     time between views (1s)\n"
	"  -n, --iterations N   end after N views; the first shows no usage yet\n"
	"  -s, --sort KEY       used, cap, cpu, id, misses, overruns, switch, release\n"
	"  -b, --batch          lines of text, no terminal needed\n"
	"  -j, --json           one JSON object per line and view; implies --batch\n\n"
	"USED% is what the server executed in the interval, RES% its budget/period, CAP%\n"
	"its cap; +MISSES and +OVERRUN are new since the last view, SWITCH and RELEASE\n"
	"the worst latencies ever.  Keys: q quits; u c p i m o s r sort.\n\n"
	"  vbsctl top -d 500ms\n"
	"  vbsctl top -b -n 10 -s misses\n",
	.run = top_main,
};
