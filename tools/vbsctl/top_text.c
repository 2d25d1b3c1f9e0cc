// SPDX-License-Identifier: GPL-2.0
/* The lines of vbsctl top, and its JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "json_out.h"
#include "table.h"
#include "top.h"

static void cpu_line(const struct vbs_cpu *cpu, char *buf, size_t size)
{
	if (!cpu->online)
		snprintf(buf, size, "CPU %d: offline", cpu->id);
	else
		snprintf(buf, size, "CPU %d: booked %s of %s, spare %s, %u server%s", cpu->id,
			 fmt_bw(cpu->booked).s, fmt_bw(cpu->capacity).s, fmt_bw(cpu->spare).s,
			 cpu->servers, cpu->servers == 1 ? "" : "s");
}

static void title_line(char *buf, size_t size)
{
	snprintf(buf, size, "%5s %3s %6s %6s %6s %-17s %-9s %7s %8s %7s %7s %-8s %7s %s",
		 "ID", "CPU", "USED%", "RES%", "CAP%", "BUDGET/PERIOD", "STATE", "+MISSES",
		 "+OVERRUN", "SWITCH", "RELEASE", "OWNER", "LEADER", "COMMAND");
}

static void row_line(const struct top_row *row, bool first, char *buf, size_t size)
{
	const struct vbs_server *s = &row->server;
	uint64_t share = s->period ? ((u128)s->runtime << 20) / s->period : 0;

	snprintf(buf, size,
		 "%5u %3d %6s %6s %6s %-17s %-9s %7" PRIu64 " %8" PRIu64 " %7s %7s %-8s %7d %s",
		 s->id, s->cpu, first || !row->known ? "-" : fmt_column(row->used).s,
		 fmt_column(share).s, fmt_column(s->cap).s, table_resource(s).s, s->state,
		 row->misses, row->overruns, fmt_short(s->switch_worst).s,
		 fmt_short(s->release_worst).s, table_owner(s->owner).s, s->leader,
		 table_comm(s->comm).s);
}

static void last_line(const struct top_view *view, char *buf, size_t size)
{
	uint32_t hidden = vbs_hidden_servers(view->snap);

	buf[0] = 0;
	if (hidden)
		snprintf(buf, size, "%u server%s of other users not shown", hidden,
			 hidden == 1 ? "" : "s");
}

bool top_line(const struct top_view *view, int n, char *buf, size_t size)
{
	int row = n - view->snap->cpus - 1;

	if (n < view->snap->cpus)
		cpu_line(&view->snap->cpu[n], buf, size);
	else if (row < 0)
		title_line(buf, size);
	else if (row < view->rows)
		row_line(&view->row[row], !view->interval, buf, size);
	else if (row == view->rows)
		last_line(view, buf, size);
	else
		return false;
	return true;
}

static struct json_object *json_row(const struct top_row *row)
{
	struct json_object *o = json_server(&row->server);

	json_num(o, "ran_ns", row->ran);
	json_bw(o, "used", row->used);
	json_num(o, "new_misses", row->misses);
	json_num(o, "new_overruns", row->overruns);
	json_num(o, "new_switches", row->switches);
	return o;
}

void top_json(const struct top_view *view)
{
	struct json_object *servers = json_object_new_array(), *cpus = json_object_new_array();
	struct json_object *o = json_list("cpus", cpus);
	int i;

	for (i = 0; i < view->snap->cpus; i++)
		json_object_array_add(cpus, json_cpu(&view->snap->cpu[i]));
	for (i = 0; i < view->rows; i++)
		json_object_array_add(servers, json_row(&view->row[i]));
	json_object_object_add(o, "servers", servers);
	json_num(o, "interval_ns", view->interval);
	json_num(o, "hidden", vbs_hidden_servers(view->snap));
	json_print_line(o);
}
