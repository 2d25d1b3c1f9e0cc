// SPDX-License-Identifier: GPL-2.0
/*
 * The bounds of communication against every schedule.
 *
 * A server is simulated in slots of one unit by the rules of the class alone. An adversary
 * decides for each slot whether a server that may run does, as long as its budget still
 * fits before its deadline. All states that can be reached are visited, over any number of
 * messages, so the worst case that is found is the exact one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tests/unit.h"

#include "analyze/channel.h"
#include "tests/model.h"
#include "tests/slot_sim.h"

#define LEFT_MAX	5

/* For both sides */
struct state {
	int time;		/* since the message was due */
	int stage;		/* 0, 1, 2, or 3: nothing to do */
	int left;
	struct sim side[SIDES];
};

struct search {
	struct resource res[SIDES];
	int work[3];
	int every;		/* at least; 0: at any time after the last one */
	bool polls;
	int worst;
	uint8_t *seen;
	struct state *stack;
	size_t depth, room;
};

#define STATES	(TIME_MAX * 4 * (LEFT_MAX + 1) * SIMS * SIMS)

static size_t number(const struct state *s)
{
	size_t n = (s->time * 4 + s->stage) * (LEFT_MAX + 1) + s->left;
	int i;

	for (i = 0; i < SIDES; i++)
		n = (n * (TAU_MAX + 1) + s->side[i].tau) * (USED_MAX + 1) + s->side[i].used;
	return n;
}

static void push(struct search *q, const struct state *s)
{
	size_t n = number(s);

	assert_true(s->time < TIME_MAX && n < STATES);
	if (q->seen[n / 8] & 1 << n % 8)
		return;
	q->seen[n / 8] |= 1 << n % 8;
	if (q->depth == q->room) {
		q->room = q->room ? 2 * q->room : 4096;
		q->stack = realloc(q->stack, q->room * sizeof(*q->stack));
		assert_non_null(q->stack);
	}
	q->stack[q->depth++] = *s;
}

static int side_of(int stage)
{
	return stage == 1 ? RECEIVER : SENDER;
}

static bool runnable(const struct search *q, const struct state *s, int side)
{
	return q->polls || (s->stage < 3 && side_of(s->stage) == side);
}

/* To the next stage at once; a side that blocks wakes for it, the sender at t0 as well */
static void enter(const struct search *q, struct state *s, int stage, bool continues)
{
	s->stage = stage;
	s->left = q->work[stage];
	if (!q->polls && !continues)
		wake(&s->side[side_of(stage)], &q->res[side_of(stage)]);
}

static void begin(struct search *q, struct state s, bool continues)
{
	s.time = 0;
	enter(q, &s, 0, continues);
	push(q, &s);
}

static void ended(struct search *q, struct state *s)
{
	if (s->stage < 2) {
		enter(q, s, s->stage + 1, false);
		push(q, s);
		return;
	}
	if (s->time > q->worst)
		q->worst = s->time;
	if (!q->every)
		begin(q, *s, true);
	s->stage = 3;
	push(q, s);
}

static void advance(struct search *q, struct state s, const bool *runs)
{
	int i;

	for (i = 0; i < SIDES; i++) {
		s.side[i].tau += s.side[i].tau < TAU_MAX;
		s.side[i].used += runs[i];
	}
	/* Messages may come later than that, at any time */
	s.time += s.stage < 3 || s.time < q->every;
	if (s.stage < 3 && runs[side_of(s.stage)] && !--s.left) {
		ended(q, &s);
		return;
	}
	push(q, &s);
}

static void next_slot(struct search *q, struct state s)
{
	bool runs[SIDES];
	int choice, i;

	for (i = 0; i < SIDES; i++) {
		if (runnable(q, &s, i))
			release(&s.side[i], &q->res[i]);
	}
	for (choice = 0; choice < 4; choice++) {
		bool allowed = true;

		for (i = 0; i < SIDES; i++) {
			bool can = runnable(q, &s, i) && may_run(&s.side[i], &q->res[i]);

			runs[i] = choice >> i & 1;
			allowed &= runs[i] ? can : !(can && must_run(&s.side[i], &q->res[i]));
		}
		if (allowed)
			advance(q, s, runs);
	}
}

static void visit(struct search *q, struct state s)
{
	if (s.stage == 3 && s.time >= q->every)
		begin(q, s, false);
	next_slot(q, s);
}

static void start(struct search *q)
{
	struct state s = { .stage = 3, .time = q->every };
	int i;

	/* Idle for long; who polls is somewhere in an instance that can be met */
	for (i = 0; i < SIDES; i++)
		s.side[i].tau = q->polls ? 0 : TAU_MAX;
	push(q, &s);
}

static int exact_worst(struct search *q)
{
	q->seen = calloc(STATES / 8 + 1, 1);
	assert_non_null(q->seen);
	q->depth = 0;
	q->worst = 0;
	start(q);
	while (q->depth)
		visit(q, q->stack[--q->depth]);
	free(q->seen);
	return q->worst;
}

static void make_channel(struct channel *c, const struct search *q)
{
	enum channel_side side;

	*c = (struct channel){
		.res = { q->res[SENDER], q->res[RECEIVER] }, .slot = 1, .slots = 1, .message = 1,
		.reply = 1, .per_byte = { q->work[0] * 1000, 0 }, .process = q->work[1],
		.every = q->every, .polls = q->polls,
	};
	assert_int_equal(q->work[0], q->work[2]);
	assert_true(channel_init(c, 0, false, &side));
}

static void check_exchange(struct search *q, struct tally *t)
{
	struct channel_bound b;
	struct channel c;
	int worst;

	make_channel(&c, q);
	channel_bound(&c, &b);
	if (b.backlog)
		return;
	worst = exact_worst(q);
	if ((u128)worst > b.total)
		fail_msg("(%d,%d) (%d,%d) work %d %d every %d polls %d: %d above the bound %d",
			 (int)q->res[0].runtime, (int)q->res[0].period, (int)q->res[1].runtime,
			 (int)q->res[1].period, q->work[0], q->work[1], q->every, q->polls, worst,
			 (int)b.total);
	t->cases++;
	t->reached += (u128)worst == b.total;
	t->beyond_published += (u128)worst > channel_published(&c, &b);
}

typedef void (*checker)(struct search *q, struct tally *t);

/* All pairs of servers with periods up to @longest, all works up to @most */
static void all_cases(int longest, int most, checker check, struct tally *t)
{
	struct search q = { 0 };
	int c0, t0, c1, t1, a, b;

	for (t0 = 2; t0 <= longest; t0++)
	for (c0 = 1; c0 < t0; c0++)
	for (t1 = 2; t1 <= longest; t1++)
	for (c1 = 1; c1 < t1; c1++)
	for (a = 1; a <= most; a++)
	for (b = 1; b <= most; b++) {
		q.res[SENDER] = (struct resource){ c0, t0 };
		q.res[RECEIVER] = (struct resource){ c1, t1 };
		q.work[0] = q.work[2] = a;
		q.work[1] = b;
		check(&q, t);
	}
	free(q.stack);
}

static void check_polling(struct search *q, struct tally *t)
{
	q->polls = true;
	q->every = 0;
	check_exchange(q, t);
}

static void check_any_time(struct search *q, struct tally *t)
{
	q->polls = false;
	q->every = 0;
	check_exchange(q, t);
}

static u128 least_every(struct search *q)
{
	struct channel_bound b;
	struct channel c;

	q->every = 0;
	make_channel(&c, q);
	channel_bound(&c, &b);
	return b.least_every;
}

/* As close as they may be, or at any time after that */
static void check_apart(struct search *q, struct tally *t)
{
	q->polls = false;
	q->every = least_every(q);
	check_exchange(q, t);
}

static void polling_is_bounded_by_any_time(void **state)
{
	struct tally t = { 0 };

	(void)state;
	all_cases(4, 3, check_polling, &t);
	at_least("round trips of who polls that reach B + B + B", t.reached, t.cases, 25);
	at_least("and are above the published formula", t.beyond_published, t.cases, 25);
}

/* The worst of all is below the sum, as a sender that goes on at once has just waited */
static void blocking_at_any_time_is_bounded(void **state)
{
	struct tally t = { 0 };

	(void)state;
	all_cases(4, 3, check_any_time, &t);
	assert_int_equal(t.cases, 324);
}

static void full_budgets_are_bounded(void **state)
{
	struct tally t = { 0 };

	(void)state;
	all_cases(4, 3, check_apart, &t);
	at_least("round trips before the next one that reach W + W + W", t.reached, 324, 100);
}

/*
 * A message of @slots through a ring of @ring, one unit of work for each side and slot,
 * both polling: how many are sent and received instead of stage and work.
 */
struct ring {
	struct resource res;
	int slots, ring, worst;
	uint8_t *seen;
};

static void ring_visit(struct ring *r, int time, int sent, int received, struct sim s, struct sim d)
{
	size_t n = ((((size_t)time * 16 + sent) * 16 + received) * 8 + s.tau) * 4 + s.used;
	bool runs[2];
	int choice;

	n = (n * 8 + d.tau) * 4 + d.used;
	if (received == r->slots || r->seen[n]) {
		if (received == r->slots && time > r->worst)
			r->worst = time;
		return;
	}
	r->seen[n] = 1;
	release(&s, &r->res);
	release(&d, &r->res);
	for (choice = 0; choice < 4; choice++) {
		runs[0] = choice & 1;
		runs[1] = choice >> 1;
		if ((runs[0] ? !may_run(&s, &r->res) : must_run(&s, &r->res)) ||
		    (runs[1] ? !may_run(&d, &r->res) : must_run(&d, &r->res)))
			continue;
		ring_visit(r, time + 1, sent + (runs[0] && sent < r->slots && sent - received < r->ring),
			   received + (runs[1] && received < sent),
			   (struct sim){ s.tau + 1, s.used + runs[0] },
			   (struct sim){ d.tau + 1, d.used + runs[1] });
	}
}

static bool possible(const struct resource *res, int tau, int used)
{
	return used <= tau && used <= (int)res->runtime &&
	       (int)res->runtime - used <= (int)res->period - tau;
}

static int ring_worst(struct ring *r)
{
	int t0, u0, t1, u1, period = r->res.period;

	r->seen = calloc((size_t)TIME_MAX * 16 * 16 * 8 * 4 * 8 * 4, 1);
	assert_non_null(r->seen);
	r->worst = 0;
	for (t0 = 0; t0 < period; t0++)
	for (u0 = 0; u0 <= t0; u0++)
	for (t1 = 0; t1 < period; t1++)
	for (u1 = 0; u1 <= t1; u1++) {
		if (possible(&r->res, t0, u0) && possible(&r->res, t1, u1))
			ring_visit(r, 0, 0, 0, (struct sim){ t0, u0 }, (struct sim){ t1, u1 });
	}
	free(r->seen);
	return r->worst;
}

static void ring_channel(const struct ring *r, struct channel *c)
{
	enum channel_side side;

	*c = (struct channel){
		.res = { r->res, r->res }, .slot = 1, .slots = r->ring, .message = r->slots, .pass = 1,
		.polls = true,
	};
	assert_true(channel_init(c, 0, false, &side));
}

static void rings_are_bounded(void **state)
{
	struct channel_bound b;
	struct channel c;
	struct ring r;
	int worst;

	(void)state;
	for (r.res.period = 2; r.res.period <= 5; r.res.period++)
	for (r.res.runtime = 1; r.res.runtime <= 2 && r.res.runtime < r.res.period; r.res.runtime++)
	for (r.slots = 1; r.slots <= 5; r.slots++)
	for (r.ring = 1; r.ring <= 4; r.ring++) {
		ring_channel(&r, &c);
		channel_bound(&c, &b);
		worst = ring_worst(&r);
		if ((u128)worst > b.total)
			fail_msg("(%d,%d) %d slots in a ring of %d: %d above %d",
				 (int)r.res.runtime, (int)r.res.period, r.slots, r.ring, worst,
				 (int)b.total);
	}
}

/*
 * The same with sides that block, alone in their servers: messages of that many slots, each
 * due when the last one has arrived and @every is over, or at any time after that.
 */
struct flow {
	int time, sent, received;
	struct sim s, d;
};

struct stream {
	struct resource res;
	int slots, ring, every, worst;
	uint8_t *seen;
	struct flow *stack;
	size_t depth, room;
};

#define FLOWS	((size_t)TIME_MAX * 8 * 8 * SIMS * SIMS)

static bool sends(const struct stream *q, const struct flow *f)
{
	return f->sent < q->slots && f->sent - f->received < q->ring;
}

static bool receives(const struct flow *f)
{
	return f->received < f->sent;
}

static void flow_push(struct stream *q, struct flow f)
{
	size_t n = ((size_t)f.time * 8 + f.sent) * 8 + f.received;

	n = (n * (TAU_MAX + 1) + f.s.tau) * (USED_MAX + 1) + f.s.used;
	n = (n * (TAU_MAX + 1) + f.d.tau) * (USED_MAX + 1) + f.d.used;
	assert_true(f.time < TIME_MAX && n < FLOWS);
	if (q->seen[n / 8] & 1 << n % 8)
		return;
	q->seen[n / 8] |= 1 << n % 8;
	if (q->depth == q->room) {
		q->room = q->room ? 2 * q->room : 4096;
		q->stack = realloc(q->stack, q->room * sizeof(*q->stack));
		assert_non_null(q->stack);
	}
	q->stack[q->depth++] = f;
}

/* A slot in which one of them may run, or none; what that makes possible wakes the other */
static void flow_step(struct stream *q, struct flow f, bool s_runs, bool d_runs)
{
	bool sent = sends(q, &f), received = receives(&f);

	f.s.tau += f.s.tau < TAU_MAX;
	f.d.tau += f.d.tau < TAU_MAX;
	f.s.used += s_runs;
	f.d.used += d_runs;
	f.time += f.received < q->slots || f.time < q->every;
	f.sent += s_runs;
	f.received += d_runs;
	if (!sent && sends(q, &f))
		wake(&f.s, &q->res);
	if (!received && receives(&f))
		wake(&f.d, &q->res);
	if (d_runs && f.received == q->slots && f.time > q->worst)
		q->worst = f.time;
	flow_push(q, f);
}

static void flow_visit(struct stream *q, struct flow f)
{
	int choice;

	if (f.received == q->slots && f.time >= q->every) {
		struct flow next = { .s = f.s, .d = f.d };

		wake(&next.s, &q->res);
		flow_push(q, next);
	}
	if (sends(q, &f))
		release(&f.s, &q->res);
	if (receives(&f))
		release(&f.d, &q->res);
	for (choice = 0; choice < 4; choice++) {
		if (allowed(sends(q, &f), choice & 1, &f.s, &q->res) &&
		    allowed(receives(&f), choice & 2, &f.d, &q->res))
			flow_step(q, f, choice & 1, choice & 2);
	}
}

static int stream_worst(struct stream *q)
{
	struct flow idle = {
		.time = q->every, .sent = q->slots, .received = q->slots, .s.tau = TAU_MAX, .d.tau = TAU_MAX,
	};

	q->seen = calloc(FLOWS / 8 + 1, 1);
	assert_non_null(q->seen);
	q->depth = 0;
	q->worst = 0;
	flow_push(q, idle);
	while (q->depth)
		flow_visit(q, q->stack[--q->depth]);
	free(q->seen);
	return q->worst;
}

static void streams_are_bounded(void **state)
{
	int cases = 0, reached = 0, worst;
	struct stream q = { 0 };
	enum channel_side side;
	struct channel_bound b;
	struct channel c;

	(void)state;
	for (q.res.period = 2; q.res.period <= 4; q.res.period++)
	for (q.res.runtime = 1; q.res.runtime < q.res.period; q.res.runtime++)
	for (q.slots = 1; q.slots <= 4; q.slots++)
	for (q.ring = 1; q.ring <= 3; q.ring++) {
		c = (struct channel){
			.res = { q.res, q.res }, .slot = 1, .slots = q.ring, .message = q.slots, .pass = 1,
			.every = 1,
		};
		assert_true(channel_init(&c, 0, false, &side));
		channel_bound(&c, &b);
		/* The next one is due when the last one has arrived at the earliest */
		q.every = b.total;
		worst = stream_worst(&q);
		if ((u128)worst > b.total)
			fail_msg("(%d,%d) %d slots in a ring of %d: %d above %d",
				 (int)q.res.runtime, (int)q.res.period, q.slots, q.ring, worst,
				 (int)b.total);
		cases++;
		reached += (u128)worst == b.total;
	}
	free(q.stack);
	at_least("messages in rounds of who blocks that reach the bound", reached, cases, 25);
}

/* One stage of a thread whose fellows always have work; the model's task 0 is the thread */
static void check_fellows(const struct channel *c, const struct stage *st, uint32_t seed)
{
	struct load load = { .tasks = 1 + c->fellows, .task = { { st->work, 400, 400 } } };
	struct scenario sc = {
		.load = &load, .supply = &c->supply[st->side], .slice = c->slice, .jitter = true,
		.seed = seed, .length = 4000,
	};
	int worst[LOAD_MAX], i;

	for (i = 1; i < load.tasks; i++)
		load.task[i] = (struct load_task){ 4000, 4000, 4000 };
	for (sc.adversary = EAGER; sc.adversary < ADVERSARIES; sc.adversary++) {
		model_run(&sc, worst);
		if ((u128)worst[0] > st->time && st->time < 400)
			fail_msg("(%d,%d) work %d, %d others, slice %d: %d above %d",
				 (int)c->res[st->side].runtime, (int)c->res[st->side].period, (int)st->work,
				 (int)c->fellows, (int)c->slice, worst[0], (int)st->time);
	}
}

static void fellows_have_turns(void **state)
{
	enum channel_side side;
	struct channel_bound b;
	struct channel c;
	uint32_t seed, rnd;

	(void)state;
	for (seed = 1; seed <= 1000; seed++) {
		rnd = seed * 2654435761U;
		c = (struct channel){ .slot = 1, .slots = 1, .message = 1, .fellows = 1 + model_random(&rnd, 3) };
		c.slice = 1 + model_random(&rnd, 4);
		c.pass = 1 + model_random(&rnd, 6);
		c.res[SENDER].period = 2 + model_random(&rnd, 12);
		c.res[SENDER].runtime = 1 + model_random(&rnd, c.res[SENDER].period);
		c.res[RECEIVER] = c.res[SENDER];
		assert_true(channel_init(&c, 0, false, &side));
		channel_bound(&c, &b);
		check_fellows(&c, &b.stage[0], rnd);
	}
}

/* Six messages of one slot, both sides (2, 5): 48 is published, 64 is the exact worst case */
static void published_ring_is_exceeded(void **state)
{
	struct ring r = { .res = { 2, 5 }, .slots = 6, .ring = 1 };
	struct channel_bound b;
	struct channel c;

	(void)state;
	ring_channel(&r, &c);
	channel_bound(&c, &b);
	assert_int_equal((int)channel_published(&c, &b), 48);
	assert_int_equal(ring_worst(&r), 64);
	assert_int_equal((int)b.total, 84);
}

/* One stage of x on (2, 10): who polls has 17 where 9 is published */
static void published_stage_is_wrong_both_ways(void **state)
{
	struct supply s;
	struct resource res = { 2, 10 };

	(void)state;
	assert_true(supply_init(&s, &res, 0, false));
	assert_int_equal((int)supply_time(&s, 1), 17);
	assert_int_equal((int)supply_time_full(&s, 1), 9);
	/* Where the budget divides the work it is T - C too long for who wakes full */
	assert_int_equal((int)supply_time_full(&s, 2), 10);
	assert_int_equal(2 / 2 * 10 + 2 % 2 + 8, 18);
	assert_int_equal((int)supply_time(&s, 2), 18);
	assert_int_equal((int)supply_time_full(&s, 3), 19);
}

/*
 * A stage in which its server switches once: time, work, instance, and what is still to
 * come before its next release. z is in slots: the cap is 1/inverse.
 */
struct change {
	struct resource res[2];
	int inverse, worst;
	uint8_t seen[64][8][2][16][8][8];
};

static void change_visit(struct change *c, int time, int left, int which, int wait, struct sim s)
{
	const struct resource *res = &c->res[which];
	bool run;

	if (!left) {
		c->worst = time > c->worst ? time : c->worst;
		return;
	}
	if (c->seen[time][left][which][wait][s.tau][s.used])
		return;
	c->seen[time][left][which][wait][s.tau][s.used] = 1;
	if (!which) {
		/* Whatever it is doing: z = release + used/cap, and now = release + tau */
		int z = s.used * c->inverse - s.tau;

		change_visit(c, time, left, 1, z > 0 ? z : 0, (struct sim){ 0, 0 });
	}
	if (wait) {
		change_visit(c, time + 1, left, which, wait - 1, s);
		return;
	}
	release(&s, res);
	for (run = false;; run = true) {
		if (run ? may_run(&s, res) : !must_run(&s, res))
			change_visit(c, time + 1, left - run, which, 0,
				     (struct sim){ s.tau + 1, s.used + run });
		if (run)
			return;
	}
}

static int change_worst(struct change *c, int work)
{
	int tau, used;

	memset(c->seen, 0, sizeof(c->seen));
	c->worst = 0;
	for (tau = 0; tau < (int)c->res[0].period; tau++)
	for (used = 0; used <= tau; used++) {
		if (possible(&c->res[0], tau, used))
			change_visit(c, 0, work, 0, 0, (struct sim){ tau, used });
	}
	return c->worst;
}

/* The bound is of who switches at any time, so also of one that never does */
static void check_change(struct change *c, int *cases, int *reached)
{
	struct supply from, to;
	int work, worst, bound;

	assert_true(supply_init(&from, &c->res[0], 0, false) && supply_init(&to, &c->res[1], 0, false));
	for (work = 1; work <= 5; work++) {
		bound = supply_switched(&from, &to, work);
		if ((int)supply_time(&from, work) > bound)
			bound = supply_time(&from, work);
		worst = change_worst(c, work);
		if (worst > bound)
			fail_msg("(%d,%d) to (%d,%d), cap 1/%d, work %d: %d above %d",
				 (int)c->res[0].runtime, (int)c->res[0].period, (int)c->res[1].runtime,
				 (int)c->res[1].period, c->inverse, work, worst, bound);
		(*cases)++;
		*reached += worst == bound;
	}
}

static void switches_are_bounded(void **state)
{
	static struct change c;
	int cases = 0, reached = 0;
	uint64_t t0, t1, c0, c1;

	(void)state;
	for (c.inverse = 2; c.inverse <= 3; c.inverse++)
	for (t0 = 2; t0 <= 6; t0++)
	for (c0 = 1; c0 * c.inverse <= t0; c0++)
	for (t1 = 2; t1 <= 6; t1++)
	for (c1 = 1; c1 * c.inverse <= t1; c1++) {
		c.res[0] = (struct resource){ c0, t0 };
		c.res[1] = (struct resource){ c1, t1 };
		check_change(&c, &cases, &reached);
	}
	at_least("stages with a switch that reach the bound", reached, cases, 90);
}

static void long_switched_stages_have_a_coarser_bound(void **state)
{
	struct resource one = { 1 * MS, 10 * MS }, two = { 100 * US, 10 * MS };
	struct supply from, to;

	(void)state;
	assert_true(supply_init(&from, &one, 0, false) && supply_init(&to, &two, 0, false));
	assert_true(supply_switched(&from, &to, 11000 * MS) >= supply_time_full(&to, 11000 * MS));
	assert_true(supply_switched(&from, &to, 0) == 0);
}

static void full_wakeups_wait_less_by_a_gap(void **state)
{
	struct resource res = { 3, 10 };
	struct supply s;
	int work;

	(void)state;
	assert_true(supply_init(&s, &res, 0, false));
	for (work = 1; work < 20; work++)
		assert_true(supply_time(&s, work) - supply_time_full(&s, work) == 7);
	assert_true(supply_time_full(&s, 0) == 0);
	s.aligned = true;
	assert_true(supply_time_full(&s, 2) == supply_time(&s, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(polling_is_bounded_by_any_time),
		cmocka_unit_test(blocking_at_any_time_is_bounded),
		cmocka_unit_test(full_budgets_are_bounded),
		cmocka_unit_test(rings_are_bounded),
		cmocka_unit_test(streams_are_bounded),
		cmocka_unit_test(fellows_have_turns),
		cmocka_unit_test(published_ring_is_exceeded),
		cmocka_unit_test(published_stage_is_wrong_both_ways),
		cmocka_unit_test(switches_are_bounded),
		cmocka_unit_test(long_switched_stages_have_a_coarser_bound),
		cmocka_unit_test(full_wakeups_wait_less_by_a_gap),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
