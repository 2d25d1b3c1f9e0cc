// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline show. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "options.h"
#include "timelines/describe.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

static void show_rates(const struct timeline_get *get)
{
	const struct timeline_set *set = &get->set;
	double period = ldexp(set->counter_period_frac_sec, -64 - (int)set->counter_period_shift);

	printf("counter   %s at nominal %llu Hz", timeline_counter(set->counter_id),
	       get->counter_hz);
	if (set->counter_period_frac_sec)
		printf(", in truth %.3f Hz", 1 / period);
	printf("\nfrequency %+.4f ppm of nominal\n", timeline_offset_ppm(get));
	printf("skew      %.4f ppm: the bound grows by so many us a second without updates\n",
	       timeline_growth_ppm(set));
}

static void show_slew(const struct timeline_get *get, const struct timeline_time *tt)
{
	const struct timeline_set *set = &get->set;
	int64_t left = get->slew_end - tt->counter;

	if (!get->slew_rate || left <= 0)
		return;
	left = timeline_diff_ns(set->counter_period_frac_sec, set->counter_period_shift, 0, left);
	printf("slew      %s by %s, for %s\n", get->slew_rate < 0 ? "forward" : "back",
	       fmt_short(timeline_slewing(get, tt)).s, fmt_short(left).s);
}

/* Who keeps it, on what, and why that is believed */
static void show_tracking(const struct timeline_get *get)
{
	struct tracking t;

	if (!timeline_tracked(get, &t)) {
		puts("keeper    not known: no 'vbsctl timeline sync' has left word");
		return;
	}
	if (tracking_runs(&t))
		printf("keeper    vbsctl timeline sync, pid %d\n", t.pid);
	else
		printf("keeper    none: pid %d has ended without a word\n", t.pid);
	printf("reference %s", t.from);
	if (t.keeper_pid)
		printf(", kept by %s (pid %d)", t.keeper, t.keeper_pid);
	putchar('\n');
	if (t.bounded)
		printf("believed  to %s, by %s\n", fmt_short(t.reference_ns).s, t.why);
	else
		printf("believed  not: %s\n", t.why);
	if (t.has_offset)
		printf("offset    %s%s at the last update\n", t.offset_ns < 0 ? "-" : "+",
		       fmt_short(t.offset_ns < 0 ? -t.offset_ns : t.offset_ns).s);
	if (t.contradictions)
		printf("broken    its samples have contradicted each other %llu time%s, and it has stepped %llu\n",
		       (unsigned long long)t.contradictions, t.contradictions == 1 ? "" : "s",
		       (unsigned long long)t.steps);
}

static void show_text(const struct timeline_get *get)
{
	const struct timeline_set *set = &get->set;
	struct timeline_time tt;

	timeline_now(get, &tt);
	printf("%s: timeline %u, clock id %u, %s", get->name, set->id, CLOCK_TIMELINE(set->id),
	       timeline_type(get->time_type));
	if (get->flags & TIMELINE_STEP)
		printf(", steps");
	else
		printf(", continuous, slews by %g ppm", get->slew_ppb / 1e3);
	puts(get->flags & TIMELINE_GUEST ? ", for guests" : "");
	if (get->flags & TIMELINE_PHC)
		printf("PTP clock %s\n", timeline_phc(set->id, get->flags).s);
	printf("status    %s\n", timeline_status(tt.status));
	if (get->updates)
		printf("updates   %llu, the last %s ago\n", get->updates,
		       fmt_short(timeline_age(get, &tt)).s);
	else
		puts("updates   none");
	show_tracking(get);
	if (!get->updates)
		return;
	printf("time      %s\n", fmt_instant(tt.sec, tt.nsec, get->time_type).s);
	printf("bound     %s\n", fmt_bound(tt.err_low_ns, tt.err_high_ns).s);
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

static int show_main(const struct command *cmd, int argc, char **argv)
{
	bool json;
	int code;

	if (!option_json_only(cmd, argc, argv, &json, &code))
		return code;
	if (optind != argc - 1)
		return usage_error(cmd, "it takes one name");
	return show(argv[optind], json);
}

const struct command timeline_show = {
	.name = "timeline show",
	.summary = "show a timeline, who keeps it, and how good it is",
	.help =
	"Usage: vbsctl timeline show [OPTION]... NAME\n\n"
	"  -j, --json           all of it as JSON\n\n"
	"Its keeper with its pid, its reference and why that is believed, how old the last\n"
	"update is, how far it was off then, and the bound.\n\n"
	"  vbsctl timeline show lab\n"
	"  vbsctl timeline show lab --json | jq .reference\n",
	.run = show_main,
};
