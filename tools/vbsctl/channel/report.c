// SPDX-License-Identifier: GPL-2.0
/* What a measurement has found, beside the bound. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/analysis.h"
#include "analyze/channel_print.h"
#include "base/format.h"
#include "channel/measure.h"
#include "command.h"
#include "json_out.h"

#define BINS	20	/* of the histogram, up to the bound */
#define BAR	50	/* columns */

struct outcome {
	struct channel channel;
	struct channel_bound bound;
	const uint64_t *took;		/* sorted */
	uint64_t n, worst, above, above_published;
	uint64_t bin[BINS + 1];		/* the last: above the bound */
};

void measured_channel(const struct measure *m, const struct field *f, struct channel *c)
{
	int i;

	*c = m->channel;
	for (i = 0; i < 3; i++)
		c->seen[i] = f->works.stage[i];
	for (i = 0; i < SIDES; i++)
		c->seen_slot[i] = f->works.slot[i];
	c->every = f->every;
	if (!m->has_hop && 2 * f->late > c->hop)
		c->hop = 2 * f->late;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t count_above(const struct outcome *out, u128 limit)
{
	uint64_t i, n = 0;

	for (i = 0; i < out->n; i++)
		n += out->took[i] > limit;
	return n;
}

static void evaluate(const struct measure *m, struct field *f, struct outcome *out)
{
	u128 total;
	uint64_t i;

	measured_channel(m, f, &out->channel);
	channel_bound(&out->channel, &out->bound);
	total = out->bound.total;
	qsort(m->took, m->count, sizeof(m->took[0]), compare);
	out->took = m->took;
	out->n = m->count;
	out->worst = m->took[m->count - 1];
	out->above = count_above(out, total);
	out->above_published = count_above(out, channel_published(&out->channel, &out->bound));
	for (i = 0; i < out->n; i++) {
		u128 bin = (u128)m->took[i] * BINS / total;

		out->bin[m->took[i] > total ? BINS : bin < BINS ? bin : BINS - 1]++;
	}
}

static uint64_t percentile(const struct outcome *out, int percent)
{
	return out->took[(out->n - 1) * percent / 100];
}

static void print_bar(const char *label, uint64_t n, uint64_t most)
{
	int len = most ? (n * BAR + most - 1) / most : 0;

	printf("  %12s %8" PRIu64 " %.*s\n", label, n, len,
	       "##################################################");
}

static void print_histogram(const struct outcome *out)
{
	uint64_t most = 0;
	int i, last = 0;

	for (i = 0; i < BINS; i++) {
		most = out->bin[i] > most ? out->bin[i] : most;
		last = out->bin[i] ? i : last;
	}
	printf("  %12s %8s\n", "UP TO", "COUNT");
	for (i = 0; i <= last; i++)
		print_bar(fmt_short(clamp64(out->bound.total * (i + 1) / BINS)).s, out->bin[i], most);
	if (out->bin[BINS])
		print_bar("more", out->bin[BINS], most);
}

static const char *load_name(enum load_kind load)
{
	static const char *const names[] = {
		[LOAD_NONE] = "none", [LOAD_RANDOM] = "random", [LOAD_DIRECTED] = "directed",
	};

	return names[load];
}

static const char *what(const struct measure *m)
{
	return m->channel.reply ? "round trips" : "messages one way";
}

static void print_head(const struct measure *m, const struct outcome *out, const int *cpu, uint64_t late)
{
	const struct channel *c = &out->channel;

	printf("Sender %s on CPU %d, receiver %s on CPU %d; load: %s; %s.\n",
	       fmt_resource(c->res[SENDER].runtime, c->res[SENDER].period).s, cpu[SENDER],
	       fmt_resource(c->res[RECEIVER].runtime, c->res[RECEIVER].period).s, cpu[RECEIVER],
	       load_name(m->load), c->polls ? "polling" : "blocking");
	printf("%" PRIu64 " bytes, reply %" PRIu64 ", %" PRIu64 " slot%s of %" PRIu64 ".\n", c->message,
	       c->reply, c->slots, c->slots == 1 ? "" : "s", c->slot);
	printf("Overhead %s, hop %s (a timer was %s late); work is the most that was seen.\n",
	       fmt_time(m->overhead).s, fmt_time(c->hop).s, fmt_short(late).s);
}

static int print_outcome(const struct measure *m, const struct outcome *out, const int *cpu,
			 uint64_t late)
{
	u128 published = channel_published(&out->channel, &out->bound);

	print_head(m, out, cpu, late);
	channel_print_stages(&out->bound);
	print_histogram(out);
	printf("%" PRIu64 " %s: least %s, median %s, 99 %% %s, worst %s; bound %s.\n", out->n, what(m),
	       fmt_short(out->took[0]).s, fmt_short(percentile(out, 50)).s,
	       fmt_short(percentile(out, 99)).s, fmt_short(out->worst).s,
	       fmt_short(clamp64(out->bound.total)).s);
	printf("The published formula gives %s: %" PRIu64 " were above it.\n",
	       fmt_short(clamp64(published)).s, out->above_published);
	if (out->bound.backlog)
		printf("Messages were %s apart: they may pile up, so there is no bound.\n",
		       fmt_time(out->channel.every).s);
	printf("Verdict: %" PRIu64 " of %" PRIu64 " within the bound; the worst is %s %% of it.\n",
	       out->n - out->above, out->n,
	       fmt_percent(out->worst, out->bound.total, 1, ROUND_NEAREST).s);
	return out->above || out->bound.backlog ? VC_FAIL : VC_OK;
}

static struct json_object *json_histogram(const struct outcome *out)
{
	struct json_object *bins = json_object_new_array(), *o;
	int i;

	for (i = 0; i < BINS; i++) {
		o = json_object_new_object();
		json_big(o, "up_to_ns", out->bound.total * (i + 1) / BINS);
		json_num(o, "count", out->bin[i]);
		json_object_array_add(bins, o);
	}
	return bins;
}

static int json_outcome(const struct measure *m, const struct outcome *out, const int *cpu,
			uint64_t late)
{
	struct json_object *o = json_list("histogram", json_histogram(out));

	json_num(o, "sender_cpu", cpu[SENDER]);
	json_num(o, "receiver_cpu", cpu[RECEIVER]);
	json_str(o, "load", load_name(m->load));
	json_flag(o, "polling", out->channel.polls);
	json_num(o, "overhead_ns", m->overhead);
	json_num(o, "timer_late_ns", late);
	json_num(o, "every_ns", out->channel.every);
	channel_json_bound(&out->channel, &out->bound, o);
	json_num(o, "count", out->n);
	json_num(o, "least_ns", out->took[0]);
	json_num(o, "median_ns", percentile(out, 50));
	json_num(o, "p99_ns", percentile(out, 99));
	json_num(o, "worst_ns", out->worst);
	json_num(o, "above_bound", out->above);
	json_num(o, "above_published", out->above_published);
	json_flag(o, "within_bound", !out->above && !out->bound.backlog);
	json_print(o);
	return out->above || out->bound.backlog ? VC_FAIL : VC_OK;
}

int measure_report(const struct measure *m, struct field *f, const int *cpu)
{
	struct outcome out = { 0 };

	evaluate(m, f, &out);
	return m->json ? json_outcome(m, &out, cpu, f->late) : print_outcome(m, &out, cpu, f->late);
}
