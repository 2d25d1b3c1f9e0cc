// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define CALL	(2500 * US)

static size_t bytes;		/* that keep the kernel busy for CALL */

/* The first call brings the pages in; y is long past at t0 + 100 ms */
static void play(struct actor *a)
{
	kernel_busy(1 << 16);
	sleep_until(a->t0 + 100 * MS);
	kernel_busy(bytes);
	rec_until(&a->rec, a->t0 + 135 * MS);
}

VBS_TEST("a member in the kernel is not stopped there: its server borrows from later instances", 30)
{
	struct actor *a;
	u64 eps, used;

	need_vbs();
	eps_measure();
	bytes = kernel_busy_bytes(CALL);
	a = actor_new(play, stage(), 1 * MS, 10 * MS, 0);
	sleep_until(a->t0 + 90 * MS);
	used = server_val(a->pid, "consumed");
	sleep_until(a->t0 + 104 * MS);
	used = server_val(a->pid, "consumed") - used;
	actor_end(a);
	eps = eps_start(1) + 4 * eps_budget();
	/* what the same call costs differs by what is in the page tables; more than two budgets */
	t_near(used, CALL, 400 * US + eps, "executed in one piece");
	/* that are two instances and a half: half of the third is left */
	actor_check(a, 0, 120 * MS, 120 * MS + 3 * MS - used, eps, "user mode again");
	actor_check(a, 1, 130 * MS, 131 * MS, eps, "the next instance");
}
