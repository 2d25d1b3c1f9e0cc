// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* The spender exhausts the server and leaves; the other member is asleep */
static void spend(struct actor *a)
{
	spin_until(a->t0 + 40 * MS);
}

static void wake_before_d(struct actor *a)
{
	sleep_until(a->t0 + 5 * MS);
	rec_until(&a->rec, a->t0 + 15 * MS);
}

static void wake_after_d(struct actor *a)
{
	sleep_until(a->t0 + 13 * MS);
	rec_until(&a->rec, a->t0 + 26 * MS);
}

static struct actor *scene(void (*play)(struct actor *a))
{
	u64 t0 = stage();
	struct actor *a = actor_new(spend, t0, 2 * MS, 10 * MS, 0);
	struct actor *b = actor_join(play, a->t0, a);

	sleep_until(t0 + 3 * MS);
	vbs_leave(a->pid);
	t_kill(a->pid);
	sleep_until(t0 + 12 * MS);
	if (play == wake_after_d)
		t_ok(server_state(b->pid, "idle"), "d has passed, nobody runnable: idle");
	actor_end(b);
	return b;
}

VBS_TEST("an exhausted server whose members all block is throttled until d, then idle", 30)
{
	struct actor *b = scene(wake_before_d);
	u64 eps = eps_start(1) + 5 * eps_budget();

	actor_check(b, 0, 10 * MS, 12 * MS, eps, "woken before d: waits for d");
	b = scene(wake_after_d);
	actor_check(b, 0, 13 * MS, 15 * MS, eps, "woken after d: a new instance");
	actor_check(b, 1, 23 * MS, 25 * MS, eps, "and the next");
}
