// SPDX-License-Identifier: GPL-2.0
/* vbsctl metrics: what /proc/vbs says, in the text format of OpenMetrics 1.0. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <linux/sched/vbs.h>

#include "commands.h"
#include "openmetrics.h"
#include "show/snapshot.h"
#include "show/table.h"
#include "vbs/proc.h"

enum form { COUNT, SECONDS, RATIO };

/* A family of which each CPU, or each server, has a value; NOT_TOLD: none */
struct family {
	const char *name;	/* without the "vbs_" at its front */
	const char *help;
	enum form form;
	bool counter;		/* else a gauge */
	uint64_t (*of_cpu)(const struct vbs_cpu *cpu);
	uint64_t (*of_server)(const struct vbs_server *s);
};

#define OF_CPU(field) \
	static uint64_t cpu_##field(const struct vbs_cpu *cpu) \
	{ \
		return cpu->field; \
	}

#define OF_SERVER(field) \
	static uint64_t server_##field(const struct vbs_server *s) \
	{ \
		return s->field; \
	}

OF_CPU(online)
OF_CPU(capacity)
OF_CPU(booked)
OF_CPU(held)
OF_CPU(servers)

OF_SERVER(cap)
OF_SERVER(runtime)
OF_SERVER(period)
OF_SERVER(members)
OF_SERVER(consumed)
OF_SERVER(instances)
OF_SERVER(misses)
OF_SERVER(overruns)
OF_SERVER(overrun_worst)
OF_SERVER(switches)
OF_SERVER(switch_worst)
OF_SERVER(release_worst)
OF_SERVER(skipped)
OF_SERVER(fair)
OF_SERVER(lost)

static const struct family families[] = {
	{ "cpu_online", "The CPU takes servers.", COUNT, false, cpu_online, NULL },
	{ "cpu_capacity_ratio", "What servers may book, of one CPU.", RATIO, false, cpu_capacity, NULL },
	{ "cpu_booked_ratio", "What is booked, of one CPU.", RATIO, false, cpu_booked, NULL },
	{ "cpu_held_ratio", "What of that has no members any more.", RATIO, false, cpu_held, NULL },
	{ "cpu_servers", "Servers on the CPU.", COUNT, false, cpu_servers, NULL },
	{ "server_cap_ratio", "The cap, of one CPU.", RATIO, false, NULL, server_cap },
	{ "server_runtime_seconds", "The budget of an instance.", SECONDS, false, NULL, server_runtime },
	{ "server_period_seconds", "The period.", SECONDS, false, NULL, server_period },
	{ "server_members", "Tasks in it.", COUNT, false, NULL, server_members },
	{ "server_consumed_seconds", "Time executed.", SECONDS, true, NULL, server_consumed },
	{ "server_instances", "Instances begun.", COUNT, true, NULL, server_instances },
	{ "server_misses", "Deadlines passed with work and budget left.", COUNT, true, NULL, server_misses },
	{ "server_overruns", "Ends of a budget.", COUNT, true, NULL, server_overruns },
	{ "server_switches", "Switches to another resource.", COUNT, true, NULL, server_switches },
	{ "server_skipped", "Instances skipped to pay debts.", COUNT, true, NULL, server_skipped },
	{ "server_fair", "Times a member went on as a fair task.", COUNT, true, NULL, server_fair },
	{ "server_lost_seconds", "Time in which the CPU did not run.", SECONDS, true, NULL, server_lost },
	{ "server_overrun_worst_seconds", "Longest execution beyond a budget.", SECONDS, false, NULL,
	  server_overrun_worst },
	{ "server_switch_worst_seconds", "Longest time from a switch to execution.", SECONDS, false, NULL,
	  server_switch_worst },
	{ "server_release_worst_seconds", "Longest time from a release to execution.", SECONDS, false, NULL,
	  server_release_worst },
};

static void print_value(FILE *to, enum form form, uint64_t v)
{
	switch (form) {
	case SECONDS:
		fprintf(to, " %" PRIu64 ".%09" PRIu64 "\n", v / 1000000000, v % 1000000000);
		return;
	case RATIO:
		fprintf(to, " %.9f\n", (double)v / VBS_BW_UNIT);
		return;
	default:
		fprintf(to, " %" PRIu64 "\n", v);
	}
}

static void print_server(FILE *to, const struct family *f, const struct vbs_server *s)
{
	if (f->of_server(s) == NOT_TOLD && f->of_server == server_fair)
		return;
	fprintf(to, "vbs_%s%s{server=\"%u\",", f->name, f->counter ? "_total" : "", s->id);
	metrics_label(to, "name", s->name);
	fputc('}', to);
	print_value(to, f->form, f->of_server(s));
}

static void print_family(FILE *to, const struct family *f, const struct vbs_snapshot *snap)
{
	static const char *const units[] = { [SECONDS] = "seconds", [RATIO] = "ratio" };
	int i;

	fprintf(to, "# TYPE vbs_%s %s\n", f->name, f->counter ? "counter" : "gauge");
	if (f->form != COUNT)
		fprintf(to, "# UNIT vbs_%s %s\n", f->name, units[f->form]);
	fprintf(to, "# HELP vbs_%s %s\n", f->name, f->help);
	for (i = 0; i < snap->cpus && f->of_cpu; i++) {
		const struct vbs_cpu *cpu = &snap->cpu[i];

		if (f->of_cpu(cpu) == NOT_TOLD)
			continue;
		fprintf(to, "vbs_%s{cpu=\"%d\"}", f->name, cpu->id);
		print_value(to, f->form, f->of_cpu(cpu));
	}
	for (i = 0; i < snap->servers && f->of_server; i++)
		print_server(to, f, &snap->server[i]);
}

/* What changes, or is only for people, has a family of its own */
static void print_info(FILE *to, const struct vbs_snapshot *snap)
{
	int i;

	fputs("# TYPE vbs_server info\n# HELP vbs_server Where a server is and whose.\n", to);
	for (i = 0; i < snap->servers; i++) {
		const struct vbs_server *s = &snap->server[i];

		fprintf(to, "vbs_server_info{server=\"%u\",", s->id);
		metrics_label(to, "name", s->name);
		fputc(',', to);
		metrics_label(to, "comm", s->comm);
		fputc(',', to);
		metrics_label(to, "owner", table_owner(s->owner).s);
		fprintf(to, ",cpu=\"%d\",leader=\"%d\"} 1\n", s->cpu, s->leader);
	}
	fprintf(to, "# TYPE vbs_servers_hidden gauge\n# HELP vbs_servers_hidden Servers that are not shown to the reader.\nvbs_servers_hidden %u\n",
		vbs_hidden_servers(snap));
}

static void print_all(FILE *to, const void *arg)
{
	const struct vbs_snapshot *snap = arg;
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		print_family(to, &families[i], snap);
	print_info(to, snap);
	fputs("# EOF\n", to);
}

static int metrics(const char *file)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	int code;

	if (!snap)
		return vbs_snapshot_error(errno);
	code = metrics_write(file, print_all, snap);
	vbs_snapshot_free(snap);
	return code;
}

static int metrics_main(const struct command *cmd, int argc, char **argv)
{
	const char *file;
	int code;

	return metrics_options(cmd, argc, argv, &file, &code) ? metrics(file) : code;
}

const struct command cmd_metrics = {
	.name = "metrics",
	.summary = "print CPUs and servers for a monitoring system",
	.help =
	"Usage: vbsctl metrics [OPTION]...\n\n"
	"  -o, --output FILE    to that file, which is complete at any time\n\n"
	"The format is OpenMetrics 1.0, which Prometheus reads: from a file through the\n"
	"textfile collector of node_exporter.\n\n"
	"  vbsctl metrics\n"
	"  vbsctl metrics -o /var/lib/prometheus/node-exporter/vbs.prom\n",
	.run = metrics_main,
};
