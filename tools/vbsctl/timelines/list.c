// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline list. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "options.h"
#include "timelines/describe.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

static void print_row(const struct timeline_get *get)
{
	struct timeline_time tt;

	timeline_now(get, &tt);
	printf("%3u %5u %-20s %-9s %-13s %8llu %-31s %s\n", get->set.id,
	       CLOCK_TIMELINE(get->set.id), get->name, timeline_type(get->time_type),
	       timeline_status(tt.status), get->updates,
	       get->updates ? fmt_instant(tt.sec, tt.nsec, get->time_type).s : "-",
	       fmt_bound(tt.err_low_ns, tt.err_high_ns).s);
}

static void list_row(const struct timeline_get *get, void *arg)
{
	bool *first = arg;

	if (*first)
		printf("%3s %5s %-20s %-9s %-13s %8s %-31s %s\n", "ID", "CLOCK", "NAME", "TYPE",
		       "STATUS", "UPDATES", "TIME", "BOUND");
	*first = false;
	print_row(get);
}

static void list_object(const struct timeline_get *get, void *arg)
{
	json_object_array_add(arg, json_timeline(get));
}

static int list(bool json)
{
	struct json_object *array = json_object_new_array();
	bool first = true;
	int code, fd = timeline_open(&code);

	if (fd < 0) {
		json_object_put(array);
		return code;
	}
	code = json ? each_timeline(fd, list_object, array) : each_timeline(fd, list_row, &first);
	close(fd);
	if (json && !code) {
		json_print(json_list("timelines", array));
		return VC_OK;
	}
	json_object_put(array);
	if (!code && first)
		puts("There is no timeline.");
	return code;
}

static int list_main(const struct command *cmd, int argc, char **argv)
{
	bool json;
	int code;

	if (!option_json_only(cmd, argc, argv, &json, &code))
		return code;
	if (optind < argc)
		return usage_error(cmd, "'%s': list takes no operands", argv[optind]);
	return list(json);
}

const struct command timeline_list = {
	.name = "timeline list",
	.summary = "show all timelines",
	.help =
	"Usage: vbsctl timeline list [OPTION]...\n\n"
	"  -j, --json           all of it as JSON\n\n"
	"  vbsctl timeline list\n",
	.run = list_main,
};
