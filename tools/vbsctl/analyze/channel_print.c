// SPDX-License-Identifier: GPL-2.0
/* vbsctl analyze --channel: the stages and their sum, as a table and as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "analyze/analysis.h"
#include "analyze/channel_print.h"
#include "base/format.h"
#include "command.h"
#include "json_out.h"

const char *channel_side_name(enum channel_side side)
{
	return side == SENDER ? "sender" : "receiver";
}

static void print_stage(const struct stage *st)
{
	char times[32] = "";

	if (st->rounds > 1)
		snprintf(times, sizeof(times), " x %" PRIu64, clamp64(st->rounds));
	printf("  %-8s %-24s %12s %-6s %12s%s  %s\n", channel_side_name(st->side), st->what,
	       fmt_time128(st->work).s, stage_rule_name(st->rule),
	       fmt_time128(st->time / st->rounds).s, times, st->why);
}

void channel_print_stages(const struct channel_bound *b)
{
	int i;

	printf("  %-8s %-24s %12s %-6s %12s  %s\n", "SIDE", "STAGE", "WORK", "RULE", "WITHIN", "WHY");
	for (i = 0; i < b->stages; i++)
		print_stage(&b->stage[i]);
}

static void print_every(const struct channel *c, const struct channel_bound *b)
{
	if (!c->every)
		printf("Messages at least %s apart (--every) cannot pile up.\n",
		       fmt_time128(b->least_every).s);
	if (b->age)
		printf("If one comes every %s, what the receiver has is at most %s old.\n",
		       fmt_time(c->every).s, fmt_time128(b->age).s);
	if (b->backlog)
		printf("One every %s is too fast: they may pile up, so there is no bound; at least %s has one.\n",
		       fmt_time(c->every).s, fmt_time128(b->least_every).s);
}

static void print_channel(const struct channel *c, const struct channel_bound *b)
{
	enum channel_side side;

	for (side = SENDER; side < SIDES; side++)
		printf("%s %s%s: %s for its members in each instance.\n",
		       side == SENDER ? "Sender  " : "Receiver",
		       fmt_resource(c->res[side].runtime, c->res[side].period).s,
		       c->supply[side].aligned ? ", aligned" : "", fmt_time(c->supply[side].budget).s);
	printf("Message %" PRIu64 ", reply %" PRIu64 " bytes, %" PRIu64 " slot%s of %" PRIu64
	       "; a pass takes %s, a hop %s.\n", c->message, c->reply, c->slots,
	       c->slots == 1 ? "" : "s", c->slot, fmt_time(c->pass).s, fmt_time(c->hop).s);
	channel_print_stages(b);
	printf("%s within %s, %" PRIu64 " hop%s included.\n", c->reply ? "Round trip" : "One way",
	       fmt_time128(b->total).s, clamp64(b->hops), b->hops == 1 ? "" : "s");
	print_every(c, b);
}

static struct json_object *json_stage(const struct stage *st)
{
	struct json_object *o = json_object_new_object();

	json_str(o, "side", channel_side_name(st->side));
	json_str(o, "stage", st->what);
	json_big(o, "work_ns", st->work);
	json_big(o, "with_others_ns", st->busy);
	json_str(o, "rule", stage_rule_name(st->rule));
	json_str(o, "why", st->why);
	json_big(o, "rounds", st->rounds);
	json_big(o, "within_ns", st->time);
	return o;
}

void channel_json_bound(const struct channel *c, const struct channel_bound *b, struct json_object *o)
{
	struct json_object *stages = json_object_new_array();
	int i;

	for (i = 0; i < b->stages; i++)
		json_object_array_add(stages, json_stage(&b->stage[i]));
	json_object_object_add(o, "stages", stages);
	json_num(o, "pass_ns", c->pass);
	json_num(o, "hop_ns", c->hop);
	json_big(o, "hops", b->hops);
	json_big(o, "bound_ns", b->total);
	json_big(o, "published_ns", channel_published(c, b));
	json_big(o, "least_every_ns", b->least_every);
	if (c->every)
		json_flag(o, "backlog", b->backlog);
	if (b->age)
		json_big(o, "age_ns", b->age);
}

static int say_refused(const struct analysis *a, const char *why)
{
	struct json_object *o;

	if (!a->json)
		return failure(VC_FAIL, "the kernel refuses %s", why);
	o = json_list(NULL, NULL);
	json_str(o, "refused", why);
	json_print(o);
	return VC_FAIL;
}

static bool on_vcpu(const struct analysis *a, enum channel_side side)
{
	return a->vcpu.period && (!a->one_in_guest || side == a->in_guest);
}

/* Of the kernel of that side, which is the guest's or this one */
static bool refuses(const struct analysis *a, enum channel_side side, const struct resource *res, char *why,
		    size_t size)
{
	const struct machine *m = on_vcpu(a, side) ? &a->machine : &a->host;

	return res->period && limits_refuse(&m->limits, a->overhead, res, why, size);
}

static uint32_t capacity_of(const struct analysis *a, enum channel_side side)
{
	return a->capacity || on_vcpu(a, side) ? analysis_capacity(a) : capacity_host(&a->host);
}

/* True, with @why in words, if the kernel would not take a resource of either side */
static bool refused(const struct analysis *a, char *why, size_t size)
{
	const struct channel *c = &a->channel;
	enum channel_side side;
	char limit[256];

	for (side = SENDER; side < SIDES; side++) {
		uint32_t cap = channel_cap(c, side, a->aligned), capacity = capacity_of(a, side);

		if (refuses(a, side, &c->res[side], limit, sizeof(limit)) ||
		    refuses(a, side, &c->to[side], limit, sizeof(limit))) {
			snprintf(why, size, "the %s: %s", channel_side_name(side), limit);
			return true;
		}
		if (cap > capacity) {
			snprintf(why, size, "the %s: a cap of %s is above the capacity of a %s, %s",
				 channel_side_name(side), fmt_bw(cap).s, on_vcpu(a, side) ? "vCPU" : "CPU",
				 fmt_bw(capacity).s);
			return true;
		}
	}
	return false;
}

int analyze_channel(struct analysis *a)
{
	struct channel *c = &a->channel;
	struct channel_bound b;
	enum channel_side side;
	char why[320];

	if (!channel_init(c, a->overhead, a->aligned, &side))
		return failure(VC_FAIL, "an overhead of %s leaves nothing of a budget of the %s",
			       fmt_time(a->overhead).s, channel_side_name(side));
	if (refused(a, why, sizeof(why)))
		return say_refused(a, why);
	channel_bound(c, &b);
	if (a->json) {
		struct json_object *o = json_list(NULL, NULL);

		channel_json_bound(c, &b, o);
		json_print(o);
	} else {
		print_vcpu(a);
		print_channel(c, &b);
	}
	return b.backlog ? VC_FAIL : VC_OK;
}
