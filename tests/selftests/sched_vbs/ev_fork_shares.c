// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define CHILDREN	3

struct family {
	struct rec rec[CHILDREN];
	u64 until;
};

static struct family *family;

static void child(void *arg)
{
	rec_until(arg, family->until);
}

/* Exhausts the budget, so that the last child is born without any */
static void play(struct actor *a)
{
	pid_t pid[CHILDREN];

	for (int i = 0; i < CHILDREN; i++)
		pid[i] = t_fork(child, &family->rec[i]);
	rec_until(&a->rec, family->until);
	for (int i = 0; i < CHILDREN; i++)
		t_wait(pid[i]);
}

VBS_TEST("a member and its children share one budget", 30)
{
	u64 periods = 20, sum = 0, eps, members;
	struct actor *a;

	need_vbs();
	family = t_shared(sizeof(*family));
	eps_measure();
	a = actor_new(play, stage(), 3 * MS, 10 * MS, 0);
	family->until = a->t0 + periods * 10 * MS - 1 * MS;
	sleep_until(a->t0 + 50 * MS);
	members = server_val(a->pid, "members");
	actor_end(a);
	for (int i = 0; i < CHILDREN; i++) {
		sum += rec_total(&family->rec[i]);
		t_at_least(rec_total(&family->rec[i]), periods * MS / 4, "ns of child %d", i);
	}
	sum += rec_total(&a->rec);
	t_equal(members, 1 + CHILDREN, "members");
	eps = eps_start(CHILDREN + 1);
	t_at_most(sum, periods * 3 * MS + eps, "ns of all in %ju periods", (uintmax_t)periods);
	/* forks and the switches between members, three in an instance */
	t_at_least(sum, periods * (3 * MS - 3 * eps) - 1 * MS, "ns of all");
}
