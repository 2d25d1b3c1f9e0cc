// SPDX-License-Identifier: GPL-2.0
/* The lines of vbsctl top, and its JSON. */
#include "show/json_server.h"
#include "show/top_text.h"

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
