// SPDX-License-Identifier: GPL-2.0
/*
 * vbsctl timeline metrics: all timelines for Prometheus and the like, as OpenMetrics 1.0.
 * There a family of infos, of counters and of states has samples NAME_info, NAME_total
 * and with a label NAME.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "options.h"
#include "timelines/describe.h"
#include "timelines/text.h"
#include "timelines/timelines.h"

/* A timeline as it was found; all metrics are of the same instant */
struct sample {
	struct timeline_get get;
	struct timeline_time now;
	struct tracking tracking;
	bool tracked, runs;
};

struct samples {
	struct sample sample[TIMELINE_IDS];
	int n;
};

static void take(const struct timeline_get *get, void *arg)
{
	struct samples *all = arg;
	struct sample *s = &all->sample[all->n++];

	s->get = *get;
	timeline_now(get, &s->now);
	s->tracked = timeline_tracked(get, &s->tracking);
	s->runs = s->tracked && tracking_runs(&s->tracking);
}

/* In a value of a label a backslash, a quote and a line feed are special */
static void print_escaped(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			putchar('\\');
		putchar(*text);
	}
}

static void label(const char *name, const char *value)
{
	printf("%s=\"", name);
	print_escaped(value);
	putchar('"');
}

static void begin(const char *metric, const struct sample *s)
{
	printf("vbs_timeline_%s{", metric);
	label("timeline", s->get.name);
}

static void family(const char *name, const char *type, const char *unit, const char *help)
{
	printf("# TYPE %s %s\n", name, type);
	if (unit)
		printf("# UNIT %s %s\n", name, unit);
	printf("# HELP %s %s\n", name, help);
}

static void seconds(const char *metric, const struct sample *s, uint64_t ns)
{
	begin(metric, s);
	if (ns == TIMELINE_UNBOUNDED)
		puts("} +Inf");
	else
		printf("} %llu.%09llu\n", (unsigned long long)ns / 1000000000,
		       (unsigned long long)ns % 1000000000);
}

static void print_info(const struct sample *s)
{
	begin("info", s);
	printf(",id=\"%u\",clock_id=\"%u\",", s->get.set.id, CLOCK_TIMELINE(s->get.set.id));
	label("type", timeline_type(s->get.time_type));
	putchar(',');
	label("counter", timeline_counter(s->get.set.counter_id));
	puts("} 1");
}

static void print_reference(const struct sample *s)
{
	if (!s->tracked)
		return;
	begin("reference_info", s);
	putchar(',');
	label("reference", s->tracking.from);
	putchar(',');
	label("keeper", s->tracking.keeper);
	putchar(',');
	label("why", s->tracking.why);
	puts("} 1");
}

/* A set of states: exactly one is 1 */
static void print_status(const struct sample *s)
{
	unsigned int i;

	for (i = TIMELINE_STATUS_INITIALIZING; i <= TIMELINE_STATUS_UNRELIABLE; i++) {
		begin("status", s);
		putchar(',');
		label("vbs_timeline_status", timeline_status(i));
		printf("} %d\n", s->now.status == i);
	}
}

static void print_error_low(const struct sample *s)
{
	seconds("error_low_seconds", s, s->now.err_low_ns);
}

static void print_error_high(const struct sample *s)
{
	seconds("error_high_seconds", s, s->now.err_high_ns);
}

static void print_skew(const struct sample *s)
{
	begin("skew_ratio", s);
	printf("} %.12f\n", timeline_growth_ppm(&s->get.set) / 1e6);
}

static void print_frequency(const struct sample *s)
{
	begin("frequency_offset_ratio", s);
	printf("} %.12f\n", timeline_offset_ppm(&s->get) / 1e6);
}

static void print_updates(const struct sample *s)
{
	begin("updates_total", s);
	printf("} %llu\n", s->get.updates);
}

static void print_age(const struct sample *s)
{
	if (s->get.updates)
		seconds("age_seconds", s, timeline_age(&s->get, &s->now));
}

static void print_slew(const struct sample *s)
{
	seconds("slew_seconds", s, timeline_slewing(&s->get, &s->now));
}

static void print_keeper(const struct sample *s)
{
	begin("keeper_up", s);
	printf("} %d\n", s->runs);
}

static void print_reference_error(const struct sample *s)
{
	if (s->tracked)
		seconds("reference_error_seconds", s, s->tracking.bounded ?
			s->tracking.reference_ns : TIMELINE_UNBOUNDED);
}

static void print_offset(const struct sample *s)
{
	int64_t ns = s->tracking.offset_ns;

	if (!s->tracked || !s->tracking.has_offset)
		return;
	begin("offset_seconds", s);
	printf("} %s%llu.%09llu\n", ns < 0 ? "-" : "", llabs(ns) / 1000000000ULL,
	       llabs(ns) % 1000000000ULL);
}

static const struct {
	const char *name, *type, *unit, *help;
	void (*print)(const struct sample *s);
} families[] = {
	{ "vbs_timeline", "info", NULL, "What it is.", print_info },
	{ "vbs_timeline_status", "stateset", NULL, "What it says of itself.", print_status },
	{ "vbs_timeline_error_low_seconds", "gauge", "seconds",
	  "The truth is not before the time by more.", print_error_low },
	{ "vbs_timeline_error_high_seconds", "gauge", "seconds",
	  "The truth is not after the time by more.", print_error_high },
	{ "vbs_timeline_skew_ratio", "gauge", "ratio",
	  "How fast both grow without updates.", print_skew },
	{ "vbs_timeline_frequency_offset_ratio", "gauge", "ratio",
	  "How far the counter's period is off nominal.", print_frequency },
	{ "vbs_timeline_slew_seconds", "gauge", "seconds", "What is left to slew.", print_slew },
	{ "vbs_timeline_updates", "counter", NULL, "How often it was set.", print_updates },
	{ "vbs_timeline_age_seconds", "gauge", "seconds", "Since it was set last.", print_age },
	{ "vbs_timeline_keeper_up", "gauge", NULL,
	  "Whether a vbsctl timeline sync keeps it.", print_keeper },
	{ "vbs_timeline_reference", "info", NULL,
	  "What it is kept on, and why that is believed or not.", print_reference },
	{ "vbs_timeline_reference_error_seconds", "gauge", "seconds",
	  "What its reference is believed to.", print_reference_error },
	{ "vbs_timeline_offset_seconds", "gauge", "seconds",
	  "How far it was ahead of its reference at the last update.", print_offset },
};

static int metrics(void)
{
	struct samples all = { .n = 0 };
	int code, fd = timeline_open(&code), n;
	size_t i;

	if (fd < 0)
		return code;
	code = each_timeline(fd, take, &all);
	close(fd);
	if (code)
		return code;
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		family(families[i].name, families[i].type, families[i].unit, families[i].help);
		for (n = 0; n < all.n; n++)
			families[i].print(&all.sample[n]);
	}
	puts("# EOF");
	return VC_OK;
}

static int metrics_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		return c == 'h' ? print_help(cmd) : option_error(cmd);
	if (optind < argc)
		return usage_error(cmd, "'%s': metrics takes no operands", argv[optind]);
	return metrics();
}

const struct command timeline_metrics = {
	.name = "timeline metrics",
	.summary = "show all timelines as OpenMetrics",
	.help =
	"Usage: vbsctl timeline metrics\n\n"
	"For the textfile collector of Prometheus' node_exporter, or behind any server: status,\n"
	"bound, age, skew, keeper, reference and offset of each timeline.\n\n"
	"  vbsctl timeline metrics >/run/metrics/timelines.prom.new\n",
	.run = metrics_main,
};
