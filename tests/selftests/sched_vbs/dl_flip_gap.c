// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * One tenth of a CPU as (10, 100) or as (1, 10) ms, flipped every 15 ms, which
 * overtakes most of what a flip promises, or every 115 ms, which does not.
 * After a flip at t the first execution is due by max(t, z) + pi' - lambda':
 * z is where the time consumed so far, spread at the cap, ends.
 */
#define LENGTH		(2 * SEC)
#define FLIPS_MAX	(LENGTH / (15 * MS) + 1)

struct flip {
	u64 at;
	u64 latest;		/* pi' - lambda' */
};

struct result {
	u64 total;
	u64 longest_gap;
	s64 window;		/* most in any 100 ms */
	s64 late;		/* worst, beyond what is due after a flip */
};

static struct flip flips[FLIPS_MAX];
static unsigned int nflips;

static void member(void *arg)
{
	struct rec *r = arg;

	gate_wait(&r->gate);
	rec_until(r, now_ns() + LENGTH);
}

/* Where consumption until @t, spread at a tenth of the CPU, ends */
static u64 spread_end(const struct rec *r, u64 t)
{
	u64 z = 0, to;

	for (unsigned int i = 0; i < r->n && r->p[i].from < t; i++) {
		to = r->p[i].to < t ? r->p[i].to : t;
		z = (z > r->p[i].from ? z : r->p[i].from) + 10 * (to - r->p[i].from);
	}
	return z;
}

static u64 first_after(const struct rec *r, u64 t)
{
	for (unsigned int i = 0; i < r->n; i++)
		if (r->p[i].to > t)
			return r->p[i].from > t ? r->p[i].from : t;
	return 0;
}

static u64 in_window(const struct rec *r, u64 from, u64 to)
{
	u64 sum = 0, a, b;

	for (unsigned int i = 0; i < r->n; i++) {
		a = r->p[i].from > from ? r->p[i].from : from;
		b = r->p[i].to < to ? r->p[i].to : to;
		sum += b > a ? b - a : 0;
	}
	return sum;
}

static struct result judge(const struct rec *r)
{
	struct result res = { .total = rec_total(r), .longest_gap = rec_longest_gap(r) };
	s64 got;

	for (unsigned int i = 0; i < r->n; i++) {
		got = in_window(r, r->p[i].from, r->p[i].from + 100 * MS);
		res.window = got > res.window ? got : res.window;
	}
	for (unsigned int i = 0; i < nflips; i++) {
		u64 first = first_after(r, flips[i].at);
		u64 z = spread_end(r, flips[i].at);
		u64 due = (z > flips[i].at ? z : flips[i].at) + flips[i].latest;

		/* a flip that the next one overtakes before its time is void */
		if (!first || (i + 1 < nflips && flips[i + 1].at < due))
			continue;
		got = first - due;
		res.late = got > res.late ? got : res.late;
	}
	return res;
}

static struct result run(int policy, u64 interval)
{
	struct rec *r = rec_new();
	pid_t pid = t_fork(member, r);
	struct result res;

	set_fifo(0, 50);
	admit(policy, pid, 10 * MS, 100 * MS, 0);
	gate_open(&r->gate);
	for (unsigned int i = 0; i < LENGTH / interval; i++) {
		bool large = i & 1;

		nflips = i + 1;
		flips[i] = (struct flip) { now_ns(), large ? 90 * MS : 9 * MS };
		set_resource(policy, pid, large ? 10 * MS : 1 * MS,
			     large ? 100 * MS : 10 * MS, 0);
		sleep_until(flips[i].at + interval);
	}
	t_wait(pid);
	vbs_leave(0);
	res = judge(r);
	t_diag("%-8s every %ju ms: %.2f %% in all, longest gap %.3f ms, up to %.3f ms in 100 ms, %.3f ms late after a flip",
	       class_name(policy), (uintmax_t)(interval / MS), 100.0 * res.total / LENGTH,
	       res.longest_gap / 1e6, res.window / 1e6, res.late / 1e6);
	return res;
}

static void check(u64 interval)
{
	struct result res = run(SCHED_VBS, interval);

	t_at_most(res.late, eps_start(1) + 10 * eps_budget(),
		  "ns late after any flip, every %ju ms", (uintmax_t)(interval / MS));
	t_at_most(res.window, 10 * MS + 18 * MS + eps_budget(),
		  "ns in any 100 ms, flipped every %ju ms", (uintmax_t)(interval / MS));
}

VBS_TEST("flipping (10,100) and (1,10) ms keeps the promise of each", 60)
{
	eps_measure();
	run(SCHED_DEADLINE, 15 * MS);
	run(SCHED_DEADLINE, 115 * MS);
	need_vbs();
	check(15 * MS);
	check(115 * MS);
}
