// SPDX-License-Identifier: GPL-2.0
/* Actors: members of servers that play a scene from a known instant on */
#include "vbs_measure.h"

u64 stage(void)
{
	need_vbs();
	if (!eps_budget())
		eps_measure();
	return now_ns() + STAGE_DELAY;
}

static void go_on_stage(void *arg)
{
	struct actor *a = arg;

	gate_wait(&a->rec.gate);
	sleep_until(a->t0);
	a->play(a);
}

static struct actor *actor_fork(void (*play)(struct actor *a), u64 t0)
{
	struct actor *a = t_shared(sizeof(*a));

	a->play = play;
	a->t0 = t0;
	a->pid = t_fork(go_on_stage, a);
	sleep_ns(2 * MS);
	return a;
}

struct actor *actor_new(void (*play)(struct actor *a), u64 t0, u64 runtime,
			u64 period, u32 cap)
{
	struct actor *a = actor_fork(play, t0);

	must_enter(a->pid, runtime, period, cap);
	gate_open(&a->rec.gate);
	return a;
}

struct actor *actor_join(void (*play)(struct actor *a), u64 t0,
			 const struct actor *leader)
{
	struct actor *a = actor_fork(play, t0);

	errno = -vbs_join(a->pid, leader->pid);
	if (errno)
		t_fatal("join");
	gate_open(&a->rec.gate);
	return a;
}

void actor_end(struct actor *a)
{
	t_wait(a->pid);
	rec_print(&a->rec, a->t0, 6);
}

void actor_check(const struct actor *a, unsigned int i, u64 from, u64 to,
		 u64 eps_allowed, const char *what)
{
	rec_check(&a->rec, i, a->t0, from, to, eps_allowed, what);
}
