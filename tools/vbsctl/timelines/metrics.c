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

#include "openmetrics.h"
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

static void begin(FILE *to, const char *metric, const struct sample *s)
{
	fprintf(to, "vbs_timeline_%s{", metric);
	metrics_label(to, "timeline", s->get.name);
}

static void family(FILE *to, const char *name, const char *type, const char *unit, const char *help)
{
	fprintf(to, "# TYPE %s %s\n", name, type);
	if (unit)
		fprintf(to, "# UNIT %s %s\n", name, unit);
	fprintf(to, "# HELP %s %s\n", name, help);
}

static void seconds(FILE *to, const char *metric, const struct sample *s, uint64_t ns)
{
	begin(to, metric, s);
	if (ns == TIMELINE_UNBOUNDED)
		fputs("} +Inf\n", to);
	else
		fprintf(to, "} %llu.%09llu\n", (unsigned long long)ns / 1000000000,
		       (unsigned long long)ns % 1000000000);
}

static void print_info(FILE *to, const struct sample *s)
{
	begin(to, "info", s);
	fprintf(to, ",id=\"%u\",clock_id=\"%u\",", s->get.set.id, CLOCK_TIMELINE(s->get.set.id));
	metrics_label(to, "type", timeline_type(s->get.time_type));
	fputc(',', to);
	metrics_label(to, "counter", timeline_counter(s->get.set.counter_id));
	fputs("} 1\n", to);
}

static void print_reference(FILE *to, const struct sample *s)
{
	if (!s->tracked)
		return;
	begin(to, "reference_info", s);
	fputc(',', to);
	metrics_label(to, "reference", s->tracking.from);
	fputc(',', to);
	metrics_label(to, "keeper", s->tracking.keeper);
	fputc(',', to);
	metrics_label(to, "why", s->tracking.why);
	fputs("} 1\n", to);
}

/* A set of states: exactly one is 1 */
static void print_status(FILE *to, const struct sample *s)
{
	unsigned int i;

	for (i = TIMELINE_STATUS_INITIALIZING; i <= TIMELINE_STATUS_UNRELIABLE; i++) {
		begin(to, "status", s);
		fputc(',', to);
		metrics_label(to, "vbs_timeline_status", timeline_status(i));
		fprintf(to, "} %d\n", s->now.status == i);
	}
}

static void print_error_low(FILE *to, const struct sample *s)
{
	seconds(to, "error_low_seconds", s, s->now.err_low_ns);
}

static void print_error_high(FILE *to, const struct sample *s)
{
	seconds(to, "error_high_seconds", s, s->now.err_high_ns);
}

static void print_skew(FILE *to, const struct sample *s)
{
	begin(to, "skew_ratio", s);
	fprintf(to, "} %.12f\n", timeline_growth_ppm(&s->get.set) / 1e6);
}

static void print_frequency(FILE *to, const struct sample *s)
{
	begin(to, "frequency_offset_ratio", s);
	fprintf(to, "} %.12f\n", timeline_offset_ppm(&s->get) / 1e6);
}

static void print_updates(FILE *to, const struct sample *s)
{
	begin(to, "updates_total", s);
	fprintf(to, "} %llu\n", s->get.updates);
}

static void print_age(FILE *to, const struct sample *s)
{
	if (s->get.updates)
		seconds(to, "age_seconds", s, timeline_age(&s->get, &s->now));
}

static void print_slew(FILE *to, const struct sample *s)
{
	seconds(to, "slew_seconds", s, timeline_slewing(&s->get, &s->now));
}

static void print_keeper(FILE *to, const struct sample *s)
{
	begin(to, "keeper_up", s);
	fprintf(to, "} %d\n", s->runs);
}

static void print_reference_error(FILE *to, const struct sample *s)
{
	if (s->tracked)
		seconds(to, "reference_error_seconds", s, s->tracking.bounded ?
			s->tracking.reference_ns : TIMELINE_UNBOUNDED);
}

static void print_offset(FILE *to, const struct sample *s)
{
	int64_t ns = s->tracking.offset_ns;

	if (!s->tracked || !s->tracking.has_offset)
		return;
	begin(to, "offset_seconds", s);
	fprintf(to, "} %s%llu.%09llu\n", ns < 0 ? "-" : "", llabs(ns) / 1000000000ULL,
	       llabs(ns) % 1000000000ULL);
}

static const struct {
	const char *name, *type, *unit, *help;
	void (*print)(FILE *to, const struct sample *s);
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

static void print_all(FILE *to, const void *arg)
{
	const struct samples *all = arg;
	size_t i;
	int n;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		family(to, families[i].name, families[i].type, families[i].unit, families[i].help);
		for (n = 0; n < all->n; n++)
			families[i].print(to, &all->sample[n]);
	}
	fputs("# EOF\n", to);
}

static int metrics(const char *file)
{
	struct samples all = { .n = 0 };
	int code, fd = timeline_open(&code);

	if (fd < 0)
		return code;
	code = each_timeline(fd, take, &all);
	close(fd);
	return code ? code : metrics_write(file, print_all, &all);
}

static int metrics_main(const struct command *cmd, int argc, char **argv)
{
	const char *file;
	int code;

	return metrics_options(cmd, argc, argv, &file, &code) ? metrics(file) : code;
}

const struct command timeline_metrics = {
	.name = "timeline metrics",
	.summary = "show all timelines as OpenMetrics",
	.help =
	"Usage: vbsctl timeline metrics [OPTION]...\n\n"
	"  -o, --output FILE    to that file, which is complete at any time\n\n"
	"Status, bound, age, skew, keeper, reference and offset of each timeline, as OpenMetrics\n"
	"1.0, which Prometheus reads: from a file through the textfile collector of\n"
	"node_exporter.\n\n"
	"  vbsctl timeline metrics -o /var/lib/prometheus/node-exporter/timelines.prom\n",
	.run = metrics_main,
};
