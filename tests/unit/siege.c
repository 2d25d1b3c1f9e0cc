// SPDX-License-Identifier: GPL-2.0
/*
 * All of the CPU is booked.  Server 0 always has work, and is owed its budget in
 * each period to the nanosecond.  The others do what they may at the instants that
 * the rules are about, and beside them.
 */
#include "input.h"

#define FAR	100	/* periods of the honest server, that is steps */

/* ---- the servers ---- */

/* As much as there is in the cap */
static void honest_enters(struct world *w, u32 cap)
{
	struct vbs_params p = in_params(w, cap, false);

	p.runtime = runtime_most(cap, p.period, false);
	enter_with(w, &w->server[0], &p);
	add_member(w, &w->server[0], 0, M_USER);
	judge_from(w, w->server[0].core.release);
}

/* Half of what is left each, the last all of it */
static void attackers_enter(struct world *w)
{
	struct vbs_params p;
	u32 cap;

	for (unsigned int i = 1; i < w->nr_servers; i++) {
		cap = vbs_adm_spare(&w->adm, 0);
		if (i + 1 < w->nr_servers)
			cap /= 2;
		p = in_params(w, cap, w->aligns && in(w) % 2 == 0);
		enter_with(w, &w->server[i], &p);
	}
}

void siege_start(struct world *w)
{
	w->nr_servers = 2 + w->nr_servers % 3;
	honest_enters(w, scale(w->adm_cpu.capacity, 1 + in(w) % 12, 16));
	attackers_enter(w);
	world_check(w);
}

struct wserver *siege_attacker(struct world *w)
{
	return &w->server[1 + in(w) % (w->nr_servers - 1)];
}

/* ---- what they do, and when ---- */

/* The end of an event that is part of another one */
static void happens(struct world *w)
{
	world_releases(w, 64);
	world_check(w);
}

static void wakes(struct world *w, struct wserver *s)
{
	enum member_state mode = in_mode(w);

	if (is_runnable(s, 0))
		return;
	world_log(w, "server %d: member 0 wakes in %s", server_nr(w, s),
		  mode_name[mode]);
	add_member(w, s, 0, mode);
	happens(w);
}

static void blocks(struct world *w, struct wserver *s)
{
	world_log(w, "server %d: all block", server_nr(w, s));
	for (int i = 0; i < MAX_MEMBERS; i++)
		if (is_runnable(s, i))
			del_member(w, s, i);
	happens(w);
}

static void acts(struct world *w, struct wserver *s)
{
	u8 byte = in(w) % 8;

	if (byte < 2)
		do_switch(w, s);
	else if (byte == 7)
		do_clock_step(w, s);
	else if (byte < 6 && !nr_runnable(s))
		wakes(w, s);
	else if (byte < 6)
		blocks(w, s);
}

/* The last two are the neighbour's: who wakes then has all of its period */
static u64 instant(const struct world *w, const struct vbs_server *c, u8 which)
{
	switch (which % 6) {
	case 0:
		return vbs_termination(c);
	case 1:
		return c->ended ? c->start : vbs_zero_lag(c);
	case 2:
		return c->ended ? c->start : c->release;
	case 3:
		return c->ended ? c->start : c->deadline;
	default:
		return w->server[0].core.deadline;
	}
}

/* Until one of them, 1 ns before or after it, or somewhere between two */
static bool until_instant(struct world *w, struct wserver *s)
{
	u8 which = in(w), byte = in(w);
	u64 at = instant(w, &s->core, which);

	if (byte & 8)
		at += scale(instant(w, &s->core, which / 6) - at, byte, 255);
	at += byte % 3;
	if (at <= w->now + 1 || at > w->now + FAR * w->server[0].core.period)
		return false;
	world_log(w, "until %llu", at - 1);
	run_for(w, at - 1 - w->now);
	world_releases(w, 64);
	return true;
}

void do_at(struct world *w, struct wserver *s)
{
	if (until_instant(w, s))
		acts(w, s);
}

/* Until all but 1 ns of the budget, all of it, or 1 ns more is executed */
static void until_budget_end(struct world *w, struct wserver *s)
{
	int off = in(w) % 3 - 1;
	u64 limit, step;
	bool runs;

	world_log(w, "server %d: to the end of its budget %+d", server_nr(w, s), off);
	for (int i = 0; i < 64; i++) {
		world_pick(w);
		runs = w->curr == s;
		limit = VBS_PERIOD_LIMIT;
		if (runs)
			limit = vbs_budget_left(&s->core) - (off < 0);
		step = limit ? world_run_step(w, limit, 64) : 0;
		if (runs && step == limit)
			break;
	}
	if (off > 0)
		world_run_step(w, 1, 64);
	world_releases(w, 64);
}

void do_budget_end(struct world *w, struct wserver *s)
{
	until_budget_end(w, s);
	acts(w, s);
}

void do_overrun(struct world *w, struct wserver *s)
{
	u64 beyond = in_scaled(w) >> 4;

	(void)s;
	if (!w->overruns)
		return;
	world_log(w, "%llu ns beyond the budget", beyond);
	world_overrun(w, beyond);
}

/* Its timeline is the owner's, who may step it to anywhere at any time */
void do_clock_step(struct world *w, struct wserver *s)
{
	u64 step = scale(s->core.period, in_share(w), 255);
	bool back = in(w) % 4 == 0;

	if (!w->aligns || !s->alive || (back && w->ahead < step))
		return;
	world_log(w, "the clock of the multiples is stepped by %s%llu", back ? "-" : "", step);
	set_ahead(w, back ? w->ahead - step : w->ahead + step);
	for (int i = 0; i < MAX_SERVERS; i++)
		if (w->server[i].core.align)
			oracle_changed(&w->server[i]);
}

/* Part of a budget more, in the kernel or with interrupts off */
static void goes_beyond(struct world *w, struct wserver *s)
{
	u64 beyond = scale(s->core.runtime, in_share(w), 255);

	world_pick(w);
	if (w->overruns && w->curr == s)
		world_overrun(w, beyond);
	else
		run_for(w, min(beyond, FAR * w->server[0].core.period));
}

/* Takes more than its budget, blocks, wakes, uses up what it has, and switches */
void do_ambush(struct world *w, struct wserver *s)
{
	if (!s->alive)
		return;
	wakes(w, s);
	until_budget_end(w, s);
	goes_beyond(w, s);
	blocks(w, s);
	until_instant(w, s);
	wakes(w, s);
	until_budget_end(w, s);
	do_switch(w, s);
	happens(w);
	run_for(w, 2 * w->server[0].core.period);
}
