// SPDX-License-Identifier: GPL-2.0
#include "vbs_test.h"

#define SERVERS	24

static void sleeper(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static u64 spare(int cpu)
{
	return cpu_key(cpu, "spare");
}

/* @pid enters with @cap and a mask of CPUs: where it must go, where it went */
static void place(pid_t pid, u32 cap, u32 mask)
{
	u64 most = 0, booked, chosen;
	cpu_set_t set;
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);

	CPU_ZERO(&set);
	for (int cpu = 0; cpu < cpus; cpu++) {
		if (!(mask & (1 << cpu)))
			continue;
		CPU_SET(cpu, &set);
		most = spare(cpu) > most ? spare(cpu) : most;
	}
	if (sched_setaffinity(pid, sizeof(set), &set))
		t_fatal("affinity");
	if (cap > most) {
		t_equal(vbs_enter(pid, 100 * US, 10 * MS, cap), -EBUSY,
			"no room for %u in mask 0x%x", cap, mask);
		return;
	}
	must_enter(pid, 100 * US, 10 * MS, cap);
	chosen = server_val(pid, "cpu");
	booked = spare(chosen);
	/* buckets of spare bandwidth: the best is within one of the most */
	t_ok(mask & (1 << chosen) && booked + cap + VBS_BW_UNIT / 64 >= most,
	     "cap %u, mask 0x%x: CPU %ju, of spare %ju of at most %ju", cap, mask,
	     (uintmax_t)chosen, (uintmax_t)(booked + cap), (uintmax_t)most);
}

VBS_TEST("a server is placed where its mask has most to spare, or is refused", 30)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int seed = t_arg("seed", 1);
	pid_t pid[SERVERS];

	need_vbs();
	need_cpus(2);
	for (int i = 0; i < SERVERS; i++)
		pid[i] = t_fork(sleeper, NULL);
	sleep_ns(20 * MS);
	for (int i = 0; i < SERVERS; i++) {
		u32 mask = rand_r(&seed) & ((1 << cpus) - 1);

		place(pid[i], VBS_BW_UNIT / 50 + rand_r(&seed) % (VBS_BW_UNIT / 3), mask ?: 1);
	}
	for (int i = 0; i < SERVERS; i++)
		t_kill(pid[i]);
	t_equal(books_empty(3 * SEC), 0, "booked at last");
}
