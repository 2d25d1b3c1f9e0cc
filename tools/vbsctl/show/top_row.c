// SPDX-License-Identifier: GPL-2.0
/* The line of a server in vbsctl top, and the titles above. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "show/table.h"
#include "show/top_text.h"

#define COMMAND_WIDTH	15

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

/* The server's name, or else its oldest member's, in exactly COMMAND_WIDTH columns */
static void command(const struct vbs_server *s, char *buf, size_t size)
{
	struct text name = table_comm(s->name[0] ? s->name : s->comm);
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

void row_line(const struct top_view *view, const struct top_row *row, char *buf, size_t size)
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
