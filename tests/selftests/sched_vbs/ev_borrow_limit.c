// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define CALL	(5500 * US)

static size_t bytes;

static void play(struct actor *a)
{
	kernel_busy(1 << 16);
	sleep_until(a->t0 + 100 * MS);
	kernel_busy(bytes);
	rec_until(&a->rec, a->t0 + 170 * MS);
}

VBS_TEST("borrowing ends at 3 lambda; the next release is 4 periods away at most", 30)
{
	u64 consumed, fair;
	struct actor *a;

	need_vbs();
	eps_measure();
	bytes = kernel_busy_bytes(CALL);
	a = actor_new(play, stage(), 1 * MS, 10 * MS, 0);
	sleep_until(a->t0 + 90 * MS);
	consumed = server_val(a->pid, "consumed");
	sleep_until(a->t0 + 109500 * US);
	consumed = server_val(a->pid, "consumed") - consumed;
	fair = server_val(a->pid, "fair");
	actor_end(a);
	t_at_least(fair, 1, "times that it went on as a fair task");
	t_at_most(consumed, 4 * MS + eps_start(1), "ns as SCHED_VBS in the first period");
	t_at_least(consumed, 3 * MS, "ns as SCHED_VBS in the first period");
	/* four periods later 1.5 ms of the call are left at most: one instance more */
	t_at_most(a->rec.p[0].from - a->t0, 150 * MS + eps_start(1), "ns until user mode again");
}
