// SPDX-License-Identifier: GPL-2.0
/* The bounds of a message in pieces, through a ring of few slots, against every schedule. */
#include <stdlib.h>

#include "base/tests/unit.h"

#include "analyze/channel.h"
#include "tests/frontier.h"
#include "tests/slot_sim.h"

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
	struct frontier flows;
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

	assert_true(f.time < TIME_MAX);
	frontier_add(&q->flows, sim_number(sim_number(n, &f.s), &f.d), &f);
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
	struct flow f = {
		.time = q->every, .sent = q->slots, .received = q->slots, .s.tau = TAU_MAX, .d.tau = TAU_MAX,
	};

	frontier_begin(&q->flows, FLOWS, sizeof(f));
	q->worst = 0;
	flow_push(q, f);
	while (frontier_take(&q->flows, &f))
		flow_visit(q, f);
	frontier_end(&q->flows);
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
	at_least("messages in rounds of who blocks that reach the bound", reached, cases, 25);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings_are_bounded),
		cmocka_unit_test(streams_are_bounded),
		cmocka_unit_test(published_ring_is_exceeded),
	};

	return cmocka_run_group_tests_name("rings", tests, NULL, NULL);
}
