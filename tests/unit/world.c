// SPDX-License-Identifier: GPL-2.0
/* A simulated CPU: time, picks, and what the core asks of its surroundings. */
#include <stdarg.h>
#include "world.h"

static struct world *here;	/* for the callbacks */
unsigned long world_events;

int server_nr(const struct world *w, const struct wserver *s)
{
	return (int)(s - w->server);
}

void world_log(struct world *w, const char *fmt, ...)
{
	va_list args;

	if (!w->log)
		return;
	printf("# %12llu  ", w->now);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void log_servers(struct world *w)
{
	for (int i = 0; i < MAX_SERVERS; i++) {
		const struct vbs_server *c = &w->server[i].core;

		if (!w->server[i].alive)
			continue;
		world_log(w, "    server %d: state %d r %llu d %llu e %llu",
			  i, c->state, c->release, c->deadline, c->consumed);
		world_log(w, "      z %llu+%u/%u s %llu cap %u->%u user %u kernel %u ended %d early %d borrows %d",
			  c->z, c->z_rem, c->cap, c->start, c->cap, c->cap_next,
			  c->nr_user, c->nr_kernel, c->ended, c->early,
			  c->borrows);
	}
}

void world_fail(struct world *w, const char *fmt, ...)
{
	va_list args;

	log_servers(w);
	fflush(stdout);
	fprintf(stderr, "at %llu, event %lu: ", w->now, w->events);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

static struct wserver *to_wserver(struct vbs_server *c)
{
	return container_of(c, struct wserver, core);
}

/* ---- what the core asks for ---- */

void vbs_env_runnable(struct vbs_cpu *c, struct vbs_server *s)
{
	(void)c;
	(void)s;
}

void vbs_env_released(struct vbs_cpu *c, struct vbs_server *s, u64 debt)
{
	(void)c;
	world_log(here, "  server %d: released, debt %llu",
		  server_nr(here, to_wserver(s)), debt);
}

void vbs_env_stopped(struct vbs_cpu *c, struct vbs_server *s, enum vbs_why why,
		     u64 until)
{
	(void)c;
	world_log(here, "  server %d: stopped, why %d, until %llu",
		  server_nr(here, to_wserver(s)), why, until);
}

/* Here they stay and wait: what the server executes is the same. */
void vbs_env_fair(struct vbs_cpu *c, struct vbs_server *s)
{
	(void)c;
	if (!s->nr_kernel)
		world_fail(here, "server %d: nobody is in the kernel",
			   server_nr(here, to_wserver(s)));
}

void vbs_env_recall(struct vbs_cpu *c, struct vbs_server *s)
{
	(void)c;
	world_fail(here, "server %d: nobody has gone",
		   server_nr(here, to_wserver(s)));
}

/*
 * A cap was reduced.  While the server has work that is at a release, which
 * the model has not seen yet: what is booked is compared after the event.
 */
void vbs_env_cap_freed(struct vbs_cpu *c, struct vbs_server *s, u32 amount)
{
	struct wserver *ws = to_wserver(s);

	(void)c;
	world_log(here, "  server %d: %u freed", server_nr(here, ws), amount);
	if (amount > ws->booked)
		world_fail(here, "server %d: frees %u of %u",
			   server_nr(here, ws), amount, ws->booked);
	ws->booked -= amount;
	vbs_adm_free(&here->adm, 0, amount);
}

u64 vbs_env_align_offset(struct vbs_cpu *c, struct vbs_server *s)
{
	(void)c;
	(void)s;
	return here->ahead;
}

static void take_nodes(struct world *w)
{
	for (int i = 0; i < VBS_NODES_PER_ENT; i++)
		w->spare[w->nr_spare++] = vbs_pool_take(&w->cpu.pool);
}

void vbs_env_booking_over(struct vbs_cpu *c, struct vbs_booking *b)
{
	struct wbooking *wb = container_of(b, struct wbooking, core);

	(void)c;
	world_log(here, "  booking %d over", (int)(wb - here->booking));
	if (!wb->alive || wb->until > here->now)
		world_fail(here, "booking until %llu is over", wb->until);
	wb->alive = false;
	vbs_adm_free(&here->adm, 0, b->amount);
	take_nodes(here);
	oracle_booked(here, wb->owner);
}

/* ---- after each event ---- */

/*
 * Jobs begin where a server begins to compete, or competes with another
 * deadline: at its release, or now if it was entered early or goes on.
 */
static void note_job(struct world *w, struct wserver *s)
{
	struct vbs_server *c = &s->core;
	bool ready = c->state == VBS_READY && vbs_nr_eligible(c);
	u64 arrival = w->now;

	if (ready && (!s->was_ready || c->deadline != s->job_deadline ||
		      c->early != s->job_early ||
		      c->release != s->job_release)) {
		if (!c->early &&
		    (c->release != s->job_release || s->job_early))
			arrival = min(max(c->release, s->woken_at), w->now);
		oracle_arrival(w, s, arrival);
		s->job_release = c->release;
		s->job_deadline = c->deadline;
		s->job_early = c->early;
		s->oracle.kernel |= c->early;
	}
	s->was_ready = ready;
}

/*
 * At the deadline of the instance that went before, without a gap.  Where a period has
 * passed the next multiple is as good as now.
 */
static bool is_carried(const struct world *w, const struct wserver *s)
{
	u64 r = s->core.release, d = s->seen_deadline;

	if (s->core.align && w->now >= d + s->core.period)
		return false;
	return r >= d && (r - d) % s->core.period == 0;
}

static void note_release(struct world *w, struct wserver *s)
{
	u64 r = s->core.release;

	if (s->core.ended || s->core.early) {
		s->oracle.streak = false;
		s->seen_release = r;
		s->seen_deadline = s->core.deadline;
		return;
	}
	if (r == s->seen_release)
		return;
	oracle_released(w, s, is_carried(w, s));
	s->seen_release = r;
	s->seen_deadline = s->core.deadline;
}

/* If a reduced cap was freed while the server is blocked, was it time? */
static void note_freed(struct world *w, struct wserver *s)
{
	struct model_server *m = &s->model;
	bool blocked = model_state(m) == MODEL_BLOCKED;
	wide at = model_free_at(m);

	if (m->cap_next >= m->cap || !blocked)
		return;
	if (s->core.cap == m->cap_next) {
		if (at > (wide)w->now)
			world_fail(w, "server %d: cap freed before %llu",
				   server_nr(w, s), (u64)at);
		model_cap_freed(m);
	} else if (!w->late_releases && at + (wide)CUT <= (wide)w->now) {
		world_fail(w, "server %d: cap not freed at %llu",
			   server_nr(w, s), (u64)at);
	}
}

void world_check(struct world *w)
{
	for (int i = 0; i < MAX_SERVERS; i++) {
		struct wserver *s = &w->server[i];

		if (!s->alive)
			continue;
		if (!w->no_model)
			note_freed(w, s);
		note_release(w, s);
		note_job(w, s);
		oracle_booked(w, s);
		oracle_check(w, s);
	}
	if (!w->no_model)
		compare_world(w);
}

/* ---- time ---- */

/*
 * The core has released what is due.  The model follows, but for those that
 * stand in the queue behind one of the same unit that is not due yet.
 */
static void model_releases(struct world *w)
{
	for (int i = 0; i < MAX_SERVERS; i++) {
		struct wserver *s = &w->server[i];
		wide until;

		if (!s->alive || model_state(&s->model) != MODEL_STOPPED)
			continue;
		until = model_until(&s->model);
		if (until > (wide)w->now)
			continue;
		if (s->core.wait.ent.queued && (wide)s->core.wait.due == until &&
		    until + (wide)CUT > (wide)w->now)
			continue;
		model_settle(&w->model, &s->model, (wide)w->now);
	}
}

void world_releases(struct world *w, unsigned int batch)
{
	u64 at;

	w->late_releases = vbs_next_release(&w->cpu, &at) && at <= w->now &&
			   w->now < at + w->lateness;
	if (w->late_releases)
		return;
	while (vbs_release_due(&w->cpu, w->now, batch) == batch)
		;
	model_releases(w);
}

static void settle(struct world *w, struct wserver *s)
{
	vbs_settle(&w->cpu, &s->core, w->now);
	model_settle(&w->model, &s->model, (wide)w->now);
}

static bool may_run(const struct wserver *s, int member)
{
	return s->member[member] == M_KERNEL ||
	       (s->member[member] == M_USER && !s->core.early);
}

/* The running one goes on if it may, else the next of its server */
static int pick_member(struct world *w, struct wserver *s)
{
	int from = w->curr == s ? w->curr_member : 0;

	for (int i = 0; i < MAX_MEMBERS; i++)
		if (may_run(s, (from + i) % MAX_MEMBERS))
			return (from + i) % MAX_MEMBERS;
	world_fail(w, "server %d: nobody may run", server_nr(w, s));
}

/* Earliest deadline first, in units of the queue */
static void check_edf(struct world *w, const struct wserver *first)
{
	for (int i = 0; i < MAX_SERVERS; i++) {
		const struct wserver *s = &w->server[i];

		if (!s->alive || model_state(&s->model) != MODEL_READY)
			continue;
		if (!first || (u64)s->model.deadline / CUT <
			      (u64)first->model.deadline / CUT)
			world_fail(w, "server %d should run", i);
	}
}

void world_pick(struct world *w)
{
	struct vbs_server *c;

	while ((c = vbs_first_ready(&w->cpu)) && !vbs_nr_eligible(c)) {
		settle(w, to_wserver(c));
		if (c == vbs_first_ready(&w->cpu) && !vbs_nr_eligible(c))
			world_fail(w, "first server has nobody to run");
	}
	if (!w->no_model)
		check_edf(w, c ? to_wserver(c) : NULL);
	if (!c) {
		w->curr = NULL;
		return;
	}
	w->curr_member = pick_member(w, to_wserver(c));
	w->curr = to_wserver(c);
	vbs_runs(c, w->now);
}

static void pass_time(struct world *w, u64 delta, struct wserver *ran)
{
	w->now += delta;
	for (int i = 0; i < MAX_SERVERS; i++)
		oracle_time(w, &w->server[i], delta,
			    &w->server[i] == ran ? delta : 0);
	judge_time(w, delta, ran);
}

/* Something else has the CPU, and no server is charged */
void world_interrupt(struct world *w, u64 delta)
{
	w->slop += delta;
	pass_time(w, delta, NULL);
	world_releases(w, 64);
	world_check(w);
}

static void note_late(struct world *w, struct wserver *s, u64 delta)
{
	u64 left = vbs_budget_left(&s->core);

	if (delta <= left)
		return;
	s->oracle.late = max(s->oracle.late, delta - left);
	s->oracle.late_at = w->now + delta;
	w->slop += delta - left;
}

static void charge(struct world *w, struct wserver *s, u64 delta)
{
	vbs_charge(&s->core, delta);
	model_charge(&s->model, (wide)delta);
	settle(w, s);
}

/*
 * Who runs keeps the CPU for @beyond longer than its budget.  What neighbours lack
 * then is not its fault, until the CPU has been idle: nothing is due of before.
 */
void world_overrun(struct world *w, u64 beyond)
{
	struct wserver *s;
	u64 step;

	world_pick(w);
	s = w->curr;
	if (!s || s == &w->server[0])
		return;
	w->judge = (struct judge){};
	step = vbs_budget_left(&s->core) + beyond;
	w->slop += step;
	note_late(w, s, step);
	pass_time(w, step, s);
	charge(w, s, step);
	world_releases(w, 64);
	world_check(w);
}

/*
 * Run for at most @limit, to the next thing that happens by itself; with
 * lateness the CPU learns of it later.  Return: the time passed.
 */
u64 world_run_step(struct world *w, u64 limit, unsigned int batch)
{
	u64 step = limit, at;
	struct wserver *s;

	world_pick(w);
	s = w->curr;
	if (s)
		step = min(step, vbs_budget_left(&s->core) + w->lateness);
	if (vbs_next_release(&w->cpu, &at)) {
		at += w->lateness;
		step = min(step, at > w->now ? at - w->now : 0);
	}
	if (s)
		note_late(w, s, step);
	pass_time(w, step, s);
	if (s)
		charge(w, s, step);
	world_releases(w, batch);
	world_check(w);
	return step;
}

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	here = w;
	w->adm = (struct vbs_admission){ .cpu = &w->adm_cpu, .mask = w->adm_mask };
	vbs_cpu_init(&w->cpu);
	for (unsigned int i = 0; i < MAX_NODES; i++)
		w->spare[w->nr_spare++] = &w->node[i];
}
