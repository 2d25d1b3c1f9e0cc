// SPDX-License-Identifier: GPL-2.0
/*
 * The bounds of communication.
 *
 * C is what a budget leaves its members (overhead taken off), T the period.
 *	W(x) = T - C + kT + x - kC, k = ceil(x/C) - 1: who wakes at or beyond the zero-lag
 *		point y has an instance that begins then (supply_time_full())
 *	B(x) = W(x) + T - C: at any other time (supply_time())
 * W is subadditive, W(x + x') <= W(x) + W(x'): its k is at most the sum of both and one
 * more, which costs T - C, and each of the two has that as well.
 *
 * W for a thread that blocks and is alone in its server. Where it wakes before y it has
 * no new instance, but a bound all the same: let r be the activation with a full budget
 * before, and x all that it has executed since and will until this stage ends. Each of these
 * wake-ups found the budget that was left sure to come by the deadline, so all is done by
 * r + W(x), as if it had come at once.
 *
 * A message that is due at t: the claim is that its stages end by t + h + W(a),
 * t + h + W(a) + h + W(b), and so on, which is at most t + the sum S, if messages are due S
 * apart. By induction over stages and messages: where the stage's server is activated in the
 * stage the claim is W itself. Else it was in an earlier stage, of this message or of the
 * j-th before it; that stage began in time, each stage in between adds at most its W, and
 * those of j messages at most j S. For one way, where messages may follow before the last
 * one has arrived, each server has only its own stages, so it is enough if each of them is
 * at most the distance, and if no sender waits for room: a ring that has room for q messages
 * has it for the next one if the q-th before that, due q distances earlier, has arrived. A message of several slots is several stages on either side:
 * W of what came before a slot and W of the rest are at most what is counted.
 *
 * Where nothing is known of the distance, a stage may begin anywhere in an instance: B, but
 * for the reply: the sender has done a from anywhere, by B(a), and d is W or goes
 * on with that instance, B(a + d) <= B(a) + W(d).
 *
 * A message of more slots than the ring has goes in rounds of a ring each.  When a round
 * has been received the sender has room for the next one, whatever it has done before: its
 * work is at most a ring, then the receiver's is: rounds (B(m x_s) + B(m x_r) + 2 hops), and
 * with W where that holds, as these are stages like others.
 *
 * Other members share the budget: members run in FIFO order with a slice, and who wakes
 * goes to the tail. A work of n slots is of ceil(x/slice) + n turns at most, as a turn ends
 * with a slice or a wait, or began before the work did where the thread polls; before each
 * of them each other member has one.
 *
 * A stage with a switch anywhere in it: supply_switched(), and B for all stages of that
 * side.  Switches are further apart than the bound, so only one stage has one: that in which
 * it costs most.
 */
#include <stddef.h>

#include "analyze/channel.h"

#define PS	1000

static bool one_init(struct supply *s, const struct resource *res, uint64_t overhead, bool aligned)
{
	return !res->period || supply_init(s, res, overhead, aligned);
}

bool channel_init(struct channel *c, uint64_t overhead, bool aligned, enum channel_side *side)
{
	for (*side = SENDER; *side < SIDES; (*side)++) {
		if (!one_init(&c->supply[*side], &c->res[*side], overhead, aligned) ||
		    !one_init(&c->after[*side], &c->to[*side], overhead, aligned))
			return false;
	}
	return true;
}

static uint32_t cap_of(const struct resource *res, bool aligned)
{
	if (!res->period)
		return 0;
	return aligned ? resource_cap_aligned(res) : resource_cap(res);
}

uint32_t channel_cap(const struct channel *c, enum channel_side side, bool aligned)
{
	uint32_t cap = cap_of(&c->res[side], aligned), to = cap_of(&c->to[side], aligned);

	return cap > to ? cap : to;
}

static u128 greater(u128 a, u128 b)
{
	return a > b ? a : b;
}

static u128 slots_of(const struct channel *c, uint64_t bytes)
{
	return div_up(bytes, c->slot);
}

static u128 transfer(const struct channel *c, enum channel_side side, u128 bytes, u128 slots)
{
	if (c->seen_slot[side])
		return slots * c->seen_slot[side];
	return div_up(bytes * c->per_byte[side], PS) + slots * c->pass;
}

static u128 work_of(const struct channel *c, enum channel_side side, uint64_t bytes)
{
	return transfer(c, side, bytes, slots_of(c, bytes));
}

static bool in_rounds(const struct channel *c, uint64_t bytes)
{
	return slots_of(c, bytes) > c->slots;
}

static u128 any_time(const struct channel *c, enum channel_side side, u128 work)
{
	u128 time = supply_time(&c->supply[side], work);

	return c->to[side].period ? greater(time, supply_time(&c->after[side], work)) : time;
}

static u128 switched_time(const struct channel *c, enum channel_side side, u128 work)
{
	const struct supply *a = &c->supply[side], *b = &c->after[side];

	return greater(supply_switched(a, b, work), supply_switched(b, a, work));
}

static u128 with_fellows(const struct channel *c, u128 work, u128 slots)
{
	return c->fellows ? work + (div_up(work, c->slice) + greater(slots, 1)) * c->fellows * c->slice : work;
}

static struct stage *add(const struct channel *c, struct channel_bound *bound,
			 enum channel_side side, const char *what, u128 work, u128 slots)
{
	struct stage *st = &bound->stage[bound->stages++];

	*st = (struct stage){ .side = side, .what = what, .work = work, .rule = STAGE_ANY, .rounds = 1 };
	if (c->supply[side].aligned)
		st->rule = STAGE_LATE;
	st->busy = with_fellows(c, work, slots);
	st->time = any_time(c, side, st->busy);
	return st;
}

/* Why W does not hold whatever the distance between messages, or NULL */
static const char *never_full(const struct channel *c, enum channel_side side)
{
	if (c->supply[side].aligned)
		return "aligned release waits for a multiple";
	if (c->polls)
		return "it polls, which burns the budget";
	if (c->fellows)
		return "other members use the budget, and have turns first";
	if (c->to[side].period)
		return "it switches, and may be ahead then";
	return NULL;
}

static void full(const struct channel *c, struct stage *st, const char *why)
{
	st->rule = STAGE_FULL;
	st->why = why;
	st->time = supply_time_full(&c->supply[st->side], st->work);
}

static void choose_rule(const struct channel *c, struct stage *st, bool apart)
{
	st->why = never_full(c, st->side);
	if (!st->why && apart)
		full(c, st, "it is sure to be done before the next message");
	else if (!st->why)
		st->why = "nothing is known of the distance of messages";
}

/* Both sides of a message that is longer than the ring */
static void add_rounds(const struct channel *c, struct channel_bound *bound, enum channel_side from,
		       uint64_t bytes)
{
	u128 rounds = div_up(slots_of(c, bytes), c->slots);
	enum channel_side side[] = { from, from == SENDER ? RECEIVER : SENDER };
	static const char *const what[] = { "send a ring", "receive a ring" };
	struct stage *st;
	int i;

	for (i = 0; i < 2; i++) {
		st = add(c, bound, side[i], what[i],
			 transfer(c, side[i], (u128)c->slots * c->slot, c->slots), c->slots);
		choose_rule(c, st, c->every);
		st->rounds = rounds;
		st->time *= rounds;
	}
	bound->hops += 2 * rounds;
}

/* Of what goes through in one round; any of them may be missing */
static void choose_rules(const struct channel *c, struct stage *a, struct stage *b, struct stage *d)
{
	if (a)
		choose_rule(c, a, c->every);
	if (b)
		choose_rule(c, b, c->every);
	if (d)
		choose_rule(c, d, c->every || a);
	if (d && d->rule == STAGE_FULL)
		d->why = "in a new instance, or with the stage before";
}

static u128 extra(const struct channel *c, const struct stage *st)
{
	if (!c->to[st->side].period)
		return 0;
	return switched_time(c, st->side, st->busy) - any_time(c, st->side, st->busy);
}

static void place_switch(const struct channel *c, struct channel_bound *bound)
{
	struct stage *worst = NULL;
	int i;

	for (i = 0; i < bound->stages; i++) {
		if (!worst || extra(c, &bound->stage[i]) > extra(c, worst))
			worst = &bound->stage[i];
	}
	if (!c->to[worst->side].period)
		return;
	worst->time += extra(c, worst);
	worst->rule = STAGE_SWITCH;
	worst->why = "the switch costs most here";
}

static u128 seen(const struct channel *c, int stage, u128 work)
{
	return c->seen[stage] ? c->seen[stage] : work;
}

static void add_stages(const struct channel *c, struct channel_bound *bound)
{
	struct stage *a = NULL, *b = NULL, *d = NULL;
	bool rounds = in_rounds(c, c->message), back = c->reply && in_rounds(c, c->reply);
	u128 there = slots_of(c, c->message), answer = slots_of(c, c->reply), slots = 0, work = c->process;

	if (rounds) {
		add_rounds(c, bound, SENDER, c->message);
	} else {
		a = add(c, bound, SENDER, "send", seen(c, 0, work_of(c, SENDER, c->message)), there);
		work += work_of(c, RECEIVER, c->message);
		slots += there;
		bound->hops++;
	}
	if (c->reply && !back) {
		work += work_of(c, RECEIVER, c->reply);
		slots += answer;
	}
	if (work || a)
		b = add(c, bound, RECEIVER, c->reply ? "receive, process, reply" : "receive, process",
			rounds ? work : seen(c, 1, work), slots);
	if (back) {
		add_rounds(c, bound, RECEIVER, c->reply);
	} else if (c->reply) {
		d = add(c, bound, SENDER, "receive the reply", seen(c, 2, work_of(c, SENDER, c->reply)),
			answer);
		bound->hops++;
	}
	choose_rules(c, a, b, d);
}

/*
 * A round trip, or a message in rounds, ends before the next one; of one way, each stage does,
 * and the ring has room
 */
static u128 distance(const struct channel *c, const struct channel_bound *bound)
{
	u128 most;
	int i;

	if (c->reply || in_rounds(c, c->message))
		return bound->total;
	most = div_up(bound->total, c->slots / slots_of(c, c->message));
	for (i = 0; i < bound->stages; i++)
		most = greater(most, bound->stage[i].time);
	return most;
}

static void add_up(const struct channel *c, struct channel_bound *bound)
{
	int i;

	*bound = (struct channel_bound){ .hops = !!c->every };	/* a timer wakes the sender */
	add_stages(c, bound);
	place_switch(c, bound);
	bound->total = bound->hops * c->hop;
	for (i = 0; i < bound->stages; i++)
		bound->total += bound->stage[i].time;
	bound->least_every = distance(c, bound);
}

/* With a distance that is long enough: what it must be for that */
static u128 least_every(const struct channel *c)
{
	struct channel apart = *c;
	struct channel_bound bound;

	apart.every = UINT64_MAX;
	add_up(&apart, &bound);
	return bound.least_every;
}

void channel_bound(const struct channel *c, struct channel_bound *bound)
{
	add_up(c, bound);
	bound->least_every = least_every(c);
	bound->backlog = c->every && c->every < bound->least_every;
	if (c->every && !c->reply && !bound->backlog)
		bound->age = c->every + bound->total;
}

u128 channel_published(const struct channel *c, const struct channel_bound *bound)
{
	u128 sum = 0;
	int i;

	for (i = 0; i < bound->stages; i++) {
		const struct stage *st = &bound->stage[i];
		const struct resource *res = &c->res[st->side];

		sum += st->rounds * (st->work / res->runtime * res->period + st->work % res->runtime +
				     res->period - res->runtime);
	}
	return sum;
}

const char *stage_rule_name(enum stage_rule rule)
{
	static const char *const names[] = {
		[STAGE_FULL] = "W", [STAGE_ANY] = "B", [STAGE_LATE] = "late", [STAGE_SWITCH] = "switch",
	};

	return names[rule];
}
