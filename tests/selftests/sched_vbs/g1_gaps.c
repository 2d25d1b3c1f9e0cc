// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* What members see themselves, without any help from the kernel */
#define SERVERS		3
#define INSTANCES	300

static const u64 periods[SERVERS] = { 2 * MS, 5 * MS, 10 * MS };

struct watch {
	struct rec rec;
	u64 length;
	u64 cpu;
};

static void member(void *arg)
{
	struct watch *w = arg;
	u64 cpu;

	gate_wait(&w->rec.gate);
	cpu = cpu_ns();
	rec_until(&w->rec, now_ns() + w->length);
	w->cpu = cpu_ns() - cpu;
}

static void check(const struct watch *w, u64 runtime, u64 period)
{
	u64 k = w->length / period;
	char who[64];

	snprintf(who, sizeof(who), "%ju us in %ju ms", (uintmax_t)(runtime / US),
		 (uintmax_t)(period / MS));
	t_at_most(rec_longest_gap(&w->rec), 2 * (period - runtime) + eps_start(SERVERS),
		  "%s: longest gap in ns", who);
	/* the length cuts one instance at its end */
	t_at_least(w->cpu, k * runtime - eps_start(SERVERS),
		   "%s: CPU time in %ju periods", who, (uintmax_t)k);
	t_at_most(w->cpu, (k + 1) * runtime + eps_start(SERVERS),
		  "%s: CPU time in %ju periods", who, (uintmax_t)k);
}

VBS_TEST("G1 as members see it: no gap over 2 (pi - lambda), k lambda in k periods", 120)
{
	u64 runtime[SERVERS], bw;
	struct watch *w[SERVERS];
	pid_t pid[SERVERS];

	need_vbs();
	eps_measure_long();
	bw = cpu_room(0) / SERVERS;
	for (int i = 0; i < SERVERS; i++) {
		runtime[i] = (bw * periods[i]) >> VBS_BW_SHIFT;
		w[i] = t_shared(sizeof(*w[i]));
		w[i]->length = INSTANCES * periods[i];
		pid[i] = t_fork(member, w[i]);
		must_enter(pid[i], runtime[i], periods[i], 0);
	}
	sleep_ns(20 * MS);
	for (int i = 0; i < SERVERS; i++)
		gate_open(&w[i]->rec.gate);
	for (int i = 0; i < SERVERS; i++)
		t_wait(pid[i]);
	for (int i = 0; i < SERVERS; i++)
		check(w[i], runtime[i], periods[i]);
}
