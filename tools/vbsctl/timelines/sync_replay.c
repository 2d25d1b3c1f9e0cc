// SPDX-License-Identifier: GPL-2.0
/*
 * 'timeline sync --replay': the estimator on recorded or generated samples.  Each
 * line is judged as a reader would have seen it: just before its sample was taken
 * into account, and where the true time is known, also right after.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "timeline/exchanges.h"
#include "timeline/trace.h"
#include "timelines/sync.h"
#include "timelines/text.h"

struct replay {
	const struct sync_request *req;
	struct te_estimator estimator;
	struct te_clock clock;
	bool has_clock;
	unsigned int line;
	uint64_t samples, judged, outside;
	uint64_t width_worst;	/* after updates */
	uint64_t error_worst;
};

struct view {
	int64_t time, error;
	uint64_t low, high;
	bool judged, inside;
};

static void look(struct replay *r, const struct trace_line *line, struct view *v)
{
	__int128 time;

	te_read(&r->clock, line->sample.after, &v->time, &v->low, &v->high);
	time = v->time;
	v->judged = line->has_truth;
	v->inside = true;
	if (!line->has_truth)
		return;
	/* The truth is in [truth_ns, truth_ns + 1) */
	v->error = (uint64_t)v->time - (uint64_t)line->truth_ns;
	v->inside = time - v->low <= (__int128)line->truth_ns + 1 &&
		    time + v->high >= line->truth_ns;
	r->judged++;
	r->outside += !v->inside;
}

static void json_view(struct json_object *o, const char *name, const struct view *v)
{
	struct json_object *view = json_object_new_object();

	json_num(view, "time_ns", v->time);
	json_u64(view, "err_low_ns", v->low);
	json_u64(view, "err_high_ns", v->high);
	if (v->judged) {
		json_num(view, "error_ns", v->error);
		json_flag(view, "inside", v->inside);
	}
	json_object_object_add(o, name, view);
}

static void print_line(const struct replay *r, const struct trace_line *line,
		       const struct view *before, const struct view *after)
{
	struct json_object *o;

	if (!r->req->json)
		return;
	o = json_list(NULL, NULL);
	json_u64(o, "counter", line->sample.after);
	if (before)
		json_view(o, "before", before);
	json_view(o, "after", after);
	json_decimal(o, "growth_ppm", (double)r->clock.period_error / r->clock.period * 1e6, 6);
	json_flag(o, "holding", r->clock.holding);
	json_print_line(o);
}

static int take(struct replay *r, const struct trace_line *line)
{
	struct view before, after;
	enum te_result result;
	bool first = !r->has_clock;
	uint64_t error;

	if (!first)
		look(r, line, &before);
	result = te_update(&r->estimator, &line->sample, &r->clock);
	if (result == TE_BACKWARDS)
		return failure(VC_FAIL, "%s:%u: the counter does not go forward", r->req->replay,
			       r->line);
	if (result != TE_OK)
		return failure(VC_FAIL, "%s:%u: a time or a bound is out of range", r->req->replay,
			       r->line);
	r->has_clock = true;
	r->samples++;
	look(r, line, &after);
	error = after.judged ? (after.error < 0 ? -after.error : after.error) : 0;
	r->error_worst = error > r->error_worst ? error : r->error_worst;
	if (after.low + after.high > r->width_worst)
		r->width_worst = after.low + after.high;
	print_line(r, line, first ? NULL : &before, &after);
	return VC_OK;
}

static void print_sum(const struct replay *r)
{
	struct json_object *o;

	if (!r->req->json) {
		printf("%" PRIu64 " samples, %" PRIu64 " contradictions, %" PRIu64 " steps of the reference\n",
		       r->samples, r->estimator.contradictions, r->estimator.steps);
		printf("bound right after updates: %s wide at worst\n", fmt_short(r->width_worst).s);
		if (r->judged)
			printf("truth outside of the bound: %" PRIu64 " of %" PRIu64 " readings; worst error right after updates %s\n",
			       r->outside, r->judged, fmt_short(r->error_worst).s);
		return;
	}
	o = json_list(NULL, NULL);
	json_u64(o, "samples", r->samples);
	json_u64(o, "contradictions", r->estimator.contradictions);
	json_u64(o, "steps", r->estimator.steps);
	json_u64(o, "worst_width_ns", r->width_worst);
	json_u64(o, "judged", r->judged);
	json_u64(o, "outside", r->outside);
	json_u64(o, "worst_error_ns", r->error_worst);
	json_print_line(o);
}

static int replay(struct replay *r, FILE *f)
{
	struct trace_line line;
	bool end = false;
	const char *why;
	int code = VC_OK;

	while (!code) {
		why = trace_read_line(f, &line, &r->line, &end);
		if (why)
			return failure(VC_FAIL, "%s:%u: %s", r->req->replay, r->line, why);
		if (end)
			break;
		code = take(r, &line);
	}
	if (code)
		return code;
	print_sum(r);
	return r->outside ? VC_FAIL : VC_OK;
}

static int start(struct replay *r, char *head)
{
	struct te_config config = { .memory_ns = r->req->memory,
				    .wander_ppb = r->req->wander_ppb };
	const char *why = trace_read_header(head, &config.hz);

	if (why)
		return failure(VC_FAIL, "%s:1: %s", r->req->replay, why);
	if (!te_init(&r->estimator, &config))
		return failure(VC_FAIL, "%s:1: the counter's frequency is out of range",
			       r->req->replay);
	return VC_OK;
}

static int replay_samples(const struct sync_request *req, FILE *f, char *head)
{
	struct replay r = { .req = req, .line = 1 };
	int code = start(&r, head);

	return code ? code : replay(&r, f);
}

/* The first line tells what it is; one that is not there is none */
int sync_replay(struct sync_request *req)
{
	FILE *f = strcmp(req->replay, "-") ? fopen(req->replay, "re") : stdin;
	char head[TRACE_TEXT] = "";
	bool net;
	int code;

	if (!f)
		return failure(VC_FAIL, "cannot read %s: %s", req->replay, strerror(errno));
	net = fgets(head, sizeof(head), f) && exchanges_begin(head);
	sync_defaults(req, net);
	if (net)
		code = replay_exchanges(req, f, head);
	else
		code = replay_samples(req, f, head);
	if (f != stdin)
		fclose(f);
	return code;
}
