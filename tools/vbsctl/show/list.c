// SPDX-License-Identifier: GPL-2.0
/* vbsctl list: what the CPUs have booked, and the servers. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/format.h"
#include "commands.h"
#include "json_out.h"
#include "options.h"
#include "show/json_server.h"
#include "show/snapshot.h"
#include "show/table.h"
#include "show/target.h"

static void print_cpu(const struct vbs_cpu *cpu)
{
	if (!cpu->online) {
		printf("CPU %d: offline\n", cpu->id);
		return;
	}
	printf("CPU %d: capacity %s, booked %s, spare %s, %u server%s", cpu->id,
	       fmt_bw(cpu->capacity).s, fmt_bw(cpu->booked).s, fmt_bw(cpu->spare).s,
	       cpu->servers, cpu->servers == 1 ? "" : "s");
	if (cpu->held && cpu->held != NOT_TOLD)
		printf("; of the booked, %s held without members", fmt_bw(cpu->held).s);
	if (cpu->deadline && cpu->deadline != NOT_TOLD)
		printf("; SCHED_DEADLINE %s in the root domain of CPU %d", fmt_bw(cpu->deadline).s,
		       cpu->domain);
	putchar('\n');
}

static void print_held(const struct vbs_held *h)
{
	printf("CPU %d: %s held for %s more, of a server of %s that has lost its last member\n",
	       h->cpu, fmt_bw(h->amount).s, fmt_short(h->until_ns).s, table_owner(h->owner).s);
}

static void print_titles(bool names)
{
	printf("%5s %3s %6s %-17s %-9s %4s %7s %8s %8s %-8s %7s ", "ID", "CPU", "CAP %",
	       "BUDGET/PERIOD", "STATE", "TASK", "MISSES", "OVERRUNS", "SWITCHES", "OWNER", "LEADER");
	if (names)
		printf("%-15s ", "NAME");
	puts("COMMAND");
}

static void print_server(const struct vbs_server *s, bool names)
{
	printf("%5u %3d %6s %-17s %-9s %4u %7" PRIu64 " %8" PRIu64 " %8" PRIu64 " %-8s %7d ",
	       s->id, s->cpu, fmt_column(s->cap).s, table_resource(s).s, s->state, s->members,
	       s->misses, s->overruns, s->switches, table_owner(s->owner).s, s->leader);
	if (names)
		printf("%-15s ", s->name[0] ? s->name : "-");
	puts(table_comm(s->comm).s);
}

static void print_worst(const struct vbs_server *s)
{
	printf("      ran %s in %" PRIu64 " instances; worst: overrun %s, switch %s, release %s; skipped %" PRIu64 ", lost %s",
	       fmt_short(s->consumed).s, s->instances, fmt_short(s->overrun_worst).s,
	       fmt_short(s->switch_worst).s, fmt_short(s->release_worst).s, s->skipped,
	       fmt_short(s->lost).s);
	if (s->fair != NOT_TOLD)
		printf(", as fair tasks %" PRIu64 " times", s->fair);
	putchar('\n');
}

static void print_servers(const struct vbs_snapshot *snap, bool wide)
{
	bool names = false;
	int i;

	for (i = 0; i < snap->servers; i++)
		names |= snap->server[i].name[0] != '\0';
	if (snap->servers)
		print_titles(names);
	for (i = 0; i < snap->servers; i++) {
		print_server(&snap->server[i], names);
		if (wide)
			print_worst(&snap->server[i]);
	}
}

static void print_text(const struct vbs_snapshot *snap, bool wide)
{
	uint32_t hidden = vbs_hidden_servers(snap);
	int i;

	for (i = 0; i < snap->cpus; i++)
		print_cpu(&snap->cpu[i]);
	for (i = 0; i < snap->helds; i++)
		print_held(&snap->held[i]);
	print_servers(snap, wide);
	if (hidden)
		printf("%u server%s of other users not shown (CAP_SYS_NICE shows all)\n", hidden,
		       hidden == 1 ? "" : "s");
}

static void print_as_json(const struct vbs_snapshot *snap)
{
	struct json_object *cpus = json_object_new_array(), *servers = json_object_new_array();
	struct json_object *held = json_object_new_array();
	struct json_object *o = json_list(NULL, NULL);
	int i;

	for (i = 0; i < snap->cpus; i++)
		json_object_array_add(cpus, json_cpu(&snap->cpu[i]));
	for (i = 0; i < snap->servers; i++)
		json_object_array_add(servers, json_server(&snap->server[i]));
	for (i = 0; i < snap->helds; i++)
		json_object_array_add(held, json_held(&snap->held[i]));
	json_object_object_add(o, "limits", json_limits(&snap->limits));
	json_object_object_add(o, "cpus", cpus);
	json_object_object_add(o, "servers", servers);
	json_object_object_add(o, "held", held);
	json_num(o, "hidden", vbs_hidden_servers(snap));
	json_print(o);
}

/* Only these servers, in their order, and without the CPUs; the counts of CPUs stay true */
static int list_some(const struct command *cmd, struct vbs_snapshot *snap, int argc, char **argv,
		     bool json, bool wide)
{
	struct vbs_snapshot some = { .limits = snap->limits };
	const struct vbs_server *s;
	int i, code, first = VC_OK;

	some.server = calloc(argc, sizeof(*some.server));
	for (i = 0; i < argc && some.server; i++) {
		s = target_server(cmd, snap, argv[i], &code);
		if (s)
			some.server[some.servers++] = *s;
		else
			first = first ? first : code;
	}
	if (json)
		print_as_json(&some);
	else
		print_servers(&some, wide);
	free(some.server);
	return first;
}

static int list(const struct command *cmd, int argc, char **argv, bool json, bool wide)
{
	struct vbs_snapshot *snap = vbs_snapshot_read();
	int code = VC_OK;

	if (!snap)
		return vbs_snapshot_error(errno);
	if (argc)
		code = list_some(cmd, snap, argc, argv, json, wide);
	else if (json)
		print_as_json(snap);
	else
		print_text(snap, wide);
	vbs_snapshot_free(snap);
	return code;
}

static int list_main(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "wide", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	bool json = false, wide = false;
	int c;

	while ((c = getopt_long(argc, argv, "jwh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(cmd);
		if (c == '?')
			return option_error(cmd);
		json |= c == 'j';
		wide |= c == 'w';
	}
	return list(cmd, argc - optind, argv + optind, json, wide);
}

const struct command cmd_list = {
	.name = "list",
	.summary = "show the servers and what each CPU has booked",
	.help =
	"Usage: vbsctl list [OPTION]... [PID|id:N|NAME]...\n\n"
	"  -w, --wide           a second line for each server with times and worst cases\n"
	"  -j, --json           all of it as JSON\n\n"
	"With operands, only the servers that they name: of a process or thread, of that id\n"
	"or name.  Servers of other users are shown to CAP_SYS_NICE only; the CPU lines\n"
	"count them.\n"
	"An 'a' after BUDGET/PERIOD: released at multiples of the period (--align).\n\n"
	"  vbsctl list\n"
	"  vbsctl list -w audio\n"
	"  vbsctl list --json | jq '.servers[] | select(.misses > 0)'\n",
	.run = list_main,
};
