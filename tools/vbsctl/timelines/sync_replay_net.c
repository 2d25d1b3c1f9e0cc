// SPDX-License-Identifier: GPL-2.0
/*
 * 'timeline sync --replay' of exchanges: what sync_net.c does with them.  The clock is
 * judged as a reader would have seen it, just before each answer and right after.
 */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "timelines/sync.h"
#include "timelines/text.h"

struct replay {
	const struct sync_request *req;
	struct exchanges_head head;
	struct ts_pool pool;
	struct te_clock clock;
	enum ts_result result;
	unsigned int line;
	uint64_t taken, refused, bounded, disagreed, judged, outside;
	uint64_t width_worst, error_worst;	/* after updates */
};

static bool is_bounded(const struct replay *r)
{
	return r->result == TS_OK || r->result == TS_DISAGREE;
}

/* The truth is in [truth_ns, truth_ns + 1); the error */
static uint64_t judge(struct replay *r, const struct ntp_exchange *x)
{
	uint64_t low, high;
	int64_t time;

	/* Where another answer came later, but was taken before, nobody can read */
	if (!x->has_truth || !is_bounded(r) || x->after < r->clock.counter)
		return 0;
	te_read(&r->clock, x->after, &time, &low, &high);
	r->judged++;
	r->outside += (__int128)time - low > (__int128)x->truth_ns + 1 ||
		      (__int128)time + high < x->truth_ns;
	return time > x->truth_ns ? (uint64_t)time - x->truth_ns : (uint64_t)x->truth_ns - time;
}

static void take(struct replay *r, const struct exchanges_line *line)
{
	enum ntp_refusal refusal;
	uint64_t error;

	judge(r, &line->x);
	refusal = ts_take(&r->pool, line->server, &line->x);
	if (refusal != NTP_TAKEN) {
		r->refused++;
		return;
	}
	r->taken++;
	r->result = ts_clock(&r->pool, line->x.after, &r->clock);
	r->bounded += r->result == TS_OK;
	r->disagreed += r->result == TS_DISAGREE;
	print_combined(r->req, &r->clock, r->head.hz, r->result);
	error = judge(r, &line->x);
	r->error_worst = error > r->error_worst ? error : r->error_worst;
	if (is_bounded(r) && r->clock.err_low + r->clock.err_high > r->width_worst)
		r->width_worst = r->clock.err_low + r->clock.err_high;
}

static int replay(struct replay *r, FILE *f)
{
	struct exchanges_line line;
	const char *why;
	bool end;

	for (;;) {
		why = exchanges_read_line(f, &r->head, &line, &r->line, &end);
		if (why)
			return failure(VC_FAIL, "%s:%u: %s", r->req->replay, r->line, why);
		if (end)
			return VC_OK;
		take(r, &line);
	}
}

static void json_sum(const struct replay *r)
{
	struct json_object *o = json_list(NULL, NULL), *list = json_object_new_array();
	int i;

	json_u64(o, "taken", r->taken);
	json_u64(o, "refused", r->refused);
	json_u64(o, "bounded", r->bounded);
	json_u64(o, "disagreed", r->disagreed);
	json_u64(o, "worst_width_ns", r->width_worst);
	json_u64(o, "judged", r->judged);
	json_u64(o, "outside", r->outside);
	json_u64(o, "worst_error_ns", r->error_worst);
	for (i = 0; i < r->pool.servers; i++)
		json_object_array_add(list,
				      json_object_new_boolean(ts_is_false(&r->pool.server[i])));
	json_object_object_add(o, "false", list);
	json_print_line(o);
}

static void print_sum(const struct replay *r)
{
	int i;

	printf("%" PRIu64 " exchanges of %d servers, %" PRIu64 " refused, %" PRIu64 " with a bound, %" PRIu64 " disagreements\n",
	       r->taken + r->refused, r->pool.servers, r->refused, r->bounded, r->disagreed);
	for (i = 0; i < r->pool.servers; i++) {
		if (ts_is_false(&r->pool.server[i]))
			printf("server %d is false\n", i);
	}
	printf("bound right after updates: %s wide at worst\n", fmt_short(r->width_worst).s);
	if (r->judged)
		printf("truth outside of the bound: %" PRIu64 " of %" PRIu64 " readings; worst error right after updates %s\n",
		       r->outside, r->judged, fmt_short(r->error_worst).s);
}

int replay_exchanges(const struct sync_request *req, FILE *f, char *head)
{
	static struct replay r;
	struct te_config config = { .memory_ns = req->memory, .wander_ppb = req->wander_ppb,
				    .network = true, .rounds_up = req->net.rounds_up };
	const char *why;
	int code;

	r = (struct replay){ .req = req, .line = 1 };
	why = exchanges_read_head(head, &r.head);
	if (why)
		return failure(VC_FAIL, "%s:1: %s", req->replay, why);
	config.hz = r.head.hz;
	if (!ts_init(&r.pool, &config, r.head.servers, req->net.faulty < 0 ? r.head.faulty :
		     req->net.faulty, r.head.pivot))
		return failure(VC_FAIL, "%s:1: the frequency, the memory or the number of servers is out of range",
			       req->replay);
	code = replay(&r, f);
	if (code)
		return code;
	if (req->json)
		json_sum(&r);
	else
		print_sum(&r);
	return r.outside ? VC_FAIL : VC_OK;
}
