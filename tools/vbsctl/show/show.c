// SPDX-License-Identifier: GPL-2.0
/* vbsctl show: all of a server, and who is in it. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/sched/vbs.h>

#include "base/format.h"
#include "commands.h"
#include "options.h"
#include "show/json_server.h"
#include "show/snapshot.h"
#include "show/table.h"
#include "show/target.h"
#include "vbs/members.h"

static void print_head(const struct vbs_server *s)
{
	printf("server %u", s->id);
	if (s->name[0])
		printf(" '%s'", s->name);
	printf(" on CPU %d, of %s: %s\n", s->cpu, table_owner(s->owner).s, s->state);
	printf("cap       %s of a CPU\n", fmt_bw(s->cap).s);
	printf("resource  %s, %s %% of a CPU%s\n", fmt_resource(s->runtime, s->period).s,
	       s->period ? fmt_percent(s->runtime, s->period, 2, ROUND_NEAREST).s : "0",
	       s->flags & SCHED_FLAG_VBS_ALIGN ? ", aligned" : "");
}

static void print_counters(const struct vbs_server *s)
{
	printf("ran       %s in %" PRIu64 " instances; skipped %" PRIu64 ", lost %s\n",
	       fmt_short(s->consumed).s, s->instances, s->skipped, fmt_short(s->lost).s);
	printf("misses    %" PRIu64 "\n", s->misses);
	printf("overruns  %" PRIu64 ", the worst by %s\n", s->overruns,
	       fmt_short(s->overrun_worst).s);
	printf("switches  %" PRIu64 ", the worst took %s to the first execution\n", s->switches,
	       fmt_short(s->switch_worst).s);
	printf("releases  the worst took %s to the first execution\n",
	       fmt_short(s->release_worst).s);
	if (s->fair != NOT_TOLD)
		printf("fair      %" PRIu64 " times a member went on as a fair task\n", s->fair);
}

static void print_members(const struct vbs_member *member, int count)
{
	int i;

	for (i = 0; i < count; i++)
		printf("%-9s %d%s %s\n", i ? "" : "members", member[i].tid,
		       member[i].tid == member[i].process ? "" : " (thread)",
		       table_comm(member[i].comm).s);
}

static struct json_object *json_members(const struct vbs_member *member, int count)
{
	struct json_object *all = json_object_new_array(), *o;
	int i;

	for (i = 0; i < count; i++) {
		o = json_object_new_object();
		json_num(o, "pid", member[i].tid);
		json_num(o, "process", member[i].process);
		json_comm(o, member[i].comm);
		json_object_array_add(all, o);
	}
	return all;
}

static int show_server(const struct vbs_server *s, struct json_object *out)
{
	struct vbs_member *member;
	struct json_object *o;
	int count = vbs_members(s->leader, &member);

	if (count < 0)
		return failure(VC_FAIL, "out of memory");
	if (out) {
		o = json_server(s);
		json_object_object_add(o, "tasks", json_members(member, count));
		json_object_array_add(out, o);
	} else {
		print_head(s);
		print_counters(s);
		print_members(member, count);
	}
	free(member);
	return VC_OK;
}

static int show_all(const struct command *cmd, const struct vbs_snapshot *snap, int argc,
		    char **argv, struct json_object *out)
{
	const struct vbs_server *s;
	int i, code, first = VC_OK;

	for (i = 0; i < argc; i++) {
		s = target_server(cmd, snap, argv[i], &code);
		if (s && i && !out)
			putchar('\n');
		if (s)
			code = show_server(s, out);
		first = first ? first : code;
	}
	return first;
}

static int show(const struct command *cmd, int argc, char **argv, bool json)
{
	struct json_object *out = json ? json_object_new_array() : NULL;
	struct vbs_snapshot *snap = vbs_snapshot_read();
	int code;

	if (snap)
		code = show_all(cmd, snap, argc, argv, out);
	else
		code = vbs_snapshot_error(errno);
	if (out && snap)
		json_print(json_list("servers", out));
	else
		json_object_put(out);
	vbs_snapshot_free(snap);
	return code;
}

static int show_main(const struct command *cmd, int argc, char **argv)
{
	bool json;
	int code;

	if (!option_json_only(cmd, argc, argv, &json, &code))
		return code;
	if (optind == argc)
		return usage_error(cmd, "which server: a process or thread in it, id:N, or its name?");
	return show(cmd, argc - optind, argv + optind, json);
}

const struct command cmd_show = {
	.name = "show",
	.summary = "show all of a server, and who is in it",
	.help =
	"Usage: vbsctl show [OPTION]... PID|id:N|NAME...\n\n"
	"  -j, --json           the same as JSON\n\n"
	"A server is named by a process or thread in it, by its id, or by the name that run\n"
	"or admit gave it; a number that is no process is an id.\n\n"
	"  vbsctl show audio\n"
	"  vbsctl show $(pidof mixer) --json | jq '.servers[0].tasks[].pid'\n",
	.run = show_main,
};
