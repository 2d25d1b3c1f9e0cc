// SPDX-License-Identifier: GPL-2.0
/* Bytes to events: what members, callers and the machine may do to servers. */
#include "input.h"

/* ---- what members do ---- */

static void do_wake(struct world *w, struct wserver *s)
{
	int member = in(w) % MAX_MEMBERS;
	enum member_state mode = in_mode(w);

	if (!s->alive)
		enter(w, s);
	if (!s->alive || is_runnable(s, member))
		return;
	world_log(w, "server %d: member %d wakes in %s", server_nr(w, s),
		  member, mode_name[mode]);
	add_member(w, s, member, mode);
}

static void do_block(struct world *w, struct wserver *s)
{
	int member = in(w) % MAX_MEMBERS;

	if (!is_runnable(s, member))
		return;
	world_log(w, "server %d: member %d blocks", server_nr(w, s), member);
	del_member(w, s, member);
}

static bool is_honest(const struct world *w, const struct wserver *s)
{
	return w->siege && s == &w->server[0];
}

/* Whoever runs enters or leaves the kernel */
static void do_mode(struct world *w, struct wserver *s)
{
	enum member_state *mode;

	world_pick(w);
	s = w->curr;
	if (!s || !w->kernels || is_honest(w, s))
		return;
	mode = &s->member[w->curr_member];
	*mode = *mode == M_USER ? M_KERNEL : M_USER;
	world_log(w, "server %d: member %d to %s", server_nr(w, s),
		  w->curr_member, mode_name[*mode]);
	vbs_member_mode(&s->core, *mode == M_KERNEL);
	vbs_settle(&w->cpu, &s->core, w->now);
	model_member_mode(&w->model, &s->model, *mode == M_KERNEL,
			  (wide)w->now);
	if (s->core.early)
		oracle_changed(s);
}

static void do_yield(struct world *w, struct wserver *s)
{
	world_pick(w);
	s = w->curr;
	if (!s || is_honest(w, s) || nr_runnable(s) != 1)
		return;
	world_log(w, "server %d: yields", server_nr(w, s));
	vbs_yield(&s->core);
	vbs_settle(&w->cpu, &s->core, w->now);
	model_yield(&w->model, &s->model, (wide)w->now);
	oracle_changed(s);
}

/* ---- changes ---- */

/* Nothing has happened: nothing may change but what is due */
static void do_settle(struct world *w, struct wserver *s)
{
	vbs_settle(&w->cpu, &s->core, w->now);
	model_settle(&w->model, &s->model, (wide)w->now);
}

void do_switch(struct world *w, struct wserver *s)
{
	u32 cap = s->core.cap_next;
	struct vbs_params p;
	bool align;

	if (!w->changes)
		return;
	do_settle(w, s);	/* a release that has come was one as it was */
	if (in(w) % 4 == 0 && !w->siege)
		cap = in_cap(w, s, min(cap, CAP_MIN));
	align = w->aligns && in(w) % 4 == 0;
	if (!cap_has_params(w, cap, align) || !book_cap(w, s, cap))
		return;
	p = in_params(w, cap, align);
	log_params(w, s, "switches to", &p);
	vbs_switch(&w->cpu, &s->core, &p, w->now);
	model_switch(&w->model, &s->model, (wide)p.runtime, (wide)p.period,
		     cap, p.align, (wide)w->now);
	oracle_resource(s);
	oracle_changed(s);
	oracle_switched(w, s);
}

static void do_cap(struct world *w, struct wserver *s)
{
	struct vbs_params p = {
		.runtime = s->core.runtime, .period = s->core.period,
		.align = s->core.align,
	};
	u32 cap;

	do_settle(w, s);
	cap = in_cap(w, s, (u32)vbs_bandwidth(&p));
	if (!w->changes || !book_cap(w, s, cap))
		return;
	world_log(w, "server %d: cap %u -> %u", server_nr(w, s),
		  s->core.cap_next, cap);
	vbs_set_cap(&w->cpu, &s->core, cap, w->now);
	model_set_cap(&s->model, cap);
	oracle_resource(s);
}

/* ---- time ---- */

void run_for(struct world *w, u64 left)
{
	u64 idle = 0;

	while (left) {
		u64 step = world_run_step(w, left, 64);

		left -= step;
		idle = step ? 0 : idle + 1;
		if (idle > 50)
			world_fail(w, "time stands still");
	}
}

static void do_run(struct world *w, struct wserver *s)
{
	u64 ns = in_scaled(w);

	(void)s;
	world_log(w, "%llu ns pass", ns);
	run_for(w, ns);
}

/* Up to the next thing that happens by itself, some times */
static void do_steps(struct world *w, struct wserver *s)
{
	u8 byte = in(w);

	(void)s;
	world_log(w, "%d steps", byte % 16 + 1);
	for (int i = byte % 16 + 1; i > 0; i--)
		world_run_step(w, VBS_PERIOD_LIMIT, byte & 16 ? 1 : 64);
}

/* The machine is late from now on, or does something else */
static void do_disturb(struct world *w, struct wserver *s)
{
	u64 ns = in_scaled(w);
	u8 how = in(w);

	(void)s;
	if (w->exact || w->siege)
		return;
	world_log(w, "%s %llu", how % 2 ? "lateness" : "interrupt of", ns);
	if (how % 2)
		w->lateness = how % 8 == 1 ? 0 : ns;
	else
		world_interrupt(w, ns);
	w->lateness_max = max(w->lateness_max, w->lateness);
	w->slop += w->lateness;
}

/* The clock of aligned releases is @ahead from now on; periods get shorter, G2 with them */
void set_ahead(struct world *w, u64 ahead)
{
	w->slop += 2 * (max(w->ahead, ahead) - min(w->ahead, ahead));
	w->ahead = ahead;
	w->model.ahead = (wide)ahead;
	for (int i = 0; i < MAX_SERVERS; i++)
		if (w->server[i].alive)
			do_settle(w, &w->server[i]);
}

/* That clock runs differently; 20 us in all */
static void do_drift(struct world *w, struct wserver *s)
{
	/* ALIGN has 1/512 of a period for it: 195 ns of the shortest */
	u64 drift = in(w) / 4;

	(void)s;
	if (w->exact || w->siege || !w->aligns)
		return;
	world_log(w, "drift %llu", drift);
	set_ahead(w, w->ahead_first + drift);
}

/* ---- the string ---- */

typedef void (*event_fn)(struct world *w, struct wserver *s);

static const event_fn events[] = {
	do_steps, do_steps, do_steps, do_steps, do_steps, do_steps,
	do_run, do_run, do_run, do_run, do_run,
	do_wake, do_wake, do_wake, do_wake, do_wake, do_wake,
	do_block, do_block, do_block, do_block,
	do_mode, do_mode, do_mode,
	do_switch, do_switch, do_cap, do_yield, do_leave, do_move, do_settle,
	do_disturb, do_drift,
};

/* Under siege */
static const event_fn attacks[] = {
	do_at, do_at, do_at, do_at, do_at, do_at, do_at, do_at,
	do_budget_end, do_budget_end, do_budget_end, do_budget_end,
	do_wake, do_wake, do_wake, do_block, do_block, do_mode, do_mode, do_mode,
	do_switch, do_switch, do_steps, do_steps, do_run, do_overrun,
	do_cap, do_yield, do_leave, do_move, do_settle,
	do_ambush, do_ambush, do_ambush, do_ambush, do_clock_step,
};

static bool needs_server(event_fn event)
{
	return event == do_at || event == do_budget_end || event == do_block || event == do_switch || event == do_cap ||
	       event == do_leave || event == do_move || event == do_settle;
}

static void one_event(struct world *w)
{
	u8 byte = in(w);
	event_fn event = events[byte % ARRAY_SIZE(events)];
	struct wserver *s;

	if (w->siege) {
		event = attacks[byte % ARRAY_SIZE(attacks)];
		s = siege_attacker(w);
	} else {
		s = &w->server[in(w) % w->nr_servers];
	}
	if (needs_server(event) && !s->alive)
		return;
	event(w, s);
	world_releases(w, 64);
	w->events++;
	world_events++;
	world_check(w);
}

static void start(struct world *w)
{
	static const u64 starts[] = {
		1, NSEC_PER_SEC, (1ULL << 34) - 5000000, (1ULL << 44) + 12345,
	};
	static const u64 costs[] = { 0, 0, 0, 1, 1234, 5000 };
	u8 flags = in(w);

	w->exact = flags & 1;
	w->kernels = flags & 2;
	w->aligns = flags & 4;
	w->changes = !(flags & 8) || flags & 16;
	w->siege = flags & 32;
	w->overruns = w->siege && !w->exact;
	w->nr_servers = 1 + in(w) % MAX_SERVERS;
	w->now = starts[in(w) % ARRAY_SIZE(starts)];
	w->cpu.release_cost = costs[in(w) % ARRAY_SIZE(costs)];
	w->model.cost = (wide)w->cpu.release_cost;
	w->ahead_first = w->aligns ? (u64)in16(w) * 12345 : 0;
	w->ahead = w->ahead_first;
	w->model.ahead = (wide)w->ahead;
	for (int i = 0; i < MAX_SERVERS; i++)
		oracle_init(&w->server[i].oracle, w->now);
	vbs_adm_set_online(&w->adm, 0, true);
	vbs_adm_set_capacity(&w->adm, 0, flags & 64 ? VBS_BW_UNIT / 10 * 9 :
			     (u32)scale(VBS_BW_UNIT, PERIOD_MIN - CUT,
					PERIOD_MIN + CUT));
	if (w->siege)
		siege_start(w);
}

bool world_no_model;

void world_run(struct world *w, const u8 *data, size_t size, bool log)
{
	world_init(w);
	w->in = data;
	w->end = data + size;
	w->log = log;
	w->no_model = world_no_model;
	start(w);
	while (w->in < w->end)
		one_event(w);
}
