// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline sync --verbose, --json: a line for each update. */
#include <stdio.h>

#include "timelines/sync.h"
#include "timelines/text.h"

static void json_keeper(struct json_object *o, const struct timeline_source *src,
			const struct source_state *state)
{
	const struct keepers *k = &src->belief.keepers;

	if (src->system && k->kind) {
		json_str(o, "keeper", k->kind->name);
		json_num(o, "keeper_pid", k->pid);
	}
	if (state->why)
		json_str(o, "no_bound", state->why);
}

static void print_json(const struct sync_update *u, const struct timeline_get *now, double gap)
{
	const struct timeline_set *set = u->set;
	struct json_object *o = json_list(NULL, NULL);

	json_str(o, "name", u->req->name);
	json_num(o, "sec", set->time_sec);
	json_num(o, "nsec", u->clock->time_ns % 1000000000);
	json_str(o, "status", timeline_status(set->clock_status));
	json_u64(o, "counter", set->counter_value);
	json_bound(o, "err_low_ns", set->err_low_ns);
	json_bound(o, "err_high_ns", set->err_high_ns);
	json_u64(o, "esterror_ns", set->time_esterror_nanosec);
	json_decimal(o, "period_ppm", timeline_offset_ppm(now), 6);
	json_decimal(o, "growth_ppm", timeline_growth_ppm(set), 6);
	json_decimal(o, "read_gap_ns", gap, 1);
	json_bound(o, "reference_error_ns",
		   u->state->synchronized ? u->sample->err_low : TIMELINE_UNBOUNDED);
	json_keeper(o, &u->req->source, u->state);
	json_num(o, "samples", u->estimator->pool.samples);
	json_u64(o, "contradictions", u->estimator->contradictions);
	json_u64(o, "steps", u->estimator->steps);
	json_print_line(o);
}

void print_update(const struct sync_update *u)
{
	const struct timeline_set *set = u->set;
	struct timeline_get now = { .set = *set, .counter_hz = u->get->counter_hz };
	double gap = (double)(u->sample->after - u->sample->before) * 1e9 / now.counter_hz;
	struct text when = fmt_instant(set->time_sec, u->clock->time_ns % 1000000000,
				       u->get->time_type);

	if (!u->req->json) {
		printf("%s  %s  %s, %+.4f ppm, growing %.4f ppm, read in %s\n", when.s,
		       fmt_bound(set->err_low_ns, set->err_high_ns).s,
		       timeline_status(set->clock_status), timeline_offset_ppm(&now),
		       timeline_growth_ppm(set), fmt_short(gap).s);
		fflush(stdout);
		return;
	}
	print_json(u, &now, gap);
}
