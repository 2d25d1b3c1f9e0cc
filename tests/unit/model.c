// SPDX-License-Identifier: GPL-2.0
/*
 * A brute-force model of a variable-bandwidth server, as one would explain it.
 *
 * What a server may do is a set of rules.  Each has a condition and an effect; no
 * two conditions hold at once, and they are applied until none holds, so there is
 * no order in which the model does things.  z needs none either: it is the latest
 * of all that any rule demands of it.  Debts are worked off an instance at a time.
 */
#include <stddef.h>
#include "model.h"

/* ---- numbers ---- */

static struct fraction whole(wide n)
{
	return (struct fraction){ n, 1 };
}

int compare(struct fraction a, struct fraction b)
{
	wide left = a.num * b.den, right = b.num * a.den;

	return (left > right) - (left < right);
}

wide round_up(struct fraction f)
{
	wide q = f.num / f.den;

	return q * f.den < f.num ? q + 1 : q;
}

static wide later(wide a, wide b)
{
	return a > b ? a : b;
}

/* ---- y: until then it is ahead of its resource ---- */

struct fraction model_y(const struct model_server *s)
{
	return (struct fraction){
		s->release * s->runtime + s->consumed * s->period, s->runtime
	};
}

static bool ahead_of_resource(const struct model_server *s, wide t)
{
	return compare(whole(t), model_y(s)) < 0;
}

/* ---- z: until then its cap is used up ---- */

struct fraction model_z(const struct model_server *s)
{
	return (struct fraction){
		s->z_from * s->cap + s->z_ran * MODEL_ONE_CPU, s->cap
	};
}

/*
 * @ran is or will be executed from @t on: that takes until t + ran/u of the cap.
 * It says nothing about what was executed before, which may take longer.
 */
static void counts_from(struct model_server *s, wide t, wide ran)
{
	struct model_server other = *s;

	other.z_from = t;
	other.z_ran = ran;
	if (compare(model_z(s), model_z(&other)) < 0)
		*s = other;
}

static wide z_up(const struct model_server *s)
{
	return round_up(model_z(s));
}

/* What has been executed, and would not be under the cap until @t: r + e/u = z */
static wide unpaid_at(const struct model_server *s, wide t)
{
	struct fraction z = model_z(s);

	return round_up((struct fraction){
		later(z.num - t * z.den, 0) * s->cap, z.den * MODEL_ONE_CPU });
}

/* What was executed under one cap is not valued at another */
static void comes_under_cap(struct model_server *s, wide cap)
{
	if (cap == s->cap)
		return;
	s->z_from = z_up(s);
	s->z_ran = 0;
	s->cap = cap;
}

/* ---- aligned release ---- */

/* The first multiple of the period, on the clock of @m, from @t on */
static wide multiple_from(const struct model *m, const struct model_server *s,
			  wide t)
{
	wide n = (t + m->ahead + s->period - 1) / s->period;

	return n * s->period - m->ahead;
}

/* The multiple that @t was before the clock has moved a little */
static wide multiple_near(const struct model *m, const struct model_server *s,
			  wide t)
{
	return multiple_from(m, s, t - s->period / 2);
}

/* A start that is not before @t, nor before z */
static wide start_from(const struct model *m, const struct model_server *s,
		       wide t)
{
	wide at = later(t, z_up(s));

	return s->align ? multiple_from(m, s, at) : at;
}

/* ---- what it is in ---- */

static bool has_work(const struct model_server *s)
{
	return s->nr_user || s->nr_kernel;
}

wide model_budget(const struct model_server *s)
{
	if (s->ended || s->yielded)
		return 0;
	return later(s->runtime - s->consumed, 0);
}

/*
 * Before its release an instance is for the kernel only, three steps long, and
 * only if its deadline is near enough to be compared
 */
unsigned int model_eligible(const struct model_server *s)
{
	if (!model_budget(s))
		return 0;
	if (!s->early)
		return s->nr_kernel + s->nr_user;
	return s->borrows <= MODEL_BORROWS && !s->far ? s->nr_kernel : 0;
}

enum model_state model_state(const struct model_server *s)
{
	if (!has_work(s))
		return MODEL_BLOCKED;
	return model_eligible(s) ? MODEL_READY : MODEL_STOPPED;
}

/* The next release of a server that has no budget, or not yet */
wide model_until(const struct model_server *s)
{
	if (s->ended)
		return s->start;
	return s->early && model_budget(s) ? s->release : s->deadline;
}

/* ---- rules ---- */

/* It is everybody's, and under the cap last asked for */
static void is_released(struct model_server *s)
{
	s->early = false;
	s->borrows = 0;
	comes_under_cap(s, s->cap_next);
	counts_from(s, s->release, s->consumed);
}

/*
 * The instance of @r, of which @e0 is used up before it begins.  If that is all of
 * it, the next one.  One that is still to come can be borrowed from, while the
 * larger of two caps is booked.
 */
static void enters(struct model_server *s, wide r, wide e0, wide t)
{
	comes_under_cap(s, later(s->cap, s->cap_next));
	counts_from(s, r, e0);
	for (; e0 >= s->runtime; e0 -= s->runtime)
		r += s->period;
	s->release = r;
	s->deadline = r + s->period;
	s->consumed = e0;
	s->ended = false;
	s->yielded = false;
	s->missed = false;
	s->early = r > t;
	s->borrows += s->early;
	if (!s->early)
		is_released(s);
}

static bool start_comes(const struct model_server *s, wide t)
{
	return s->ended && t >= s->start;
}

static void starts(struct model *m, struct model_server *s, wide t)
{
	enters(s, s->start, m->cost, t);
}

static bool borrowed_comes(const struct model_server *s, wide t)
{
	return !s->ended && s->early && t >= s->release;
}

static void borrowed_is_released(struct model *m, struct model_server *s, wide t)
{
	(void)m;
	(void)t;
	is_released(s);
}

static bool deadline_comes(const struct model_server *s, wide t)
{
	return !s->ended && !s->early && !model_budget(s) && t >= s->deadline;
}

/*
 * r = d, and what ran beyond the budget is carried.  If the next one would be over
 * too, and the time that passed has paid for all: from now on, and no debt.
 *
 * The multiple that stands for d may have come too early for the cap: then all that
 * is unpaid is carried.  Of a multiple at which that is a budget or more nothing would
 * be left: the next one, and each pays for one budget of the debt.
 */
static void next_from_deadline(struct model *m, struct model_server *s, wide t)
{
	wide debt = later(s->consumed - s->runtime, 0), r = s->deadline;

	if (s->deadline + s->period <= t && !ahead_of_resource(s, t)) {
		enters(s, start_from(m, s, t), m->cost, t);
		return;
	}
	if (s->align)
		r = later(r, multiple_near(m, s, r));
	if (s->align && unpaid_at(s, r) > debt) {
		for (; unpaid_at(s, r) + m->cost >= s->runtime; r += s->period)
			debt = later(debt - s->runtime, 0);
		debt = later(debt, unpaid_at(s, r));
	}
	enters(s, r, debt + m->cost, t);
}

/* Who is in the kernel is not stopped, as long as no release is there to enter */
static bool kernel_needs(const struct model_server *s, wide t)
{
	return s->nr_kernel && !model_budget(s) && s->borrows < MODEL_BORROWS &&
	       !start_comes(s, t) && !borrowed_comes(s, t) &&
	       !deadline_comes(s, t);
}

/*
 * One instance after the other until one has budget left for it.  Each has a whole
 * period, and begins when the one before it is over, wherever its clock has moved that.
 */
static void borrows(struct model *m, struct model_server *s, wide t)
{
	if (s->ended) {
		enters(s, s->start, m->cost, t);
		return;
	}
	/* What was given up is gone */
	s->consumed = later(s->consumed, s->runtime) + m->cost;
	while (s->consumed >= s->runtime) {
		s->release = later(s->deadline, s->release + s->period);
		s->deadline = s->release + s->period;
		s->consumed -= s->runtime;
	}
	s->yielded = false;
	s->early = true;
	s->borrows++;
}

static const struct rule {
	bool (*applies)(const struct model_server *s, wide t);
	void (*apply)(struct model *m, struct model_server *s, wide t);
} rules[] = {
	{ kernel_needs, borrows },
	{ deadline_comes, next_from_deadline },
	{ borrowed_comes, borrowed_is_released },
	{ start_comes, starts },
};

/* Without work nothing comes: the instance stays as it is */
static const struct rule *rule_for(const struct model_server *s, wide t)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (has_work(s) && rules[i].applies(s, t))
			return &rules[i];
	return NULL;
}

/* ---- what is observed after each event ---- */

/* d passes with work and budget, by more than the units of both queues */
static void note_miss(struct model_server *s, wide t)
{
	wide beyond = later(s->consumed - s->runtime, 0);

	if (!s->competes || s->missed || s->ended || s->yielded ||
	    t <= s->deadline + beyond + 2 * MODEL_CUT)
		return;
	s->missed = true;
	s->misses++;
}

/* Where is the multiple now that it waits for?  If it has passed: that is now */
static void realign(struct model *m, struct model_server *s, wide t)
{
	/* Without work it waits for nothing, and its instance is a whole period long */
	if (s->align && !has_work(s) && !s->ended && !s->early)
		s->deadline = later(s->deadline, s->release + s->period);
	if (!s->align || model_state(s) != MODEL_STOPPED)
		return;
	if (s->ended)
		s->start = later(t, multiple_from(m, s, later(s->start - s->period / 2,
							      z_up(s))));
	else if (!s->early)
		s->deadline = later(t, multiple_near(m, s, s->deadline));
}

/* What begins to compete before its release, or by another deadline, does so now */
static void note_competing(struct model_server *s, wide t)
{
	bool competes = model_eligible(s);

	if (competes && s->early &&
	    (!s->competes || s->competed_by != s->deadline))
		counts_from(s, t, 0);
	s->competes = competes;
	s->competed_by = s->deadline;
}

void model_settle(struct model *m, struct model_server *s, wide t)
{
	const struct rule *rule;

	note_miss(s, t);
	while ((rule = rule_for(s, t)))
		rule->apply(m, s, t);
	s->far = s->deadline > t + MODEL_FAR;
	realign(m, s, t);
	note_competing(s, t);
}

/* ---- events ---- */

void model_init(struct model_server *s, wide runtime, wide period, wide cap,
		bool align, wide z)
{
	*s = (struct model_server){
		.runtime = runtime, .period = period,
		.cap = cap, .cap_next = cap, .align = align,
		.z_from = z, .ended = true, .start = z,
	};
}

/* A move is a switch to the same resource */
void model_attach(struct model_server *s)
{
	s->ended = true;
	s->early = false;
	s->yielded = false;
	s->start = z_up(s);
}

static void end_instance(struct model *m, struct model_server *s, wide t)
{
	s->ended = true;
	s->early = false;
	s->yielded = false;
	s->start = start_from(m, s, t);
}

/*
 * The first member becomes runnable.  Ahead of its resource the server goes on
 * with what it has, or with the release that has come meanwhile; either way what
 * is executed now is executed from t on.  Who has given up the rest waits for d.
 */
static void activate(struct model *m, struct model_server *s, wide t)
{
	bool gave_up = !s->ended && s->yielded && t < s->deadline;
	bool goes_on = !s->ended && ahead_of_resource(s, t);

	if (!gave_up && !goes_on)
		end_instance(m, s, t);
	model_settle(m, s, t);
	if (!gave_up && goes_on)
		counts_from(s, t, 0);
}

static void count(struct model_server *s, bool kernel, int by)
{
	*(kernel ? &s->nr_kernel : &s->nr_user) += (unsigned int)by;
}

void model_member_add(struct model *m, struct model_server *s, bool kernel,
		      wide t)
{
	bool first = !has_work(s);

	count(s, kernel, 1);
	if (first)
		activate(m, s, t);
	else
		model_settle(m, s, t);
}

void model_member_del(struct model *m, struct model_server *s, bool kernel,
		      wide t)
{
	count(s, kernel, -1);
	model_settle(m, s, t);
}

void model_member_mode(struct model *m, struct model_server *s, bool kernel,
		       wide t)
{
	count(s, !kernel, -1);
	count(s, kernel, 1);
	model_settle(m, s, t);
}

void model_charge(struct model_server *s, wide delta)
{
	s->consumed += delta;
	s->z_ran += delta;
}

/* Of what has not begun there is nothing to give up */
void model_yield(struct model *m, struct model_server *s, wide t)
{
	if (!s->early)
		s->yielded = true;
	model_settle(m, s, t);
}

void model_switch(struct model *m, struct model_server *s, wide runtime,
		  wide period, wide cap, bool align, wide t)
{
	note_miss(s, t);
	s->runtime = runtime;
	s->period = period;
	s->cap_next = cap;
	s->align = align;
	end_instance(m, s, t);
	model_settle(m, s, t);
}

/* ---- caps ---- */

void model_set_cap(struct model_server *s, wide cap)
{
	s->cap_next = cap;
}

wide model_booked(const struct model_server *s)
{
	return later(s->cap, s->cap_next);
}

wide model_free_at(const struct model_server *s)
{
	return s->ended ? z_up(s) : round_up(model_y(s));
}

void model_cap_freed(struct model_server *s)
{
	comes_under_cap(s, s->cap_next);
}
