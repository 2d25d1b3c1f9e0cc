// SPDX-License-Identifier: GPL-2.0
/* Bytes to events: what members, callers and the machine may do to servers. */
#include "world.h"

#define PERIOD_MIN	100000ULL
#define CAP_MIN		(VBS_BW_UNIT / 100)

static u8 in(struct world *w)
{
	return w->in < w->end ? *w->in++ : 0;
}

static u32 in16(struct world *w)
{
	u32 high = in(w);

	return high << 8 | in(w);
}

/* 1 .. 2^24, of any order of magnitude */
static u64 in_scaled(struct world *w)
{
	u32 order = in(w) % 25;

	return max((u64)in16(w) << order >> 16, 1ULL);
}

/* 0 .. 255, and often all of it */
static u8 in_share(struct world *w)
{
	u8 byte = in(w);

	return byte > 160 ? 255 : byte;
}

static u64 scale(u64 x, u32 num, u32 den)
{
	return (u64)((wide)x * num / den);
}

/* ---- the books ---- */

static bool book(struct world *w, struct wserver *s, u32 amount)
{
	if (!vbs_adm_fits(&w->adm, 0, amount))
		return false;
	vbs_adm_book(&w->adm, 0, amount);
	s->booked += amount;
	return true;
}

static void give_nodes(struct world *w)
{
	for (int i = 0; i < VBS_NODES_PER_ENT; i++)
		vbs_pool_give(&w->cpu.pool, w->spare[--w->nr_spare]);
}

static void take_nodes(struct world *w)
{
	for (int i = 0; i < VBS_NODES_PER_ENT; i++)
		w->spare[w->nr_spare++] = vbs_pool_take(&w->cpu.pool);
}

/* ---- resources ---- */

/* The most that fits into @cap, in each @period */
static u64 runtime_most(u32 cap, u64 period, bool align)
{
	u64 most = scale(period, cap, VBS_BW_UNIT);

	return align ? scale(most, 511, 512) - 1 : most;
}

static struct vbs_params in_params(struct world *w, u32 cap, bool align)
{
	u64 least = max(VBS_RUNTIME_MIN, 2 * w->cpu.release_cost);
	u64 period = PERIOD_MIN << in(w) % 14, most;

	period += scale(period, in16(w), 1 << 18);
	period = min(period, VBS_PERIOD_LIMIT);
	while (runtime_most(cap, period, align) < least)
		period *= 2;
	most = runtime_most(cap, period, align);
	return (struct vbs_params){
		.runtime = least + scale(most - least, in_share(w), 255),
		.period = period,
		.cap = cap,
		.align = align,
	};
}

static void log_params(struct world *w, const struct wserver *s,
		       const char *what, const struct vbs_params *p)
{
	world_log(w, "server %d: %s (%llu, %llu) cap %u%s", server_nr(w, s),
		  what, p->runtime, p->period, p->cap, p->align ? " align" : "");
}

/* ---- members ---- */

static const char *const mode_name[] = { "out", "blocked", "user", "kernel" };

static unsigned int nr_runnable(const struct wserver *s)
{
	return s->core.nr_user + s->core.nr_kernel;
}

static bool is_runnable(const struct wserver *s, int member)
{
	return s->member[member] >= M_USER;
}

static enum member_state in_mode(struct world *w)
{
	u8 byte = in(w);

	return w->kernels && byte % 2 ? M_KERNEL : M_USER;
}

/* Is this wake-up one at t >= y, or the first after a switch at t >= s? */
static bool is_fresh(const struct world *w, const struct wserver *s)
{
	struct fraction now = { (wide)w->now, 1 };

	if (s->model.ended)
		return true;
	return !s->model.yielded && compare(now, model_y(&s->model)) >= 0;
}

static void add_member(struct world *w, struct wserver *s, int member,
		       enum member_state mode)
{
	bool first = !nr_runnable(s), fresh = first && is_fresh(w, s);

	s->member[member] = mode;
	vbs_member_add(&w->cpu, &s->core, mode == M_KERNEL, w->now);
	model_member_add(&w->model, &s->model, mode == M_KERNEL, (wide)w->now);
	if (first) {
		oracle_changed(s);
		oracle_woken(w, s, fresh);
	}
}

static void del_member(struct world *w, struct wserver *s, int member)
{
	bool kernel = s->member[member] == M_KERNEL;

	s->member[member] = M_BLOCKED;
	vbs_member_del(&w->cpu, &s->core, kernel, w->now);
	model_member_del(&w->model, &s->model, kernel, (wide)w->now);
	oracle_changed(s);
}

/* Without settling: the server is being detached */
static void forget_member(struct wserver *s, int member)
{
	bool kernel = s->member[member] == M_KERNEL;

	vbs_member_forget(&s->core, kernel);
	if (kernel)
		s->model.nr_kernel--;
	else
		s->model.nr_user--;
}

/* ---- enter, leave, move ---- */

static void attach(struct world *w, struct wserver *s)
{
	give_nodes(w);
	vbs_server_attach(&w->cpu, &s->core);
	vbs_set_cap(&w->cpu, &s->core, s->core.cap_next, w->now);
	model_attach(&s->model);
}

/* The booking of an earlier life, if it is small enough to be used up */
static void take_over(struct world *w, struct wserver *s, u32 cap)
{
	for (int i = 0; i < MAX_BOOKINGS; i++) {
		struct wbooking *b = &w->booking[i];

		if (!b->alive || b->owner != s || b->core.amount > cap)
			continue;
		world_log(w, "server %d: takes booking %d over",
			  server_nr(w, s), i);
		vbs_queue_del(&w->cpu.wait, &b->core.wait.ent);
		take_nodes(w);
		b->alive = false;
		vbs_adm_free(&w->adm, 0, b->core.amount);
		return;
	}
}

static void enter(struct world *w, struct wserver *s)
{
	u32 spare = vbs_adm_spare(&w->adm, 0);
	u32 cap = scale(spare, in_share(w) + 1, 256);
	bool align = w->aligns && in(w) % 4 == 0;
	struct vbs_params p;

	cap = max(cap, CAP_MIN);
	if (w->changes && in(w) % 2)
		take_over(w, s, cap);
	if (!book(w, s, cap))
		return;
	p = in_params(w, cap, align);
	log_params(w, s, "enters", &p);
	memset(&s->core, 0, sizeof(s->core));
	vbs_server_init(&s->core, &p, s->carried_z);
	model_init(&s->model, (wide)p.runtime, (wide)p.period, cap, align,
		   (wide)s->carried_z);
	/* Whoever carries z carries what it has borrowed, too */
	s->core.borrows = s->carried_borrows;
	s->model.borrows = s->carried_borrows;
	s->oracle.constant = !s->oracle.runtime_max;
	s->oracle.runtime_max = max(s->oracle.runtime_max, p.runtime);
	s->alive = true;
	s->seen_release = 0;
	s->seen_deadline = U64_MAX;
	attach(w, s);
	for (int i = 0; i < MAX_MEMBERS; i++)
		s->member[i] = M_BLOCKED;
	oracle_changed(s);
}

static void forget_members(struct world *w, struct wserver *s, bool properly)
{
	for (int i = 0; i < MAX_MEMBERS; i++) {
		if (!is_runnable(s, i))
			continue;
		if (properly)
			del_member(w, s, i);
		else
			forget_member(s, i);
	}
	s->model.competes = false;
	s->was_ready = false;
	oracle_changed(s);
	if (w->curr == s)
		w->curr = NULL;
}

static struct wbooking *free_booking(struct world *w)
{
	for (int i = 0; i < MAX_BOOKINGS; i++)
		if (!w->booking[i].alive)
			return &w->booking[i];
	return NULL;
}

static void do_leave(struct world *w, struct wserver *s)
{
	struct wbooking *b = free_booking(w);
	u64 until;

	if (!w->changes || !b)
		return;
	world_log(w, "server %d: leaves", server_nr(w, s));
	forget_members(w, s, in(w) % 2);
	until = vbs_termination(&s->core);	/* the last one may settle it */
	vbs_server_detach(&w->cpu, &s->core);
	s->carried_z = until;
	s->carried_borrows = s->core.borrows;
	s->alive = false;
	*b = (struct wbooking){ .until = until, .owner = s };
	b->core.amount = s->booked;
	s->booked = 0;
	if (until > w->now) {
		b->alive = true;
		vbs_booking_add(&w->cpu, &b->core, until, w->now);
	} else {
		take_nodes(w);
		vbs_adm_free(&w->adm, 0, b->core.amount);
	}
	oracle_booked(w, s);
}

/* Away and back: a switch to the same resource */
static void do_move(struct world *w, struct wserver *s)
{
	if (!w->changes)
		return;
	world_log(w, "server %d: moves", server_nr(w, s));
	forget_members(w, s, false);
	vbs_server_detach(&w->cpu, &s->core);
	take_nodes(w);
	attach(w, s);
	oracle_resource(s);
	oracle_changed(s);
	for (int i = 0; i < MAX_MEMBERS; i++)
		if (is_runnable(s, i))
			add_member(w, s, i, s->member[i]);
	oracle_switched(w, s);
}

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

/* Whoever runs enters or leaves the kernel */
static void do_mode(struct world *w, struct wserver *s)
{
	enum member_state *mode;

	world_pick(w);
	s = w->curr;
	if (!s || !w->kernels)
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
	if (!s || nr_runnable(s) != 1)
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

/* The cap is booked before the core is told, unless it is less */
static bool book_cap(struct world *w, struct wserver *s, u32 cap)
{
	return cap <= s->booked || book(w, s, cap - s->booked);
}

static u32 in_cap(struct world *w, const struct wserver *s, u32 least)
{
	u32 most = s->booked + vbs_adm_spare(&w->adm, 0);

	return least + scale(most - least, in_share(w), 255);
}

static void do_switch(struct world *w, struct wserver *s)
{
	u32 cap = s->core.cap_next;
	struct vbs_params p;

	if (!w->changes)
		return;
	do_settle(w, s);	/* a release that has come was one as it was */
	if (in(w) % 4 == 0)
		cap = in_cap(w, s, min(cap, CAP_MIN));
	p = in_params(w, cap, w->aligns && in(w) % 4 == 0);
	if (!book_cap(w, s, cap))
		return;
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

static void run_for(struct world *w, u64 left)
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
	if (w->exact)
		return;
	world_log(w, "%s %llu", how % 2 ? "lateness" : "interrupt of", ns);
	if (how % 2)
		w->lateness = how % 8 == 1 ? 0 : ns;
	else
		world_interrupt(w, ns);
	w->lateness_max = max(w->lateness_max, w->lateness);
	w->slop += w->lateness;
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
	do_disturb,
};

static bool needs_server(event_fn event)
{
	return event == do_block || event == do_switch || event == do_cap ||
	       event == do_leave || event == do_move || event == do_settle;
}

static void one_event(struct world *w)
{
	u8 byte = in(w);
	event_fn event = events[byte % ARRAY_SIZE(events)];
	struct wserver *s;

	s = &w->server[in(w) % w->nr_servers];
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
	w->nr_servers = 1 + in(w) % MAX_SERVERS;
	w->now = starts[in(w) % ARRAY_SIZE(starts)];
	w->cpu.release_cost = costs[in(w) % ARRAY_SIZE(costs)];
	w->model.cost = (wide)w->cpu.release_cost;
	w->cpu.mono_offset = w->aligns ? (u64)in16(w) * 12345 : 0;
	w->model.mono_offset = (wide)w->cpu.mono_offset;
	for (int i = 0; i < MAX_SERVERS; i++)
		oracle_init(&w->server[i].oracle, w->now);
	vbs_adm_set_online(&w->adm, 0, true);
	vbs_adm_set_capacity(&w->adm, 0, scale(VBS_BW_UNIT, PERIOD_MIN,
					       PERIOD_MIN + CUT));
}

void world_run(struct world *w, const u8 *data, size_t size, bool log)
{
	world_init(w);
	w->in = data;
	w->end = data + size;
	w->log = log;
	start(w);
	while (w->in < w->end)
		one_event(w);
}
