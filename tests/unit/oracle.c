// SPDX-License-Identifier: GPL-2.0
/*
 * The guarantees of SCHED_VBS, checked on what was executed when, without
 * looking at what core or model think of it.
 *
 * Demand: what a server executes in jobs that arrive at or after a and have
 * deadlines up to b is at most the bandwidth booked for it between a and b,
 * plus the most that it was charged late at once, and that a timer was late:
 * errors do not add up.
 */
#include "world.h"

#define UNIT	((wide)VBS_BW_UNIT)

void oracle_init(struct oracle *o, u64 now)
{
	*o = (struct oracle){ .cap_min = VBS_BW_UNIT, .bucket_at = now };
}

/* ---- the bandwidth booked, and its integral ---- */

static u32 booked_now(const struct world *w, const struct wserver *s)
{
	u32 sum = s->booked;

	for (int i = 0; i < MAX_BOOKINGS; i++)
		if (w->booking[i].alive && w->booking[i].owner == s)
			sum += w->booking[i].core.amount;
	return sum;
}

void oracle_booked(struct world *w, struct wserver *s)
{
	struct oracle *o = &s->oracle;
	struct step *last = &o->step[(o->nr_steps - 1) % MAX_STEPS];
	u32 booked = booked_now(w, s);

	if (o->nr_steps && last->booked == booked)
		return;
	o->step[o->nr_steps++ % MAX_STEPS] = (struct step){ w->now, booked };
	if (s->booked && s->booked < o->cap_min)
		o->cap_min = s->booked;
}

static u32 booked_last(const struct oracle *o)
{
	return o->nr_steps ? o->step[(o->nr_steps - 1) % MAX_STEPS].booked : 0;
}

static unsigned int oldest(unsigned int nr, unsigned int size)
{
	return nr > size ? nr - size : 0;
}

/* In 2^-20 ns; -1 if that is too long ago */
static wide supply(const struct oracle *o, u64 a, u64 b)
{
	unsigned int i = oldest(o->nr_steps, MAX_STEPS);
	wide sum = 0;

	if (!o->nr_steps || o->step[i % MAX_STEPS].at > a)
		return -1;
	for (; i < o->nr_steps; i++) {
		const struct step *st = &o->step[i % MAX_STEPS];
		u64 from = max(st->at, a), to = b;

		if (i + 1 < o->nr_steps)
			to = min(o->step[(i + 1) % MAX_STEPS].at, b);
		if (to > from)
			sum += (wide)(to - from) * st->booked;
	}
	return sum;
}

/* ---- demand ---- */

static wide demand(const struct oracle *o, u64 a, u64 b)
{
	wide sum = 0;

	for (unsigned int i = oldest(o->nr_jobs, MAX_JOBS); i < o->nr_jobs; i++) {
		const struct job *j = &o->job[i % MAX_JOBS];

		if (j->arrival >= a && j->deadline <= b)
			sum += j->executed;
	}
	return sum;
}

static void check_window(struct world *w, struct wserver *s, u64 a, u64 b)
{
	wide have = supply(&s->oracle, a, b);
	wide need = demand(&s->oracle, a, b);

	wide late = (wide)(s->oracle.late + w->lateness_max);

	/* No timer is late, so what was late before has been paid */
	if (w->siege && a > s->oracle.late_at)
		late = 0;
	if (have >= 0 && (need - late) * UNIT > have)
		world_fail(w, "server %d: demand %llu in [%llu, %llu], booked %llu",
			   server_nr(w, s), (u64)need, a, b, (u64)(have / UNIT));
}

static void check_demand(struct world *w, struct wserver *s)
{
	const struct oracle *o = &s->oracle;

	for (unsigned int i = oldest(o->nr_jobs, MAX_JOBS); i < o->nr_jobs; i++) {
		u64 a = o->job[i % MAX_JOBS].arrival;

		for (unsigned int k = i; k < o->nr_jobs; k++) {
			u64 b = o->job[k % MAX_JOBS].deadline;

			if (b > a && b <= w->now)
				check_window(w, s, a, b);
		}
	}
}

void oracle_arrival(struct world *w, struct wserver *s, u64 arrival)
{
	struct oracle *o = &s->oracle;

	if (o->nr_jobs % 4 == 0)
		check_demand(w, s);
	o->job[o->nr_jobs++ % MAX_JOBS] = (struct job){
		.arrival = arrival, .deadline = s->core.deadline,
	};
}

/* ---- G2: any window ---- */

/* u * L + 2 * lambda * (1 - u), and what members in the kernel borrow */
static wide bucket_limit(const struct world *w, const struct oracle *o, wide u,
			 wide one)
{
	wide lambda = (wide)o->runtime_max;
	wide slack = (wide)(o->late + w->slop) + 2 * CUT;

	return 2 * lambda * (one - u) +
	       (slack + (o->kernel ? 3 * lambda : 0)) * one;
}

static void pour(wide *bucket, wide in, wide out)
{
	*bucket += in - out;
	if (*bucket < 0)
		*bucket = 0;
}

static void check_rate(struct world *w, struct wserver *s, u64 delta, u64 ran)
{
	struct oracle *o = &s->oracle;
	wide pi = (wide)s->core.period, lambda = (wide)s->core.runtime;

	pour(&o->bucket, (wide)ran * UNIT, (wide)delta * booked_last(o));
	if (o->bucket > bucket_limit(w, o, o->cap_min, UNIT))
		world_fail(w, "server %d: executes %llu more than its cap allows",
			   server_nr(w, s), (u64)(o->bucket / UNIT));
	if (!o->constant)
		return;
	pour(&o->rate_bucket, (wide)ran * pi, (wide)delta * lambda);
	if (o->rate_bucket > bucket_limit(w, o, lambda, pi))
		world_fail(w, "server %d: executes %llu more than its rate allows",
			   server_nr(w, s), (u64)(o->rate_bucket / pi));
}

/* The resource is set, or will be from the next release on */
void oracle_resource(struct wserver *s)
{
	struct oracle *o = &s->oracle;

	o->runtime_max = max(o->runtime_max, s->core.runtime);
	o->constant = false;
}

/* ---- G3, G4 ---- */

/* Whatever happens to the server but the passing of time */
void oracle_changed(struct wserver *s)
{
	s->oracle.resume_by = 0;
	s->oracle.full_by = 0;
	s->oracle.streak = false;
}

void oracle_switched(struct world *w, struct wserver *s)
{
	const struct vbs_server *c = &s->core;
	u64 start = c->ended ? c->start : c->release;

	if (w->exact && c->state != VBS_IDLE)
		s->oracle.resume_by = start + c->period - c->runtime +
				      w->cpu.release_cost + 2 * CUT;
}

void oracle_woken(struct world *w, struct wserver *s, bool fresh)
{
	const struct vbs_server *c = &s->core;
	u64 start = c->ended ? c->start : c->release;

	if (!w->exact || !fresh)
		return;
	s->oracle.full_by = start + c->period + 2 * CUT;
	s->oracle.full_left = c->runtime - w->cpu.release_cost;
}

static void check_promises(struct world *w, struct wserver *s, u64 ran)
{
	struct oracle *o = &s->oracle;

	if (o->resume_by && w->now > o->resume_by + ran)
		world_fail(w, "server %d: does not run by %llu after a switch",
			   server_nr(w, s), o->resume_by);
	if (ran)
		o->resume_by = 0;
	o->full_left -= min(ran, o->full_left);
	if (o->full_by && o->full_left && w->now > o->full_by)
		world_fail(w, "server %d: %llu of its budget missing at %llu",
			   server_nr(w, s), o->full_left, o->full_by);
}

/* ---- G1 ---- */

/* The sum over k instances of a server that always had work: k * lambda */
static void check_streak(struct world *w, struct wserver *s)
{
	struct oracle *o = &s->oracle;
	u64 k = (s->core.release - o->streak_from) / s->core.period;
	u64 want = k * s->core.runtime - o->streak_instances * w->cpu.release_cost;
	u64 off = want > o->streak_ran ? want - o->streak_ran :
					 o->streak_ran - want;

	if (off > o->late)
		world_fail(w, "server %d: ran %llu in %llu instances, not %llu",
			   server_nr(w, s), o->streak_ran, k, want);
}

/*
 * A release at r = d (carried) of a server that had work all the time, or not.  One that
 * is aligned has what others have; but who raises its cap pays debts under both.
 */
void oracle_released(struct world *w, struct wserver *s, bool carried)
{
	struct oracle *o = &s->oracle;

	if (carried && o->streak && !(s->core.align && o->nr_steps > 1)) {
		o->streak_instances++;
		check_streak(w, s);
		return;
	}
	/* Of a multiple that came too early, by a step, part is paid for already */
	o->streak = !s->core.align || s->core.consumed <= w->cpu.release_cost;
	o->streak_from = s->core.release;
	o->streak_ran = 0;
	o->streak_instances = 0;
}

/*
 * The unit of the queues costs such a server nothing, since C pays for it (see
 * kernel/sched/vbs/books/capacity.c): each instance has executed all of its budget
 * but the cost of its release, not a nanosecond after its deadline.
 */
static void check_judge(struct world *w)
{
	const struct vbs_server *c = &w->server[0].core;
	u64 each = c->runtime - w->cpu.release_cost;
	u64 over = (w->now - w->judge.from) / c->period;

	if (w->judge.ran < over * each || w->judge.ran > (over + 1) * each)
		world_fail(w, "G1: the honest server has executed %llu in %llu instances of %llu",
			   w->judge.ran, over, each);
}

/* It has work, and what went before has no effect any more */
void judge_from(struct world *w, u64 release)
{
	w->judge = (struct judge){ .from = release };
}

void judge_time(struct world *w, u64 delta, const struct wserver *ran)
{
	if (!w->siege)
		return;
	if (!w->judge.from && !ran && w->server[0].core.state == VBS_THROTTLED)
		judge_from(w, w->server[0].core.deadline);
	if (!w->judge.from || w->now < w->judge.from)
		return;
	if (ran == &w->server[0])
		w->judge.ran += delta;
	check_judge(w);
}

/* No instance ends later than the units of the queues explain */
void oracle_check(struct world *w, struct wserver *s)
{
	const struct vbs_server *c = &s->core;

	if (!w->exact || c->state != VBS_READY)
		return;
	if (w->now > c->deadline + 2 * CUT)
		world_fail(w, "server %d: misses its deadline %llu",
			   server_nr(w, s), c->deadline);
}

/* @delta ns have passed, of which it executed @ran in the present job */
void oracle_time(struct world *w, struct wserver *s, u64 delta, u64 ran)
{
	struct oracle *o = &s->oracle;

	if (ran && o->nr_jobs)
		o->job[(o->nr_jobs - 1) % MAX_JOBS].executed += ran;
	o->streak_ran += ran;
	check_rate(w, s, delta, ran);
	check_promises(w, s, ran);
}
