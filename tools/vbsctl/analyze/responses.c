// SPDX-License-Identifier: GPL-2.0
/* Response times of a load, as a table and as JSON. */
#include <stdio.h>

#include "analyze/analysis.h"
#include "base/format.h"
#include "json_out.h"

static void print_bound(int i, const struct load_task *t, const struct bound *b)
{
	bool known = b->theory != BY_NONE;

	printf("  %4d %10s %10s %10s %14s  %-11s %s\n", i + 1, fmt_time(t->cost).s,
	       fmt_time(t->period).s, fmt_time(t->deadline).s,
	       known ? fmt_time128(b->response).s : "unbounded", theory_name(b->theory),
	       bound_meets(b, t) ? "yes" : "NO");
}

bool print_bounds(const struct analysis *a, const struct supply *s)
{
	struct bound bound[LOAD_MAX];
	bool all = true;
	int i;

	load_bounds(&a->load, s, a->slice, a->share, bound);
	printf("  %4s %10s %10s %10s %14s  %-11s %s\n", "TASK", "COST", "PERIOD", "DEADLINE",
	       "RESPONSE <=", "THEORY", "MET");
	for (i = 0; i < a->load.tasks; i++) {
		print_bound(i, &a->load.task[i], &bound[i]);
		all &= bound_meets(&bound[i], &a->load.task[i]);
	}
	return all;
}

static struct json_object *json_bound(const struct load_task *t, const struct bound *b)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "cost_ns", t->cost);
	json_num(o, "period_ns", t->period);
	json_num(o, "deadline_ns", t->deadline);
	if (b->theory == BY_NONE)
		json_object_object_add(o, "response_ns", NULL);
	else
		json_big(o, "response_ns", b->response);
	json_str(o, "theory", theory_name(b->theory));
	json_flag(o, "met", bound_meets(b, t));
	return o;
}

bool json_bounds(const struct analysis *a, const struct supply *s, struct json_object *o)
{
	struct json_object *tasks = json_object_new_array();
	struct bound bound[LOAD_MAX];
	bool all = true;
	int i;

	load_bounds(&a->load, s, a->slice, a->share, bound);
	for (i = 0; i < a->load.tasks; i++) {
		json_object_array_add(tasks, json_bound(&a->load.task[i], &bound[i]));
		all &= bound_meets(&bound[i], &a->load.task[i]);
	}
	json_object_object_add(o, "tasks", tasks);
	json_flag(o, "schedulable", all);
	return all;
}
