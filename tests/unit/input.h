/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers from the string of bytes that drives a world; zeroes at its end. */
#ifndef _TESTS_UNIT_INPUT_H
#define _TESTS_UNIT_INPUT_H

#include "world.h"

static inline u8 in(struct world *w)
{
	return w->in < w->end ? *w->in++ : 0;
}

static inline u32 in16(struct world *w)
{
	u32 high = in(w);

	return high << 8 | in(w);
}

/* 1 .. 2^24, of any order of magnitude */
static inline u64 in_scaled(struct world *w)
{
	u32 order = in(w) % 25;

	return max((u64)in16(w) << order >> 16, 1ULL);
}

/* 0 .. 255, and often all of it */
static inline u8 in_share(struct world *w)
{
	u8 byte = in(w);

	return byte > 160 ? 255 : byte;
}

static inline u64 scale(u64 x, u32 num, u32 den)
{
	return (u64)((wide)x * num / den);
}

/* ---- lives.c: how servers come, go and change their resources ---- */

extern const char *const mode_name[];

bool cap_has_params(const struct world *w, u32 cap, bool align);
struct vbs_params in_params(struct world *w, u32 cap, bool align);
enum member_state in_mode(struct world *w);
void log_params(struct world *w, const struct wserver *s, const char *what,
		const struct vbs_params *p);
bool book_cap(struct world *w, struct wserver *s, u32 cap);
u32 in_cap(struct world *w, const struct wserver *s, u32 least);

unsigned int nr_runnable(const struct wserver *s);
bool is_runnable(const struct wserver *s, int member);
void add_member(struct world *w, struct wserver *s, int member,
		enum member_state mode);
void del_member(struct world *w, struct wserver *s, int member);

u64 runtime_most(u32 cap, u64 period, bool align);
void enter(struct world *w, struct wserver *s);
void enter_with(struct world *w, struct wserver *s, const struct vbs_params *p);
void do_leave(struct world *w, struct wserver *s);
void do_move(struct world *w, struct wserver *s);

/* ---- events.c ---- */

void do_switch(struct world *w, struct wserver *s);
void run_for(struct world *w, u64 left);
void set_ahead(struct world *w, u64 ahead);

/* ---- siege.c: attacks on an honest server ---- */

void siege_start(struct world *w);
/* Whom an event is about */
struct wserver *siege_attacker(struct world *w);
void do_at(struct world *w, struct wserver *s);
void do_budget_end(struct world *w, struct wserver *s);
void do_ambush(struct world *w, struct wserver *s);
void do_overrun(struct world *w, struct wserver *s);
void do_clock_step(struct world *w, struct wserver *s);

#endif /* _TESTS_UNIT_INPUT_H */
