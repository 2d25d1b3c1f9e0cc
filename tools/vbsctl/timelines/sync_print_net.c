// SPDX-License-Identifier: GPL-2.0
/* vbsctl timeline sync --from ntp: --verbose, --json: a line for each answer, and for the clock. */
#include <stdio.h>

#include "timelines/sync.h"
#include "timelines/text.h"

static const char *const results[] = {
	[TS_NOTHING] = "no server", [TS_UNBOUNDED] = "no bound", [TS_DISAGREE] = "disagree",
	[TS_OK] = "ok",
};

static uint64_t way(const struct ts_server *s)
{
	return (s->sample.after - s->sample.before) * 1e9 / s->estimator.config.hz;
}

static void json_exchange(const struct nc_server *nc, const struct ts_server *s,
			  enum ntp_refusal refusal)
{
	struct json_object *o = json_list(NULL, NULL);

	json_str(o, "server", nc->host);
	json_str(o, "address", nc->address);
	json_str(o, "answer", ntp_refusal(refusal));
	if (refusal == NTP_TAKEN) {
		json_u64(o, "way_ns", way(s));
		json_u64(o, "stated_ns", s->sample.err_low);
		json_flag(o, "stamped", nc->stamped);
		json_u64(o, "contradictions", s->estimator.contradictions);
	} else {
		json_u64(o, "refused", s->refused[refusal]);
	}
	json_print_line(o);
}

void print_exchange(const struct sync_request *req, const struct nc_server *nc,
		    const struct ts_server *s, enum ntp_refusal refusal)
{
	if (req->json)
		json_exchange(nc, s, refusal);
	if (req->json || !req->verbose)
		return;
	printf("%s (%s): %s", nc->host, nc->address[0] ? nc->address : "no address",
	       ntp_refusal(refusal));
	if (refusal == NTP_TAKEN)
		printf(", %s there and back, %s stated%s", fmt_short(way(s)).s,
		       fmt_short(s->sample.err_low).s,
		       nc->stamped ? "" : ", without the kernel's stamps");
	else if (s->refused[refusal] > 1)
		printf(", %llu times", (unsigned long long)s->refused[refusal]);
	putchar('\n');
	fflush(stdout);
}

static void json_combined(const struct te_clock *c, enum ts_result result)
{
	struct json_object *o = json_list(NULL, NULL);

	json_num(o, "sec", c->time_ns / 1000000000);
	json_num(o, "nsec", c->time_ns % 1000000000);
	json_str(o, "result", results[result]);
	json_u64(o, "counter", c->counter);
	json_u64(o, "err_low_ns", c->err_low);
	json_u64(o, "err_high_ns", c->err_high);
	json_u64(o, "esterror_ns", c->esterror);
	json_decimal(o, "growth_ppm", (double)c->period_error / c->period * 1e6, 6);
	json_flag(o, "holding", c->holding);
	json_print_line(o);
}

void print_combined(const struct sync_request *req, const struct te_clock *c, uint64_t hz,
		    enum ts_result result)
{
	if (req->json)
		json_combined(c, result);
	if (req->json || !req->verbose)
		return;
	printf("%s  %s  %s, %+.4f ppm, growing %.4f ppm\n",
	       fmt_instant(c->time_ns / 1000000000, c->time_ns % 1000000000, TIMELINE_TIME_UTC).s,
	       result == TS_UNBOUNDED ? "no bound" : fmt_bound(c->err_low, c->err_high).s,
	       c->holding ? "contradictions" : results[result],
	       (c->period * 0x1p-48 * hz / 1e9 - 1) * 1e6,
	       (double)c->period_error / c->period * 1e6);
	fflush(stdout);
}
