// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>
#include "vbs_measure.h"

static void spins(struct actor *a)
{
	spin_until(a->t0 + 10 * SEC);
}

static void blocks(struct actor *a)
{
	sleep_until(a->t0 + 10 * SEC);
}

static void waits(struct actor *a)
{
	burn(5 * MS);
	vbs_enter(0, 10 * MS, 500 * MS, 0);
	spin_until(a->t0 + 10 * SEC);
}

/* Killed at @when of a period of 500 ms; must be gone long before it ends */
static void scene(void (*play)(struct actor *a), u64 when, const char *state)
{
	struct actor *a = actor_new(play, stage(), 20 * MS, 500 * MS, 0);
	u64 killed, took;
	int status;

	sleep_until(a->t0 + when);
	t_ok(server_state(a->pid, state), "state is %s", state);
	killed = now_ns();
	kill(a->pid, SIGKILL);
	status = t_wait(a->pid);
	took = now_ns() - killed;
	t_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: killed", state);
	t_at_most(took, 1 * MS, "%s: ns until it was gone", state);
	t_equal(cpu_key(0, "servers"), 0, "%s: servers after it", state);
	sleep_until(a->t0 + 600 * MS);
	t_timely(cpu_key(0, "booked"), 0, "%s: booked after z", state);
}

VBS_TEST("kill -9 ends a member at once in every state of its server", 60)
{
	need_vbs();
	eps_measure();
	scene(spins, 100 * MS, "throttled");
	scene(blocks, 100 * MS, "idle");
	scene(waits, 60 * MS, "waiting");
}
