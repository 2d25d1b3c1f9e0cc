// SPDX-License-Identifier: GPL-2.0
/* How servers of the simulated CPU come, go, and what they may ask for. */
#include "input.h"

/* ---- the books ---- */

static bool book(struct world *w, struct wserver *s, u32 amount)
{
	if (!vbs_adm_fits(&w->adm, 0, amount))
		return false;
	vbs_adm_book(&w->adm, 0, amount);
	s->booked += amount;
	return true;
}

/* The cap is booked before the core is told, unless it is less */
bool book_cap(struct world *w, struct wserver *s, u32 cap)
{
	return cap <= s->booked || book(w, s, cap - s->booked);
}

u32 in_cap(struct world *w, const struct wserver *s, u32 least)
{
	u32 most = s->booked + vbs_adm_spare(&w->adm, 0);

	return least + scale(most - least, in_share(w), 255);
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
u64 runtime_most(u32 cap, u64 period, bool align)
{
	u64 most = scale(period, cap, VBS_BW_UNIT);

	if (align)
		most = scale(most, 511, 512);
	return align && most ? most - 1 : most;
}

static u64 runtime_least(const struct world *w)
{
	return max(VBS_RUNTIME_MIN, 2 * w->cpu.release_cost);
}

/* Is there a resource, within the limits of both, for this cap? */
bool cap_has_params(const struct world *w, u32 cap, bool align)
{
	return runtime_most(cap, VBS_PERIOD_LIMIT, align) >= runtime_least(w);
}

struct vbs_params in_params(struct world *w, u32 cap, bool align)
{
	u64 period = PERIOD_MIN << in(w) % 14, least = runtime_least(w), most;

	period += scale(period, in16(w), 1 << 18);
	period = min(period, VBS_PERIOD_LIMIT);
	while (runtime_most(cap, period, align) < least)
		period = min(2 * period, VBS_PERIOD_LIMIT);
	most = runtime_most(cap, period, align);
	return (struct vbs_params){
		.runtime = least + scale(most - least, in_share(w), 255),
		.period = period,
		.cap = cap,
		.align = align,
	};
}

void log_params(struct world *w, const struct wserver *s,
		       const char *what, const struct vbs_params *p)
{
	world_log(w, "server %d: %s (%llu, %llu) cap %u%s", server_nr(w, s),
		  what, p->runtime, p->period, p->cap, p->align ? " align" : "");
}

/* ---- members ---- */

const char *const mode_name[] = { "out", "blocked", "user", "kernel" };

unsigned int nr_runnable(const struct wserver *s)
{
	return s->core.nr_user + s->core.nr_kernel;
}

bool is_runnable(const struct wserver *s, int member)
{
	return s->member[member] >= M_USER;
}

enum member_state in_mode(struct world *w)
{
	u8 byte = in(w);

	return w->kernels && byte % 2 ? M_KERNEL : M_USER;
}

/* Is this wake-up one at t >= y, or the first after a switch at t >= s? */
static bool is_fresh(const struct world *w, const struct wserver *s)
{
	if (s->core.ended)
		return true;
	return !s->core.yielded && w->now >= vbs_zero_lag(&s->core);
}

void add_member(struct world *w, struct wserver *s, int member,
		       enum member_state mode)
{
	bool first = !nr_runnable(s), fresh = first && is_fresh(w, s);

	if (first)
		s->woken_at = w->now;

	s->member[member] = mode;
	vbs_member_add(&w->cpu, &s->core, mode == M_KERNEL, w->now);
	model_member_add(&w->model, &s->model, mode == M_KERNEL, (wide)w->now);
	if (first) {
		oracle_changed(s);
		oracle_woken(w, s, fresh);
	}
}

void del_member(struct world *w, struct wserver *s, int member)
{
	bool kernel = s->member[member] == M_KERNEL;

	s->member[member] = M_BLOCKED;
	vbs_member_del(&w->cpu, &s->core, kernel, w->now);
	model_member_del(&w->model, &s->model, kernel, (wide)w->now);
	oracle_changed(s);
}

/* ---- enter, leave, move ---- */

static void attach(struct world *w, struct wserver *s)
{
	give_nodes(w);
	vbs_server_attach(&s->core);
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

/* There is room for the cap */
void enter_with(struct world *w, struct wserver *s, const struct vbs_params *p)
{
	book(w, s, p->cap);
	log_params(w, s, "enters", p);
	memset(&s->core, 0, sizeof(s->core));
	vbs_server_init(&s->core, p, s->carried_z);
	model_init(&s->model, (wide)p->runtime, (wide)p->period, p->cap, p->align,
		   (wide)s->carried_z);
	/* Whoever carries z carries what it has borrowed, too */
	s->core.borrows = s->carried_borrows;
	s->model.borrows = s->carried_borrows;
	s->oracle.constant = !s->oracle.runtime_max;
	s->oracle.runtime_max = max(s->oracle.runtime_max, p->runtime);
	s->alive = true;
	s->seen_release = 0;
	s->seen_deadline = U64_MAX;
	attach(w, s);
	for (int i = 0; i < MAX_MEMBERS; i++)
		s->member[i] = M_BLOCKED;
	oracle_changed(s);
}

void enter(struct world *w, struct wserver *s)
{
	u32 spare = vbs_adm_spare(&w->adm, 0);
	u32 cap = scale(spare, in_share(w) + 1, 256);
	bool align = w->aligns && in(w) % 4 == 0;
	struct vbs_params p;

	cap = max(cap, CAP_MIN);
	if (w->changes && in(w) % 2)
		take_over(w, s, cap);
	if (!vbs_adm_fits(&w->adm, 0, cap))
		return;
	p = in_params(w, cap, align);
	enter_with(w, s, &p);
}

static void forget_members(struct world *w, struct wserver *s, bool properly)
{
	unsigned int n = 0;

	for (int i = 0; i < MAX_MEMBERS; i++) {
		if (!is_runnable(s, i))
			continue;
		n++;
		if (properly)
			del_member(w, s, i);
	}
	if (!properly) {	/* nor settled: the server is being detached */
		if (vbs_members_forget(&s->core) != n)
			world_fail(w, "server %d forgets other than %u members", server_nr(w, s), n);
		s->model.nr_kernel = 0;
		s->model.nr_user = 0;
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

void do_leave(struct world *w, struct wserver *s)
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
void do_move(struct world *w, struct wserver *s)
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
