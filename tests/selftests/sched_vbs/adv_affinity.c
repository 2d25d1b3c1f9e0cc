// SPDX-License-Identifier: GPL-2.0
#include "vbs_measure.h"

/* A hog goes to and fro between two CPUs that are full of others */
#define RUNTIME	(1 * MS)
#define PERIOD	(10 * MS)

struct attack {
	volatile u64 end;
	volatile u32 moves;
	volatile u32 refused;
};

static void attack(void *arg)
{
	struct attack *a = arg;
	unsigned int seed = 5;
	cpu_set_t set;

	for (int cpu = 0; now_ns() < a->end; cpu = !cpu) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			a->refused++;
		else
			a->moves++;
		spin_until(now_ns() + rand_r(&seed) % (2 * MS));
	}
}

VBS_TEST("moving between CPUs all the time brings the cap and no more", 120)
{
	struct attack *a = t_shared(sizeof(*a));
	u64 start, length, before, got;
	double u = RUNTIME / (double)PERIOD;
	pid_t pid, fill[2];

	need_vbs();
	need_cpus(2);
	for (int cpu = 0; cpu < 2; cpu++) {
		fill[cpu] = t_fork(spin_forever, NULL);
		pin_to(fill[cpu], cpu);
		must_enter(fill[cpu], 7 * MS, 10 * MS, 0);
	}
	a->end = now_ns() + t_arg("seconds", 6) * SEC;
	pid = t_fork(attack, a);
	must_enter(pid, RUNTIME, PERIOD, 0);
	start = now_ns();
	before = server_val(pid, "consumed");
	sleep_until(a->end - 200 * MS);
	got = server_val(pid, "consumed") - before;
	length = now_ns() - start;
	t_at_most(got, u * length + 2 * RUNTIME * (1 - u) + server_val(pid, "overrun_worst"),
		  "ns in %.3f s", length / 1e9);
	t_at_least(got, u * length / 20, "ns in all: it did run");
	t_wait(pid);
	t_diag("%u moves, %u refused", a->moves, a->refused);
	t_at_least(a->moves, 20, "moves");
	t_kill(fill[0]);
	t_kill(fill[1]);
	t_equal(books_empty(SEC), 0, "booked at last");
}
