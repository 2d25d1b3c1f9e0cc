// SPDX-License-Identifier: GPL-2.0
/* The lines of vbsctl top, and its JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "exact.h"
#include "json_out.h"
#include "table.h"
#include "top_text.h"

#define COMMAND_WIDTH	15

int level_of(uint64_t part, uint64_t whole)
{
	u128 level;

	if (!part || !whole)
		return 0;
	level = ((u128)part * SPARK_FULL + whole / 2) / whole;
	return level < 1 ? 1 : level > SPARK_FULL ? SPARK_FULL : (int)level;
}

const char *level_mark(int level, bool utf8)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { "_", ".", ":", "-", "=", "+", "*", "%", "#" };

	return utf8 ? blocks[level] : ascii[level];
}

/* The first 80 columns have what matters most */
void row_titles(char *buf, size_t size)
{
	snprintf(buf, size, "%5s %4s %-*s %6s %6s %-*s %-15s %6s %7s %-9s %-8s %7s %7s %7s",
		 "ID", "CPU", COMMAND_WIDTH, "COMMAND", "USED%", "CAP%", SPARK_LENGTH, "USE/CAP",
		 "BUDGET/PERIOD", "+MISS", "OVERRUN", "STATE", "OWNER", "LEADER", "SWITCH", "RELEASE");
}

static void spark(const struct top_row *row, bool utf8, char *buf, size_t size)
{
	int i, used = 0;

	for (i = row->sparks; i < SPARK_LENGTH; i++)
		used += snprintf(buf + used, size - used, " ");
	for (i = 0; i < row->sparks; i++)
		used += snprintf(buf + used, size - used, "%s", level_mark(row->spark[i], utf8));
}

/* Bytes of the next character, and the columns it takes */
static int next_char(const char *s, int *columns)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n = mbrtowc(&c, s, MB_CUR_MAX, &state);

	if (n == (size_t)-1 || n == (size_t)-2 || !n) {
		*columns = 1;
		return 1;
	}
	*columns = wcwidth(c) > 0 ? wcwidth(c) : 0;
	return n;
}

/* The name in exactly COMMAND_WIDTH columns */
static void command(const struct vbs_server *s, char *buf, size_t size)
{
	struct text name = table_comm(s->comm);
	int at = 0, used = 0, columns, n;

	while (name.s[at]) {
		n = next_char(name.s + at, &columns);
		if (used + columns > COMMAND_WIDTH)
			break;
		at += n;
		used += columns;
	}
	snprintf(buf, size, "%.*s%*s", at, name.s, COMMAND_WIDTH - used, "");
}

static void row_line(const struct top_view *view, const struct top_row *row, char *buf, size_t size)
{
	const struct vbs_server *s = &row->server;
	char name[80], marks[SPARK_LENGTH * 4];
	bool unknown = !view->interval || !row->known;

	command(s, name, sizeof(name));
	spark(row, view->utf8, marks, sizeof(marks));
	snprintf(buf, size, "%5u %4d %s %6s %6s %s %-15s %6" PRIu64 " %7s %-9s %-8s %7d %7s %7s",
		 s->id, s->cpu, name, unknown ? "-" : fmt_column(row->used).s,
		 fmt_column(s->cap).s, marks, table_resource(s).s, row->misses,
		 fmt_short(s->overrun_worst).s, s->state, table_owner(s->owner).s, s->leader,
		 fmt_short(s->switch_worst).s, fmt_short(s->release_worst).s);
}

bool top_line(const struct top_view *view, int n, char *buf, size_t size)
{
	int row = n - top_head(view);

	if (row >= view->rows)
		return false;
	if (row < 0)
		top_head_line(view, n, buf, size);
	else
		row_line(view, &view->row[row], buf, size);
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

	for (i = 0; i < view->snap->cpus; i++) {
		if (top_shows_cpu(view, &view->snap->cpu[i]))
			json_object_array_add(cpus, json_cpu(&view->snap->cpu[i]));
	}
	for (i = 0; i < view->rows; i++)
		json_object_array_add(servers, json_row(&view->row[i]));
	json_object_object_add(o, "servers", servers);
	json_num(o, "interval_ns", view->interval);
	json_num(o, "hidden", vbs_hidden_servers(view->snap));
	json_print_line(o);
}
