// SPDX-License-Identifier: GPL-2.0
/* Core against model: every number of every server, and the queues. */
#include "world.h"

#define SAME(w, s, what, core, model)					\
do {									\
	u64 _core = (u64)(core), _model = (u64)(model);			\
									\
	if (_core != _model)						\
		world_fail(w, "server %d: %s is %llu, should be %llu",	\
			   server_nr(w, s), what, _core, _model);	\
} while (0)

static void compare_instance(struct world *w, struct wserver *s)
{
	const struct vbs_server *c = &s->core;
	const struct model_server *m = &s->model;

	SAME(w, s, "r", c->release, m->release);
	SAME(w, s, "d", c->deadline, m->deadline);
	SAME(w, s, "e", c->consumed, m->consumed);
	SAME(w, s, "y", vbs_zero_lag(c), round_up(model_y(m)));
	SAME(w, s, "yielded", c->yielded, m->yielded);
	SAME(w, s, "early", c->early, m->early);
	SAME(w, s, "budget", vbs_budget_left(c), model_budget(m));
}

/* z + z_rem / cap, exactly */
static void compare_z(struct world *w, struct wserver *s)
{
	const struct vbs_server *c = &s->core;
	struct fraction z = { (wide)c->z * c->cap + c->z_rem, c->cap };

	/* Of one that does not run it does not matter where in the past */
	if (model_state(&s->model) != MODEL_READY &&
	    vbs_termination(c) <= w->now &&
	    round_up(model_z(&s->model)) <= (wide)w->now)
		return;
	SAME(w, s, "z", vbs_termination(c), round_up(model_z(&s->model)));
	if (c->z_rem >= c->cap)
		world_fail(w, "server %d: remainder %u of z", server_nr(w, s),
			   c->z_rem);
	if (compare(z, model_z(&s->model)))
		world_fail(w, "server %d: z is not exact: %llu + %u/%u",
			   server_nr(w, s), c->z, c->z_rem, c->cap);
}

static void compare_ready(struct world *w, struct wserver *s)
{
	const struct vbs_server *c = &s->core;

	SAME(w, s, "state", c->state, VBS_READY);
	SAME(w, s, "queued", c->ready.queued, true);
	SAME(w, s, "waiting", c->wait.ent.queued, false);
	SAME(w, s, "key", c->ready.key, (u32)((u64)s->model.deadline / CUT));
}

/* In the wait queue only if there is a cap to be freed */
static void compare_blocked(struct world *w, struct wserver *s)
{
	const struct vbs_server *c = &s->core;

	SAME(w, s, "state", c->state, VBS_IDLE);
	SAME(w, s, "queued", c->ready.queued, false);
	SAME(w, s, "waiting", c->wait.ent.queued,
	     s->model.cap > s->model.cap_next);
	if (c->wait.ent.queued)
		SAME(w, s, "until", c->wait.due, model_free_at(&s->model));
}

static void compare_stopped(struct world *w, struct wserver *s)
{
	const struct vbs_server *c = &s->core;

	SAME(w, s, "queued", c->ready.queued, false);
	SAME(w, s, "waiting", c->wait.ent.queued, true);
	SAME(w, s, "until", c->wait.due, model_until(&s->model));
	SAME(w, s, "state", c->state, s->model.ended || s->model.early ?
	     VBS_WAITING : VBS_THROTTLED);
}

void compare_server(struct world *w, struct wserver *s)
{
	const struct vbs_server *c = &s->core;
	const struct model_server *m = &s->model;
	const char *fault = vbs_server_fault(&w->cpu, c);

	if (fault)
		world_fail(w, "server %d: %s", server_nr(w, s), fault);
	SAME(w, s, "runnable members", c->nr_user + c->nr_kernel,
	     m->nr_user + m->nr_kernel);
	SAME(w, s, "eligible members", vbs_nr_eligible(c), model_eligible(m));
	SAME(w, s, "ended", c->ended, m->ended);
	if (!m->ended)
		compare_instance(w, s);
	else if (model_state(m) != MODEL_BLOCKED)
		SAME(w, s, "s", c->start, m->start);
	SAME(w, s, "cap", c->cap, m->cap);
	SAME(w, s, "cap asked", c->cap_next, m->cap_next);
	compare_z(w, s);
	SAME(w, s, "misses", c->stats.misses, m->misses);
	if (model_state(m) == MODEL_READY)
		compare_ready(w, s);
	else if (model_state(m) == MODEL_STOPPED)
		compare_stopped(w, s);
	else
		compare_blocked(w, s);
	SAME(w, s, "steps", c->borrows, m->borrows);
	SAME(w, s, "booked", s->booked, model_booked(m));
}

/* What is booked in all, and the pool */
void compare_world(struct world *w)
{
	unsigned int entities = 0;
	u64 booked = 0;

	for (int i = 0; i < MAX_SERVERS; i++) {
		if (!w->server[i].alive)
			continue;
		compare_server(w, &w->server[i]);
		booked += w->server[i].booked;
		entities++;
	}
	for (int i = 0; i < MAX_BOOKINGS; i++) {
		if (!w->booking[i].alive)
			continue;
		booked += w->booking[i].core.amount;
		entities++;
	}
	if (booked != w->adm_cpu.booked || booked > w->adm_cpu.capacity)
		world_fail(w, "booked: %u, should be %llu of %u",
			   w->adm_cpu.booked, booked, w->adm_cpu.capacity);
	if (w->cpu.pool.nr != VBS_NODES_PER_ENT * entities)
		world_fail(w, "%u nodes of %u entities", w->cpu.pool.nr,
			   entities);
}
