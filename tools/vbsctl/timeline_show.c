// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline list, show. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "timeline.h"
#include "timeline_text.h"

static const char *counter_name(unsigned int id)
{
	return id == TIMELINE_COUNTER_X86_TSC ? "tsc" :
	       id == TIMELINE_COUNTER_RAW ? "monotonic-raw" : "unknown";
}

static void read_now(const struct timeline_get *get, struct timeline_time *tt)
{
	if (timeline_gettime(get->set.id, tt))
		*tt = (struct timeline_time){ .status = TIMELINE_STATUS_INITIALIZING,
					      .err_low_ns = TIMELINE_UNBOUNDED,
					      .err_high_ns = TIMELINE_UNBOUNDED };
}

static struct json_object *json_timeline(const struct timeline_get *get)
{
	const struct timeline_set *set = &get->set;
	struct json_object *o = json_object_new_object(), *now = json_object_new_object();
	struct timeline_time tt;

	read_now(get, &tt);
	json_str(o, "name", get->name);
	json_num(o, "id", set->id);
	json_num(o, "clock_id", CLOCK_TIMELINE(set->id));
	json_num(o, "generation", set->generation);
	json_str(o, "type", timeline_type(get->time_type));
	json_flag(o, "step", get->flags & TIMELINE_STEP);
	json_flag(o, "guest", get->flags & TIMELINE_GUEST);
	json_str(o, "counter", counter_name(set->counter_id));
	json_u64(o, "counter_hz", get->counter_hz);
	json_u64(o, "updates", get->updates);
	json_u64(o, "counter_value", set->counter_value);
	json_num(o, "period_shift", set->counter_period_shift);
	json_u64(o, "period_frac_sec", set->counter_period_frac_sec);
	json_decimal(o, "period_ppm", timeline_offset_ppm(get), 6);
	json_decimal(o, "growth_ppm", timeline_growth_ppm(set), 6);
	json_num(o, "tai_offset_sec", set->tai_offset_sec);
	json_flag(o, "tai_offset_valid", !!(set->vmclock_flags & TIMELINE_VF_TAI_OFFSET_VALID));
	json_num(o, "leap_indicator", set->leap_indicator);
	json_reading(now, &tt);
	json_object_object_add(o, "now", now);
	return o;
}

static void print_row(const struct timeline_get *get)
{
	struct timeline_time tt;

	read_now(get, &tt);
	printf("%3u %5u %-20s %-9s %-13s %8llu %-31s %s\n", get->set.id,
	       CLOCK_TIMELINE(get->set.id), get->name, timeline_type(get->time_type),
	       timeline_status(tt.status), get->updates,
	       get->updates ? fmt_instant(tt.sec, tt.nsec, get->time_type).s : "-",
	       fmt_bound(tt.err_low_ns, tt.err_high_ns).s);
}

/* Ids may vanish in between: what is gone is left out */
static int each_timeline(int fd, void (*call)(const struct timeline_get *, void *), void *arg)
{
	struct timeline_get get;
	unsigned int id;
	int err, n = 0;

	for (id = 0; id < TIMELINE_IDS; id++) {
		memset(&get, 0, sizeof(get));
		get.set.id = id;
		err = timeline_ioctl(fd, TIMELINE_GET, &get);
		if (err)
			continue;
		call(&get, arg);
		n++;
	}
	return n;
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
	if (json) {
		each_timeline(fd, list_object, array);
		json_print(json_list("timelines", array));
	} else {
		json_object_put(array);
		if (!each_timeline(fd, list_row, &first))
			puts("There is no timeline.");
	}
	close(fd);
	return VC_OK;
}

static void show_rates(const struct timeline_get *get)
{
	const struct timeline_set *set = &get->set;
	double period = ldexp(set->counter_period_frac_sec, -64 - (int)set->counter_period_shift);

	printf("counter   %s at nominal %llu Hz", counter_name(set->counter_id),
	       get->counter_hz);
	if (set->counter_period_frac_sec)
		printf(", in truth %.3f Hz (period %+.4f ppm)", 1 / period,
		       timeline_offset_ppm(get));
	printf("\nbound     grows by %.4f us per s without updates\n", timeline_growth_ppm(set));
}

static void show_slew(const struct timeline_get *get, const struct timeline_time *tt)
{
	const struct timeline_set *set = &get->set;
	int64_t left = get->slew_end - tt->counter, ns;

	if (!get->slew_rate || left <= 0)
		return;
	ns = timeline_diff_ns(set->counter_period_frac_sec, set->counter_period_shift, 0, left);
	printf("slew      %s, %s to go\n", get->slew_rate < 0 ? "forward" : "back",
	       fmt_short(ns).s);
}

static void show_text(const struct timeline_get *get)
{
	const struct timeline_set *set = &get->set;
	struct timeline_time tt;

	read_now(get, &tt);
	printf("%s: timeline %u, clock id %u, %s%s%s\n", get->name, set->id,
	       CLOCK_TIMELINE(set->id), timeline_type(get->time_type),
	       get->flags & TIMELINE_STEP ? ", steps" : ", continuous",
	       get->flags & TIMELINE_GUEST ? ", for guests" : "");
	printf("status    %s, %llu update%s\n", timeline_status(tt.status), get->updates,
	       get->updates == 1 ? "" : "s");
	if (!get->updates)
		return;
	printf("time      %s %s\n", fmt_instant(tt.sec, tt.nsec, get->time_type).s,
	       fmt_bound(tt.err_low_ns, tt.err_high_ns).s);
	show_rates(get);
	show_slew(get, &tt);
	if (set->vmclock_flags & TIMELINE_VF_TAI_OFFSET_VALID)
		printf("TAI-UTC   %d s\n", set->tai_offset_sec);
	if (set->leap_indicator)
		printf("leap      %s\n", timeline_leap(set->leap_indicator));
}

static int show(const char *name, bool json)
{
	struct timeline_get get;
	struct json_object *o;
	int code, fd = timeline_open(&code);

	if (fd < 0)
		return code;
	code = timeline_get_named(fd, name, &get);
	close(fd);
	if (code)
		return code;
	if (json) {
		o = json_timeline(&get);
		json_num(o, "format", JSON_FORMAT);
		json_print(o);
	} else {
		show_text(&get);
	}
	return VC_OK;
}

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static int list_main(const struct command *cmd, int argc, char **argv)
{
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		json = true;
	}
	if (optind < argc)
		return usage_error(cmd, "'%s': list takes no operands", argv[optind]);
	return list(json);
}

static int show_main(const struct command *cmd, int argc, char **argv)
{
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		json = true;
	}
	if (optind != argc - 1)
		return usage_error(cmd, "it takes one name");
	return show(argv[optind], json);
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

const struct command timeline_show = {
	.name = "timeline show",
	.summary = "show the parameters of a timeline",
	.help =
	"Usage: vbsctl timeline show [OPTION]... NAME\n\n"
	"  -j, --json           all of it as JSON\n\n"
	"  vbsctl timeline show lab\n"
	"  vbsctl timeline show lab --json | jq .growth_ppm\n",
	.run = show_main,
};
