// SPDX-License-Identifier: GPL-2.0
/*
 * The bound of messages that follow one another whether or not those before have arrived,
 * against every schedule: how close they may be, and how old the oldest one gets.
 */
#include "base/tests/unit.h"

#include "analyze/channel.h"
#include "tests/frontier.h"
#include "tests/slot_sim.h"

/*
 * One way, a message every so often, whether or not the last one has arrived: those that are
 * due and not yet received, and how much of them all is sent, and of the oldest received.
 */
struct pipe {
	int phase, due, sent, received;		/* phase: since the last one was due */
	struct sim s, d;
};

struct line {
	struct resource res;
	int slots, ring, every, limit, worst;
	struct frontier pipes;
};

#define DUE_MAX		8
#define PIPE_SENT	16
#define PIPES		((size_t)TIME_MAX / 4 * DUE_MAX * PIPE_SENT * 4 * SIMS * SIMS)

/* What is older than the bound is the worst that there is, and is not looked at any more */
static void pipe_push(struct line *q, struct pipe p)
{
	int oldest = p.due ? (p.due - 1) * q->every + p.phase : 0;
	size_t n = (((size_t)p.phase * DUE_MAX + p.due) * PIPE_SENT + p.sent) * 4 + p.received;

	if (oldest > q->worst)
		q->worst = oldest;
	if (oldest > q->limit)
		return;
	assert_true(p.phase < TIME_MAX / 4 && p.due < DUE_MAX && p.sent < PIPE_SENT);
	frontier_add(&q->pipes, sim_number(sim_number(n, &p.s), &p.d), &p);
}

static bool pipe_sends(const struct line *q, const struct pipe *p)
{
	return p->sent < p->due * q->slots && p->sent - p->received < q->ring;
}

/* After a slot: who has arrived, then who is due, and what that makes possible wakes */
static void pipe_step(struct line *q, struct pipe p, bool s_runs, bool d_runs)
{
	bool sent = pipe_sends(q, &p), received = p.received < p.sent;

	p.s.tau += p.s.tau < TAU_MAX;
	p.d.tau += p.d.tau < TAU_MAX;
	p.s.used += s_runs;
	p.d.used += d_runs;
	p.sent += s_runs;
	p.received += d_runs;
	p.phase++;
	if (p.received == q->slots) {
		if ((p.due - 1) * q->every + p.phase > q->worst)
			q->worst = (p.due - 1) * q->every + p.phase;
		p.due--;
		p.sent -= q->slots;
		p.received = 0;
	}
	if (p.phase == q->every) {
		p.phase = 0;
		p.due++;
	}
	if (!sent && pipe_sends(q, &p))
		wake(&p.s, &q->res);
	if (!received && p.received < p.sent)
		wake(&p.d, &q->res);
	pipe_push(q, p);
}

static void pipe_visit(struct line *q, struct pipe p)
{
	bool sends = pipe_sends(q, &p), receives = p.received < p.sent;
	int choice;

	if (sends)
		release(&p.s, &q->res);
	if (receives)
		release(&p.d, &q->res);
	for (choice = 0; choice < 4; choice++) {
		if (allowed(sends, choice & 1, &p.s, &q->res) &&
		    allowed(receives, choice & 2, &p.d, &q->res))
			pipe_step(q, p, choice & 1, choice & 2);
	}
}

static int line_worst(struct line *q)
{
	struct pipe p = { .phase = q->every - 1, .s.tau = TAU_MAX, .d.tau = TAU_MAX };

	frontier_begin(&q->pipes, PIPES, sizeof(p));
	q->worst = 0;
	pipe_push(q, p);
	while (frontier_take(&q->pipes, &p))
		pipe_visit(q, p);
	frontier_end(&q->pipes);
	return q->worst;
}

/* As close as messages may be: the ring may still have the last ones when the next is due */
static void check_line(struct line *q, struct tally *t)
{
	enum channel_side side;
	struct channel_bound b;
	struct channel c = {
		.res = { q->res, q->res }, .slot = 1, .slots = q->ring, .message = q->slots, .pass = 1,
	};
	int worst;

	assert_true(channel_init(&c, 0, false, &side));
	channel_bound(&c, &b);
	c.every = q->every = b.least_every;
	channel_bound(&c, &b);
	assert_false(b.backlog);
	q->limit = b.total;
	worst = line_worst(q);
	if (worst > q->limit)
		fail_msg("(%d,%d) %d slots in a ring of %d, every %d: %d above %d", (int)q->res.runtime,
			 (int)q->res.period, q->slots, q->ring, q->every, worst, q->limit);
	t->cases++;
	t->reached += worst == q->limit;
}

static void pipelines_are_bounded(void **state)
{
	struct tally t = { 0 };
	struct line q = { 0 };

	(void)state;
	for (q.res.period = 2; q.res.period <= 4; q.res.period++)
	for (q.res.runtime = 1; q.res.runtime < q.res.period; q.res.runtime++)
	for (q.slots = 1; q.slots <= 3; q.slots++)
	for (q.ring = q.slots; q.ring <= 3 * q.slots; q.ring++)
		check_line(&q, &t);
	at_least("messages of a pipeline that reach the bound", t.reached, t.cases, 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipelines_are_bounded),
	};

	return cmocka_run_group_tests_name("pipelines", tests, NULL, NULL);
}
