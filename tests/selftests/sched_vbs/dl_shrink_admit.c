// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/*
 * A controller with an earlier deadline than any of them lets three tasks take
 * (50, 100) ms one after the other and shrink at once; then an honest one is
 * admitted with (50, 100) ms and must get it in 100 ms.
 */
#define GREEDY	3
#define LARGE	(50 * MS)
#define SMALL	(500 * US)
#define WANTED	(49900 * US)	/* enough of it to end before the budget does */
#define PERIOD	(100 * MS)

struct honest {
	volatile u32 gate;
	volatile u64 got_at;
};

static void honest_member(void *arg)
{
	struct honest *h = arg;
	u64 start;

	gate_wait(&h->gate);
	start = cpu_ns();
	while (cpu_ns() - start < WANTED)
		nops();
	h->got_at = now_ns();
	spin_forever(NULL);
}

static u64 admit_when_possible(int policy, pid_t pid)
{
	u64 asked;
	int err;

	for (int i = 0; i < 2000; i++) {
		asked = now_ns();
		err = set_resource(policy, pid, LARGE, PERIOD, vbs_bw(LARGE, PERIOD));
		if (err != -EBUSY)
			break;
		sleep_ns(MS);
	}
	errno = -err;
	if (err)
		t_fatal("admission of the honest task");
	return asked;
}

static u64 run(int policy)
{
	struct honest *h = t_shared(sizeof(*h));
	pid_t greedy[GREEDY], honest;
	int taken = 0;
	u64 admitted, took;

	honest = t_fork(honest_member, h);
	for (int i = 0; i < GREEDY; i++)
		greedy[i] = t_fork(spin_forever, NULL);
	admit(policy, 0, 1 * MS, 5 * MS, 0);
	for (int i = 0; i < GREEDY; i++) {
		if (set_resource(policy, greedy[i], LARGE, PERIOD, vbs_bw(LARGE, PERIOD)))
			continue;
		taken++;
		set_resource(policy, greedy[i], SMALL, PERIOD, vbs_bw(SMALL, PERIOD));
	}
	gate_open(&h->gate);
	admitted = admit_when_possible(policy, honest);
	sleep_until(admitted + 5 * PERIOD);
	took = h->got_at - admitted;
	for (int i = 0; i < GREEDY; i++)
		t_kill(greedy[i]);
	t_kill(honest);
	vbs_leave(0);
	t_diag("%-8s %d tasks took half a CPU and shrank; the honest one got 50 ms after %.3f ms",
	       class_name(policy), taken, took / 1e6);
	return took;
}

VBS_TEST("bandwidth is given away only when it is free: who is admitted gets it", 60)
{
	eps_measure();
	run(SCHED_DEADLINE);
	need_vbs();
	/* the time that three tasks need to come and go is in the start term */
	t_at_most(run(SCHED_VBS), PERIOD + eps_start(GREEDY + 1),
		  "ns until the honest task had its 50 ms");
}
