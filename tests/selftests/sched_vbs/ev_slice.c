// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

static void play(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 15 * MS);
}

VBS_TEST("members of a server run in turn, a slice each", 30)
{
	struct actor *a = actor_new(play, stage(), 6 * MS, 10 * MS, 0);
	struct actor *b = actor_join(play, a->t0, a);
	u64 slice = sysctl_vbs("slice_us") * US, eps = eps_start(2), first;

	actor_end(a);
	actor_end(b);
	if (a->rec.p[0].from > b->rec.p[0].from) {
		struct actor *swap = a;

		a = b;
		b = swap;
	}
	first = a->rec.p[0].from - a->t0;
	for (unsigned int i = 0; i < 3; i++) {
		actor_check(a, i, first + 2 * i * slice, first + (2 * i + 1) * slice,
			    (2 * i + 1) * eps, "the first one");
		actor_check(b, i, first + (2 * i + 1) * slice, first + (2 * i + 2) * slice,
			    (2 * i + 2) * eps, "the second one");
	}
}
