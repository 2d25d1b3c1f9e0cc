// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline sources: the servers from which a timeline is kept. */
#include <stdio.h>

#include "options.h"
#include "timeline/tracking.h"
#include "timelines/net_word.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

static void print_text(const struct net_word *w, int n)
{
	int i;

	printf("%-24s %-18s %-7s %5s %8s %8s %8s %-20s %8s\n", "SERVER", "ADDRESS", "STATE", "REACH",
	       "POLL", "WAY", "STATED", "BOUND ALONE", "ANSWERS");
	for (i = 0; i < n; i++) {
		printf("%-24s %-18s %-7s %5o %8s %8s %8s %-20s %8llu", w[i].name, w[i].address,
		       w[i].state, w[i].reach, fmt_short(w[i].poll_ns).s,
		       w[i].taken ? fmt_short(w[i].way_ns).s : "-",
		       w[i].taken ? fmt_short(w[i].stated_ns).s : "-",
		       w[i].taken ? fmt_bound(w[i].low_ns, w[i].high_ns).s : "none",
		       (unsigned long long)w[i].taken);
		if (w[i].refused)
			printf("  %llu refused: %s", (unsigned long long)w[i].refused, w[i].why);
		putchar('\n');
	}
}

static struct json_object *json_server(const struct net_word *w)
{
	struct json_object *o = json_object_new_object();

	json_str(o, "server", w->name);
	json_str(o, "address", w->address);
	json_str(o, "state", w->state);
	json_num(o, "reach", w->reach);
	json_u64(o, "poll_ns", w->poll_ns);
	json_u64(o, "answers", w->taken);
	json_u64(o, "refused", w->refused);
	if (w->refused)
		json_str(o, "refused_mostly", w->why);
	if (w->taken) {
		json_u64(o, "way_ns", w->way_ns);
		json_u64(o, "stated_ns", w->stated_ns);
		json_u64(o, "err_low_ns", w->low_ns);
		json_u64(o, "err_high_ns", w->high_ns);
	}
	return o;
}

static void print_json(const struct net_word *w, int n)
{
	struct json_object *list = json_object_new_array(), *o = json_list("servers", list);
	int i;

	for (i = 0; i < n; i++)
		json_object_array_add(list, json_server(&w[i]));
	json_print(o);
}

static int sources(const char *name, bool json)
{
	struct net_word word[TS_SERVERS];
	struct tracking t;
	int n = net_word_read(name, word);

	/* It may have been left behind */
	if (n < 0 || tracking_read(name, &t) || !tracking_runs(&t))
		return failure(VC_FAIL, "'%s' is kept from no servers now", name);
	if (json)
		print_json(word, n);
	else
		print_text(word, n);
	return VC_OK;
}

static int sources_main(const struct command *cmd, int argc, char **argv)
{
	bool json;
	int code;

	if (!option_json_only(cmd, argc, argv, &json, &code))
		return code;
	if (optind != argc - 1)
		return usage_error(cmd, "it takes one name");
	return sources(argv[optind], json);
}

const struct command timeline_sources = {
	.name = "timeline sources",
	.summary = "show the servers from which a timeline is kept",
	.help =
	"Usage: vbsctl timeline sources [OPTION]... NAME\n\n"
	"  -j, --json           the same as JSON\n\n"
	"For each server of 'vbsctl timeline sync NAME --from ntp:': whether it is within what\n"
	"the others leave (true), was outside for the last answer (outside) or the last three\n"
	"(false), has not answered its last eight requests (silent) or wants no requests for now (ended); which of the\n"
	"last eight requests it answered, in octal; how long the way there and back is, what\n"
	"it states of its own clock, and what bound it gives alone.\n\n"
	"  vbsctl timeline sources lab\n",
	.run = sources_main,
};
