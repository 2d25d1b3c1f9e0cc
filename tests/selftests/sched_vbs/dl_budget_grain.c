// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

#define RUNTIME		(1 * MS)
#define PERIOD		(10 * MS)
#define INSTANCES	100

static void member(void *arg)
{
	struct rec *r = arg;

	gate_wait(&r->gate);
	rec_until(r, now_ns() + INSTANCES * PERIOD);
}

static struct rec *run(int policy)
{
	struct rec *r = rec_new();
	pid_t pid = t_fork(member, r);

	sleep_ns(5 * MS);
	admit(policy, pid, RUNTIME, PERIOD, 0);
	sleep_ns(5 * MS);
	gate_open(&r->gate);
	t_wait(pid);
	return r;
}

static void print_run(int policy, const struct rec *r)
{
	u64 least = UINT64_MAX, most = 0, len;

	for (unsigned int i = 0; i + 1 < r->n; i++) {
		len = rec_len(r, i);
		least = len < least ? len : least;
		most = len > most ? len : most;
	}
	t_diag("%-8s %u pieces, the shortest %.3f ms, the longest %.3f ms",
	       class_name(policy), r->n, least / 1e6, most / 1e6);
}

VBS_TEST("a budget of 1 ms is 1 ms in every period, not what the tick makes of it", 60)
{
	s64 off, worst = 0;
	struct rec *r;

	eps_measure();
	print_run(SCHED_DEADLINE, run(SCHED_DEADLINE));
	need_vbs();
	r = run(SCHED_VBS);
	print_run(SCHED_VBS, r);
	t_at_least(r->n, INSTANCES, "pieces");
	t_at_most(r->n, INSTANCES + 1, "pieces");
	for (unsigned int i = 0; i + 1 < r->n; i++) {
		off = rec_len(r, i) - RUNTIME;
		off = off < 0 ? -off : off;
		worst = off > worst ? off : worst;
	}
	/* both ends of a piece are seen one switch late or early */
	t_at_most(worst, eps_start(1), "ns off 1 ms in any period");
}
