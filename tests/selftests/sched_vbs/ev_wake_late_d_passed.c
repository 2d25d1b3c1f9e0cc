// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * The spender runs some hundred nanoseconds beyond its 1 ms: y is that much times
 * 1 000 behind d.  It leaves; the other member wakes between d and y and is
 * released at once with r = d: so its next release is at d + pi, not t + pi.
 */
#define RUNTIME		(1 * MS)
#define PERIOD		(1 * SEC)

static volatile u64 *wake_at;

static void spend(struct actor *a)
{
	spin_until(a->t0 + 2 * PERIOD);
}

static void wake_late(struct actor *a)
{
	sleep_until(a->t0 + PERIOD / 2);
	sleep_until(*wake_at);
	rec_until(&a->rec, a->t0 + 2 * PERIOD + 10 * MS);
}

VBS_TEST("activation at d <= t < y: released at once with r = d", 30)
{
	u64 t0 = stage(), beyond;
	struct actor *a, *b;
	u64 before;

	wake_at = t_shared(sizeof(*wake_at));
	a = actor_new(spend, t0, RUNTIME, PERIOD, 0);
	b = actor_join(wake_late, a->t0, a);
	sleep_until(t0 - 10 * MS);
	before = server_val(a->pid, "consumed");
	sleep_until(t0 + PERIOD / 4);
	beyond = server_val(a->pid, "consumed") - before - RUNTIME;
	t_diag("%ju ns beyond the budget", (uintmax_t)beyond);
	*wake_at = t0 + PERIOD + beyond * (PERIOD / RUNTIME) / 2;
	vbs_leave(a->pid);
	sleep_until(t0 + PERIOD / 4 + 50 * MS);
	t_kill(a->pid);
	if ((s64)beyond < 500)
		t_skip_all("the timer was exact");
	actor_end(b);
	t_near(b->rec.p[0].from, *wake_at, eps_start(1), "runs when it wakes");
	actor_check(b, 1, 2 * PERIOD, 2 * PERIOD + RUNTIME, eps_start(1), "next instance");
}
