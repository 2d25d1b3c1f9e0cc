// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the server, its instances and their rules.
 *
 * A server runs instances: release r, deadline d = r + pi, consumed time e,
 * budget lambda.  Two instants rule everything:
 *
 *   z = r + e0/u, then += delta/u as it runs: the termination point.  Until z
 *       the cap is used up and nothing new may start for this server.
 *   y = r + e*pi/lambda: the zero-lag point.  Until y it is ahead of its
 *       resource, so a wake-up before y continues the old instance.
 *
 * Why every deadline is met: consecutive releases satisfy
 *	s[i+1] >= s[i] + e[i]/u		(nothing new starts before z)
 *	lambda <= u*pi			(vbs_params_in_cap)
 * and an instance reactivated at t < y has at most (lambda/pi)(d - t) left and
 * z >= t, so it counts as one released at t.  Hence what a server demands with
 * releases and deadlines in [a, b] is at most u*(b - a); admission keeps the
 * sum of u at or below C <= 1 and EDF meets every deadline.  Ordering by
 * deadlines and releases cut to 1.024 us loses at most that unit at either end
 * of a window: C leaves room for it (books/capacity.c).
 *
 * After S. Craciunas, C. Kirsch, H. Payer, H. Roeck, A. Sokolova, "Programmable
 * Temporal Isolation through Variable-Bandwidth Servers", SIES 2009; hard
 * reservations and the zero-lag rule after L. Abeni and G. Buttazzo's CBS.
 *
 * Context: the lock of the server's CPU is held throughout.
 */
#include "core.h"

static_assert(VBS_CONSUMED_MAX <= (1ULL << 33) &&
	      VBS_PERIOD_LIMIT < (1ULL << 30), "e * pi must stay below 2^63");

/* ---- points in time ---------------------------------------------------- */

/**
 * vbs_termination - z rounded up: the first instant at which the cap allows
 * a new start
 * @s: the server
 */
u64 vbs_termination(const struct vbs_server *s)
{
	return s->z + !!s->z_rem;
}

/**
 * vbs_zero_lag - y rounded up, of the present instance
 * @s: the server
 */
u64 vbs_zero_lag(const struct vbs_server *s)
{
	u64 num = s->consumed * s->period;

	return s->release + div64_u64(num + s->runtime - 1, s->runtime);
}

/* z += delta/u, exactly: delta <= 2^42 keeps the sum below 2^63. */
static void vbs_advance_z(struct vbs_server *s, u64 delta)
{
	u64 num = (min_t(u64, delta, 1ULL << 42) << VBS_BW_SHIFT) + s->z_rem;

	s->z += div_u64_rem(num, s->cap, &s->z_rem);
}

static void vbs_raise_z(struct vbs_server *s, u64 t)
{
	if (s->z < t) {
		s->z = t;
		s->z_rem = 0;
	}
}

/*
 * An instance of @r begins with @e consumed: z = r + e/u, unless it is later.
 * It can be, if a wake-up has raised it since @r.
 */
static void vbs_begin_z(struct vbs_server *s, u64 r, u64 e)
{
	u64 z = s->z;
	u32 rem = s->z_rem;

	s->z = r;
	s->z_rem = 0;
	vbs_advance_z(s, e);
	if (s->z < z || (s->z == z && s->z_rem < rem)) {
		s->z = z;
		s->z_rem = rem;
	}
}

/* z keeps a remainder in units of the cap: round it up before that changes. */
static void vbs_change_cap(struct vbs_server *s, u32 cap)
{
	if (s->cap == cap)
		return;
	vbs_raise_z(s, vbs_termination(s));
	s->cap = cap;
}

/* The least e with r + e/u >= z: what has been executed and is not paid at @r. */
static u64 vbs_unpaid(const struct vbs_server *s, u64 r)
{
	u64 ahead = s->z - r, part;

	if (s->z < r)
		return 0;
	part = (ahead & (VBS_BW_UNIT - 1)) * s->cap + s->z_rem;
	return (ahead >> VBS_BW_SHIFT) * s->cap + DIV_ROUND_UP_ULL(part, VBS_BW_UNIT);
}

/* The first instant at which no more than @e of it is unpaid. */
static u64 vbs_unpaid_until(const struct vbs_server *s, u64 e)
{
	u64 paid;
	u32 rem;

	paid = div_u64_rem(e << VBS_BW_SHIFT, s->cap, &rem);
	return s->z - paid + (s->z_rem > rem);
}

/*
 * An aligned instance is over, and the next one is to be released at @r: at d, which
 * was r + pi and has gone with the clock (vbs_realign()).  It may begin there with e0
 * consumed if
 *
 *	r + e0/u >= z		for the neighbours
 *	e0 >= debt		for what lambda/pi allows the owner: y = d + debt*pi/lambda
 *
 * By the first z never steps back, and it ends each instance at d + debt/u at most:
 * r + lambda/u <= d, and what is left at a wake-up fits between that and d.  So what
 * the instances i..k execute is at most
 *	u * (z - r[i]) <= u * (d[k] - r[i]) + debt[k]
 * the cap in any window, and beyond it the last debt alone, as without alignment.
 * And as lambda <= u*pi*511/512, the debt is enough for both, whatever it is, unless
 * the clock has gained more than 1/512, by a step or an error of reading it.  Then z
 * demands more; a multiple at which that leaves nothing of the budget is passed, and
 * pays for one budget of the debt.
 */
static u64 vbs_pass_multiples(struct vbs_cpu *c, struct vbs_server *s, u64 r, u64 *debt)
{
	u64 unpaid = vbs_unpaid(s, r), most = s->runtime - c->release_cost - 1, n;

	if (unpaid > max(*debt, most)) {
		n = vbs_unpaid_until(s, most) - r;
		n = div64_u64(n + s->period - 1, s->period);
		s->stats.skipped += n;
		*debt -= min(*debt, n * s->runtime);
		r += n * s->period;
		unpaid = vbs_unpaid(s, r);
	}
	*debt = max(*debt, unpaid);
	return r;
}

/* ---- queues ------------------------------------------------------------ */

static void vbs_unqueue(struct vbs_cpu *c, struct vbs_server *s)
{
	if (s->ready.queued)
		vbs_queue_del(&c->ready, &s->ready);
	if (s->wait.ent.queued)
		vbs_queue_del(&c->wait, &s->wait.ent);
}

static void vbs_place_ready(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	if (s->state == VBS_READY && s->ready.when == s->deadline)
		return;
	if (s->early)
		vbs_raise_z(s, now);
	vbs_unqueue(c, s);
	s->state = VBS_READY;
	vbs_queue_add(&c->ready, &s->ready, s->deadline, now);
}

static void vbs_place_wait(struct vbs_cpu *c, struct vbs_server *s,
			   enum vbs_state state, u64 due, u64 now)
{
	if (s->state == state && s->wait.ent.queued && s->wait.due == due)
		return;
	vbs_unqueue(c, s);
	s->state = state;
	vbs_wait_add(c, &s->wait, due, vbs_align_again(s, due, now), now);
}

/*
 * A reduced cap is freed when the instance under the old one is over: for an
 * idle server at y, for one that has ended at z.
 */
static void vbs_place_idle(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	u64 over;

	vbs_unqueue(c, s);
	s->state = VBS_IDLE;
	/* A clock that was stepped may have moved d; y is that of a whole period */
	if (s->align && !s->ended && !s->early)
		s->deadline = max(s->deadline, s->release + s->period);
	if (s->cap > s->cap_next) {
		over = s->ended ? vbs_termination(s) : vbs_zero_lag(s);
		vbs_wait_add(c, &s->wait, over, over, now);
	}
}

/* ---- instances --------------------------------------------------------- */

static bool vbs_exhausted(const struct vbs_server *s)
{
	return s->yielded || s->consumed >= s->runtime;
}

static void vbs_apply_cap(struct vbs_cpu *c, struct vbs_server *s)
{
	u32 booked = max(s->cap, s->cap_next);

	vbs_change_cap(s, s->cap_next);
	if (booked > s->cap)
		vbs_env_cap_freed(c, s, booked - s->cap);
}

/* The instance becomes every member's. */
static void vbs_open(struct vbs_cpu *c, struct vbs_server *s)
{
	s->early = false;
	s->borrows = 0;
	s->released_at = s->release;
	s->stats.instances++;
	vbs_apply_cap(c, s);
	vbs_begin_z(s, s->release, s->consumed);
	vbs_env_released(c, s, s->consumed);
}

/*
 * Enter the instance released at @r.  @debt is what the one before ran beyond
 * its budget, for r = d only: a release at max(t, z) or t >= y has paid.  Whole
 * budgets of debt skip as many instances in one step.  A release in the future
 * is entered early: until it comes only kernel mode may run.
 */
static void vbs_enter(struct vbs_cpu *c, struct vbs_server *s, u64 r, u64 debt,
		      u64 now)
{
	u64 start = debt + c->release_cost;
	u64 skip = 0;

	if (start >= s->runtime)
		skip = div64_u64(start, s->runtime);
	if (s->align)
		s->stats.skipped += skip;
	s->ended = false;
	s->yielded = false;
	s->missed = false;
	s->release = r + skip * s->period;
	s->deadline = s->release + s->period;
	s->consumed = start - skip * s->runtime;
	vbs_change_cap(s, max(s->cap, s->cap_next));
	s->early = s->release > now;
	if (s->early || skip || s->cap != s->cap_next)	/* else as vbs_open() does */
		vbs_begin_z(s, r, start);
	if (s->early)
		s->borrows++;
	else
		vbs_open(c, s);
}

/*
 * The instance is over and d has passed: the next one starts at d; or now, if
 * that one would be over as well and the time that passed has paid the debt.
 */
static void vbs_enter_next(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	u64 debt = s->consumed > s->runtime ? s->consumed - s->runtime : 0;
	u64 r = s->deadline;

	vbs_align_look(c, s);
	if (r + s->period <= now && vbs_zero_lag(s) <= now) {
		r = max(now, vbs_termination(s));
		if (s->align)
			r = vbs_align_up(s, r);
		debt = 0;
	} else if (s->align) {
		/* Not before d, which has passed: what is left would have less than a period */
		r = max(r, vbs_align_near(s, r));
		r = vbs_pass_multiples(c, s, r, &debt);
	}
	vbs_enter(c, s, r, debt, now);
}

/*
 * A member needs the CPU in kernel mode and there is no budget: enter as many
 * instances as the debt takes and one more, at once.  An early start with the
 * deadline that it would have had anyway takes nothing from another server; it
 * begins to compete now, so z may not lie before (vbs_place_ready).
 * Each step costs one release; z has it when that comes, which a switch may
 * prevent.  Three steps of at most lambda each, then vbs_settle() throttles,
 * and who is in the kernel goes on as a fair task.
 */
static void vbs_borrow(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	enum vbs_why why = VBS_WHY_BORROW;
	u64 k;

	if (s->ended) {
		why = VBS_WHY_WAITING;
		vbs_enter(c, s, s->start, 0, now);
	} else {
		if (s->yielded)
			why = VBS_WHY_YIELD;
		s->consumed = max(s->consumed, s->runtime) + c->release_cost;
		k = div64_u64(s->consumed - s->runtime, s->runtime) + 1;
		/* The clock may have moved d, but not to before the end of the period */
		s->release = max(s->deadline, s->release + s->period) + (k - 1) * s->period;
		s->deadline = s->release + s->period;
		s->consumed -= k * s->runtime;
		s->yielded = false;
		s->early = true;
		s->borrows++;
	}
	vbs_env_stopped(c, s, why, s->release);
}

/*
 * A miss: d has passed before the budget was executed.  What ran beyond the
 * budget is taken off.  Ordering may cost a unit in either queue, for who has
 * woken less than period_min before d.
 */
static void vbs_note_miss(struct vbs_server *s, u64 now)
{
	u64 beyond = s->consumed > s->runtime ? s->consumed - s->runtime : 0;

	if (s->state != VBS_READY || s->missed || s->ended || s->yielded)
		return;
	if (now > s->deadline + beyond + (2 << VBS_KEY_SHIFT)) {
		s->missed = true;
		s->stats.misses++;
	}
}

static void vbs_note_stop(struct vbs_cpu *c, struct vbs_server *s, u64 until)
{
	enum vbs_why why = VBS_WHY_BUDGET;
	u64 over;

	if (s->nr_kernel) {
		s->stats.fair++;
		why = VBS_WHY_FAIR;
	} else if (s->ended || s->early) {
		why = VBS_WHY_WAITING;
	} else if (s->yielded) {
		why = VBS_WHY_YIELD;
	} else if (s->consumed > s->runtime) {
		over = s->consumed - s->runtime;
		s->stats.overruns++;
		s->stats.overrun_worst = max(s->stats.overrun_worst, over);
	}
	vbs_env_stopped(c, s, why, until);
}

/* No instance may run all members now: wait for the one that may. */
static void vbs_throttle(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	enum vbs_state state = s->ended || s->early ? VBS_WAITING : VBS_THROTTLED;
	u64 until;

	vbs_realign(c, s, now);
	until = s->deadline;
	if (s->ended)
		until = s->start;
	else if (s->early && !vbs_exhausted(s))
		until = s->release;
	if (s->state != VBS_THROTTLED && s->state != VBS_WAITING)
		vbs_note_stop(c, s, until);
	vbs_place_wait(c, s, state, until, now);
}

/*
 * May what was entered before its release not run in kernel mode?  Not with a
 * deadline that the queue's keys can't tell from others; that far ahead is only
 * who owes its resource of seconds.
 */
static bool vbs_early_stops(const struct vbs_server *s, u64 now)
{
	return !s->nr_kernel || s->borrows > VBS_MAX_BORROWS ||
	       s->deadline > now + VBS_WAIT_MAX;
}

/* Enter what is due at @now. */
static void vbs_advance(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	if (s->ended && s->start <= now)
		vbs_enter(c, s, s->start, 0, now);
	if (s->ended)
		return;
	if (s->early && s->release <= now)
		vbs_open(c, s);
	if (vbs_exhausted(s) && s->deadline <= now)
		vbs_enter_next(c, s, now);
}

/*
 * A member in the kernel may hold what others wait for, and lambda is its owner's
 * choice: beyond the borrowing limit it is not stopped but goes on as a fair task.
 * Its server waits for the release as if it were throttled; then it comes back.
 * So does who is lent the server, for which it does not borrow.
 */
static void vbs_place(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	bool stops;

	vbs_advance(c, s, now);
	if (s->nr_kernel && (s->ended || vbs_exhausted(s)) &&
	    s->borrows < VBS_MAX_BORROWS)
		vbs_borrow(c, s, now);
	stops = s->ended || vbs_exhausted(s) ||
		(s->early && vbs_early_stops(s, now));
	if (stops)
		vbs_throttle(c, s, now);
	else if (vbs_nr_runnable(s))
		vbs_place_ready(c, s, now);
	else if (s->state != VBS_IDLE)
		vbs_place_idle(c, s, now);

	if ((stops && s->nr_kernel) || ((stops || s->early) && s->nr_lent))
		vbs_env_fair(c, s);
	else if (!stops && !s->early && READ_ONCE(s->nr_fair))
		vbs_env_recall(c, s);
}

/* Nothing has happened to it after which it belongs elsewhere, or was missed. */
static bool vbs_stays(const struct vbs_server *s, u64 now)
{
	return s->state == VBS_READY && !s->ended && !s->early && !vbs_exhausted(s) &&
		now <= s->deadline && s->ready.when == s->deadline &&
		vbs_nr_runnable(s) && !READ_ONCE(s->nr_fair);
}

static noinline void vbs_settle_anew(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	vbs_note_miss(s, now);
	if (vbs_nr_runnable(s) || READ_ONCE(s->nr_fair))
		vbs_place(c, s, now);
	else if (s->state != VBS_IDLE)
		vbs_place_idle(c, s, now);
}

/**
 * vbs_settle - put a server where it belongs
 * @c: its CPU
 * @s: the server, charged up to @now
 * @now: the CPU's VBS clock
 *
 * Call after anything that changes what the server may do: execution, a change
 * of its members' modes, the passing of a release.  Constant time.
 */
void vbs_settle(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	if (!vbs_stays(s, now))
		vbs_settle_anew(c, s, now);
	vbs_env_runnable(c, s);
}

/**
 * vbs_server_due - the instant has come for which a server waits
 * @c: its CPU
 * @s: the server, no longer in the wait queue
 * @now: the CPU's VBS clock
 *
 * It may be too early: who waits far ahead, or for a multiple that may have
 * moved, looks again.
 */
void vbs_server_due(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	u64 due = s->wait.due;

	if (s->state == VBS_IDLE && due > now)
		vbs_wait_add(c, &s->wait, due, due, now);
	else if (s->state == VBS_IDLE)
		vbs_apply_cap(c, s);
	else if (due > now)
		vbs_throttle(c, s, now);
	else
		vbs_settle(c, s, now);
}

/* ---- members ----------------------------------------------------------- */

static void vbs_start_at(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	u64 z = vbs_termination(s);

	s->ended = true;
	s->early = false;
	s->yielded = false;
	s->start = max(now, z);
	if (!s->align)
		return;
	vbs_align_look(c, s);
	s->start = vbs_align_up(s, s->start);
	s->stats.skipped += div64_u64(s->start - vbs_align_up(s, now), s->period);
}

/*
 * The first member becomes runnable.  At t >= y the server has received no
 * more than its resource: a new instance.  Before y the old one goes on, with
 * whatever release has come since: true.
 */
static bool vbs_activate(struct vbs_cpu *c, struct vbs_server *s, u64 now)
{
	if (!s->ended) {
		if (s->yielded && now < s->deadline)
			return false;
		if (now < vbs_zero_lag(s))
			return true;
	}
	vbs_start_at(c, s, now);
	return false;
}

/**
 * vbs_member_add - a member becomes runnable
 * @c: the server's CPU
 * @s: the server
 * @kernel: the member is in the kernel, not at the boundary to user mode
 * @now: the CPU's VBS clock
 */
void vbs_member_add(struct vbs_cpu *c, struct vbs_server *s, bool kernel, u64 now)
{
	bool goes_on, first = s->state == VBS_IDLE;

	if (kernel)
		s->nr_kernel++;
	else
		s->nr_user++;
	goes_on = first && vbs_activate(c, s, now);
	vbs_settle(c, s, now);
	/* What is left is executed from now on: it counts as released now */
	if (goes_on)
		vbs_raise_z(s, now);
}

/**
 * vbs_member_del - a member blocks, leaves or dies
 * @c: the server's CPU
 * @s: the server, charged up to @now
 * @kernel: as it was last said of this member
 * @now: the CPU's VBS clock
 *
 * When the last one goes, the instance stays as it is.
 */
void vbs_member_del(struct vbs_cpu *c, struct vbs_server *s, bool kernel, u64 now)
{
	if (kernel)
		s->nr_kernel--;
	else
		s->nr_user--;
	vbs_settle(c, s, now);
}

/**
 * vbs_members_forget - vbs_member_del() of all at once, without settling
 * @s: the server, which is being detached
 *
 * Return: how many there were.
 */
unsigned int vbs_members_forget(struct vbs_server *s)
{
	unsigned int n = s->nr_kernel + s->nr_user;

	s->nr_kernel = 0;
	s->nr_user = 0;
	s->nr_lent = 0;
	return n;
}

/**
 * vbs_member_mode - a runnable member enters the kernel or reaches the boundary
 * @s: the server
 * @kernel: where it is now, and was not before
 *
 * The caller settles the server.
 */
void vbs_member_mode(struct vbs_server *s, bool kernel)
{
	s->nr_kernel += kernel ? 1 : -1;
	s->nr_user += kernel ? -1 : 1;
}

/* ---- execution --------------------------------------------------------- */

/**
 * vbs_charge - a member has executed
 * @s: the server
 * @delta: ns of the CPU's task clock
 *
 * The caller settles the server, or will before the next pick.
 */
void vbs_charge(struct vbs_server *s, u64 delta)
{
	s->stats.consumed += delta;
	s->consumed = min(s->consumed + delta, VBS_CONSUMED_MAX);
	vbs_advance_z(s, delta);
}

/**
 * vbs_runs - a member is given the CPU: latency statistics
 * @s: the server
 * @now: the CPU's VBS clock
 */
void vbs_runs(struct vbs_server *s, u64 now)
{
	if (!s->released_at || s->early)
		return;
	if (now > s->released_at)
		s->stats.release_worst = max(s->stats.release_worst,
					     now - s->released_at);
	s->released_at = 0;
	if (s->switched_at && now > s->switched_at)
		s->stats.switch_worst = max(s->stats.switch_worst,
					    now - s->switched_at);
	s->switched_at = 0;
}

/**
 * vbs_yield - the last runnable member gives up the rest of the instance
 * @s: the server
 *
 * No budget until d, whoever wakes.  Of an instance that has not begun there
 * is nothing to give up: its members stop at the boundary anyway.
 */
void vbs_yield(struct vbs_server *s)
{
	if (!s->ended && !s->early)
		s->yielded = true;
}

/**
 * vbs_budget_left - ns that the server may execute before it must be settled
 * @s: the server
 */
u64 vbs_budget_left(const struct vbs_server *s)
{
	return vbs_exhausted(s) ? 0 : s->runtime - s->consumed;
}

/* ---- changes ----------------------------------------------------------- */

/**
 * vbs_switch - change the resource; the present instance ends
 * @c: the server's CPU, or NULL if it is attached to none yet
 * @s: the server, charged up to @now
 * @p: the new resource, within its cap, which the caller has booked
 * @now: the CPU's VBS clock
 *
 * The next release is at max(t, z), with deadline max(t, z) + pi'.  Releasing
 * at t instead would let a server that is ahead of its cap take it twice.
 */
void vbs_switch(struct vbs_cpu *c, struct vbs_server *s,
		const struct vbs_params *p, u64 now)
{
	vbs_note_miss(s, now);
	s->runtime = p->runtime;
	s->period = p->period;
	s->align = p->align;
	s->stats.switches++;
	s->switched_at = now;
	s->released_at = 0;
	if (c)
		vbs_start_at(c, s, now);
	vbs_set_cap(c, s, p->cap, now);
	if (c)
		vbs_settle(c, s, now);
}

/**
 * vbs_set_cap - ask for another cap, from the next release on
 * @c: the server's CPU, or NULL if it is attached to none yet
 * @s: the server
 * @cap: what the caller has booked, or less than what is booked
 * @now: the CPU's VBS clock
 */
void vbs_set_cap(struct vbs_cpu *c, struct vbs_server *s, u32 cap, u64 now)
{
	u32 booked = max(s->cap, s->cap_next);

	s->cap_next = cap;
	if (booked > max(s->cap, cap))	/* a raise is taken back */
		vbs_env_cap_freed(c, s, booked - max(s->cap, cap));
	if (c && s->state == VBS_IDLE)
		vbs_place_idle(c, s, now);
}

/**
 * vbs_server_init - a server that has not run
 * @s: the server, zeroed
 * @p: its resource and cap
 * @z: carried from an earlier server of the same member, or 0; whoever carries
 *	one sets s->borrows to that server's as well
 */
void vbs_server_init(struct vbs_server *s, const struct vbs_params *p, u64 z)
{
	s->runtime = p->runtime;
	s->period = p->period;
	s->align = p->align;
	s->cap = p->cap;
	s->cap_next = p->cap;
	s->z = z;
	s->ended = true;
	s->wait.is_server = true;
	INIT_LIST_HEAD(&s->ready.link);
	INIT_LIST_HEAD(&s->wait.ent.link);
}

/**
 * vbs_server_attach - a server comes to a CPU
 * @s: the server, without runnable members, z in the VBS clock of the CPU, whose
 *	pool has been given VBS_NODES_PER_ENT nodes
 *
 * The first activation releases at max(t, z).  If the cap was to be reduced the
 * caller asks for that again with vbs_set_cap().
 */
void vbs_server_attach(struct vbs_server *s)
{
	s->ended = true;
	s->early = false;
	s->yielded = false;
	s->state = VBS_IDLE;
}

/**
 * vbs_server_detach - a server leaves its CPU
 * @c: the CPU; its pool can spare VBS_NODES_PER_ENT nodes afterwards
 * @s: the server
 */
void vbs_server_detach(struct vbs_cpu *c, struct vbs_server *s)
{
	vbs_unqueue(c, s);
	s->state = VBS_IDLE;
	s->ended = true;
	s->switched_at = 0;	/* in the clock of this CPU */
	s->released_at = 0;
}
