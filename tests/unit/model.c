// SPDX-License-Identifier: GPL-2.0
/*
 * A brute-force model of a variable-bandwidth server.  Each function is a row
 * or a paragraph of the description; nothing is shared with the kernel's code.
 */
#include "model.h"

/* ---- fractions ---- */

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

static void reduce(struct fraction *f)
{
	wide a = f->num, b = f->den;

	while (b) {
		wide rem = a % b;

		a = b;
		b = rem;
	}
	f->num /= a;
	f->den /= a;
}

static wide later(wide a, wide b)
{
	return a > b ? a : b;
}

/* ---- instants ---- */

/* y = r + e * pi / lambda */
struct fraction model_y(const struct model_server *s)
{
	return (struct fraction){
		s->release * s->runtime + s->consumed * s->period, s->runtime
	};
}

/* The first multiple of the period, on the clock of @m, from @t on */
static wide multiple_from(const struct model *m, const struct model_server *s,
			  wide t)
{
	wide n = (t + m->ahead + s->period - 1) / s->period;

	return n * s->period - m->ahead;
}

static wide aligned(const struct model *m, const struct model_server *s, wide t)
{
	return s->align ? multiple_from(m, s, t) : t;
}

/* ---- states ---- */

static bool has_budget(const struct model_server *s)
{
	return !s->ended && !s->yielded && s->consumed < s->runtime;
}

/*
 * Before its release an instance is for the kernel only, three steps long, and
 * only if its deadline is near enough to be compared
 */
unsigned int model_eligible(const struct model_server *s)
{
	if (!has_budget(s))
		return 0;
	if (!s->early)
		return s->nr_kernel + s->nr_user;
	return s->borrows <= MODEL_BORROWS && !s->far ? s->nr_kernel : 0;
}

enum model_state model_state(const struct model_server *s)
{
	if (!s->nr_user && !s->nr_kernel)
		return MODEL_BLOCKED;
	return model_eligible(s) ? MODEL_READY : MODEL_STOPPED;
}

/* The next release of a server that has no budget, or not yet */
wide model_until(const struct model_server *s)
{
	if (s->ended)
		return s->start;
	if (s->early && has_budget(s))
		return s->release;
	return s->deadline;
}

/* ---- releases ---- */

/* What starts to compete at @t, not by a release, counts as released at @t */
static void raise_z(struct model_server *s, wide t)
{
	if (compare(s->z, whole(t)) < 0)
		s->z = whole(t);
}

/* z = r + e0/u at release, if it is not later */
static void set_z(struct model_server *s, wide r, wide e0)
{
	struct fraction z = { r * s->cap + e0 * MODEL_ONE_CPU, s->cap };

	if (compare(z, s->z) > 0)
		s->z = z;
}

/* Of whole ns under another cap */
static void change_cap(struct model_server *s, wide cap)
{
	if (s->cap != cap)
		s->z = whole(round_up(s->z));
	s->cap = cap;
}

/* The release has come: the instance is everybody's, under the new cap */
static void open_instance(struct model_server *s)
{
	s->early = false;
	s->borrows = 0;
	change_cap(s, s->cap_next);
	set_z(s, s->release, s->consumed);
}

/*
 * The instance of @r, which starts with @e0; as many whole budgets as there
 * are in it are skipped.  Before its release comes, it is one that was borrowed,
 * and what is booked is still the larger cap.
 */
static void enter(struct model_server *s, wide r, wide e0, wide t)
{
	wide skipped = e0 / s->runtime;

	s->release = r + skipped * s->period;
	s->deadline = s->release + s->period;
	s->consumed = e0 % s->runtime;
	change_cap(s, later(s->cap, s->cap_next));
	set_z(s, r, e0);
	s->ended = false;
	s->yielded = false;
	s->missed = false;
	s->early = s->release > t;
	if (s->early)
		s->borrows++;
	else
		open_instance(s);
}

/*
 * At r = d: what ran beyond the budget is carried.  An aligned one may find
 * that z has passed multiples; each pays for one budget of debt.
 */
static void enter_at_deadline(struct model *m, struct model_server *s, wide t)
{
	wide debt = later(s->consumed - s->runtime, 0);
	wide d = s->deadline, r, passed;

	if (s->align)	/* the clock has moved a little: the nearest multiple */
		d = multiple_from(m, s, d - s->period / 2);
	r = s->align ? multiple_from(m, s, later(d, round_up(s->z))) : d;
	passed = (r - d) / s->period;
	enter(s, r, later(debt - passed * s->runtime, 0) + m->cost, t);
}

/* Without debt, at t and not before z; a multiple if aligned */
static void enter_fresh(struct model *m, struct model_server *s, wide t)
{
	enter(s, aligned(m, s, later(t, round_up(s->z))), m->cost, t);
}

/* d has passed and the instance is over: does the next one start at d? */
static void enter_next(struct model *m, struct model_server *s, wide t)
{
	if (s->deadline + s->period <= t && compare(model_y(s), whole(t)) <= 0)
		enter_fresh(m, s, t);
	else
		enter_at_deadline(m, s, t);
}

/* Enter the instances that the debt takes and one more, before their release */
static void borrow(struct model *m, struct model_server *s, wide t)
{
	wide k;

	if (s->ended) {
		enter(s, s->start, m->cost, t);
		return;
	}
	if (s->consumed < s->runtime)	/* the rest was given up */
		s->consumed = s->runtime;
	s->consumed += m->cost;
	k = (s->consumed - s->runtime) / s->runtime + 1;
	s->release += k * s->period;
	s->deadline += k * s->period;
	s->consumed -= k * s->runtime;
	s->yielded = false;
	s->early = true;
	s->borrows++;
}

/* The releases that have come by @t, if there is something to run */
static void catch_up(struct model *m, struct model_server *s, wide t)
{
	if (model_state(s) == MODEL_BLOCKED)
		return;
	if (s->ended && t >= s->start)
		enter(s, s->start, m->cost, t);
	if (s->early && t >= s->release)
		open_instance(s);
	if (!s->ended && !has_budget(s) && t >= s->deadline)
		enter_next(m, s, t);
}

/* d passes with work and budget, by more than a unit of the queue */
static void note_miss(struct model_server *s, wide t)
{
	wide beyond = later(s->consumed - s->runtime, 0);

	if (!s->competes || s->missed || s->ended || s->yielded ||
	    t <= s->deadline + beyond + 2 * MODEL_CUT)
		return;
	s->missed = true;
	s->misses++;
}

/* Where is the multiple now that it waits for? */
static void realign(struct model *m, struct model_server *s)
{
	if (!s->align || model_state(s) != MODEL_STOPPED)
		return;
	if (s->ended)
		s->start = multiple_from(m, s, later(s->start - s->period / 2,
						     round_up(s->z)));
	else if (!s->early)
		s->deadline = multiple_from(m, s, s->deadline - s->period / 2);
}

void model_settle(struct model *m, struct model_server *s, wide t)
{
	note_miss(s, t);
	catch_up(m, s, t);
	if (!has_budget(s) && s->nr_kernel && s->borrows < MODEL_BORROWS)
		borrow(m, s, t);
	s->far = s->deadline > t + MODEL_FAR;
	realign(m, s);
	if (s->early && model_eligible(s) &&
	    (!s->competes || s->competed_by != s->deadline))
		raise_z(s, t);
	s->competes = model_eligible(s);
	s->competed_by = s->deadline;
}

/* ---- events ---- */

void model_init(struct model_server *s, wide runtime, wide period, wide cap,
		bool align, wide z)
{
	*s = (struct model_server){
		.runtime = runtime, .period = period,
		.cap = cap, .cap_next = cap, .align = align,
		.z = whole(z), .ended = true, .start = z,
	};
}

/* A move is a switch to the same resource */
void model_attach(struct model_server *s)
{
	s->ended = true;
	s->start = round_up(s->z);
}

/* The next start is at max(t, z), or at the multiple that follows */
static void end_instance(struct model *m, struct model_server *s, wide t)
{
	s->ended = true;
	s->early = false;
	s->yielded = false;
	s->start = aligned(m, s, later(t, round_up(s->z)));
}

static void activate(struct model *m, struct model_server *s, wide t)
{
	if (!s->ended && s->yielded && t < s->deadline)
		return;
	if (!s->ended && compare(whole(t), model_y(s)) < 0)
		raise_z(s, t);
	else
		end_instance(m, s, t);
}

void model_member_add(struct model *m, struct model_server *s, bool kernel,
		      wide t)
{
	bool first = !s->nr_user && !s->nr_kernel;

	if (kernel)
		s->nr_kernel++;
	else
		s->nr_user++;
	if (first)
		activate(m, s, t);
	model_settle(m, s, t);
}

void model_member_del(struct model *m, struct model_server *s, bool kernel,
		      wide t)
{
	if (kernel)
		s->nr_kernel--;
	else
		s->nr_user--;
	model_settle(m, s, t);
}

void model_member_mode(struct model *m, struct model_server *s, bool kernel,
		       wide t)
{
	if (kernel) {
		s->nr_user--;
		s->nr_kernel++;
	} else {
		s->nr_kernel--;
		s->nr_user++;
	}
	model_settle(m, s, t);
}

void model_charge(struct model_server *s, wide delta)
{
	s->consumed += delta;
	s->z = (struct fraction){
		s->z.num * s->cap + delta * MODEL_ONE_CPU * s->z.den,
		s->z.den * s->cap
	};
	reduce(&s->z);
}

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
	return round_up(s->ended ? s->z : model_y(s));
}

void model_cap_freed(struct model_server *s)
{
	s->z = whole(round_up(s->z));
	s->cap = s->cap_next;
}
