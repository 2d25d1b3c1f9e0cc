// SPDX-License-Identifier: GPL-2.0
/*
 * The bounds of communication against every schedule.
 *
 * A server is simulated in slots of one unit by the rules of the class alone. An adversary
 * decides for each slot whether a server that may run does, as long as its budget still
 * fits before its deadline. All states that can be reached are visited, over any number of
 * messages, so the worst case that is found is the exact one.
 */
#include "base/tests/unit.h"

#include "analyze/channel.h"
#include "tests/frontier.h"
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
	struct frontier states;
};

#define STATES	(TIME_MAX * 4 * (LEFT_MAX + 1) * SIMS * SIMS)

static size_t number(const struct state *s)
{
	size_t n = (s->time * 4 + s->stage) * (LEFT_MAX + 1) + s->left;
	int i;

	for (i = 0; i < SIDES; i++)
		n = sim_number(n, &s->side[i]);
	return n;
}

static void push(struct search *q, const struct state *s)
{
	assert_true(s->time < TIME_MAX);
	frontier_add(&q->states, number(s), s);
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
	struct state s;

	frontier_begin(&q->states, STATES, sizeof(s));
	q->worst = 0;
	start(q);
	while (frontier_take(&q->states, &s))
		visit(q, s);
	frontier_end(&q->states);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(polling_is_bounded_by_any_time),
		cmocka_unit_test(blocking_at_any_time_is_bounded),
		cmocka_unit_test(full_budgets_are_bounded),
		cmocka_unit_test(fellows_have_turns),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
