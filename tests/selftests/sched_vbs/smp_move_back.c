// SPDX-License-Identifier: GPL-2.0
#include "vbs_group.h"

/*
 * A server with many runnable members moves back and forth as fast as it can, some
 * of them on their way still: each has to have its turn afterwards.
 */
#define MEMBERS	150
#define FLIPS	60

struct back {
	volatile u32 ready;
	volatile u64 turns[MEMBERS];
};

static struct back *back;

static void *work(void *arg)
{
	__sync_fetch_and_add(&back->ready, 1);
	for (;;)
		back->turns[(intptr_t)arg]++;
	return NULL;
}

static void crowd(void *unused)
{
	pthread_t t;

	(void)unused;
	raise(SIGSTOP);
	for (int i = 0; i < MEMBERS; i++)
		if (pthread_create(&t, NULL, work, (void *)(intptr_t)i))
			_exit(1);
	for (;;)
		pause();
}

static int idle_members(void)
{
	u64 was[MEMBERS];
	int n = MEMBERS;

	memcpy(was, (void *)back->turns, sizeof(was));
	/* A round takes 150 slices of 1 ms, at half of what the CPU is given */
	for (int tries = 0; n && tries < 100; tries++) {
		sleep_ns(300 * MS);
		n = 0;
		for (int i = 0; i < MEMBERS; i++)
			n += was[i] == back->turns[i];
	}
	return n;
}

VBS_TEST("a server that moves back and forth has all its members", 120)
{
	struct group g;
	pid_t pid;

	need_vbs();
	need_cpus(2);
	need_cpusets2();
	back = t_shared(sizeof(*back));
	g = group_new(CGROUP2, "vbs_back", "0");
	pid = t_fork(crowd, NULL);
	sleep_ns(50 * MS);
	t_equal(group_take(&g, pid), 0, "all in a cpuset");
	must_enter(pid, 5 * MS, 10 * MS, 0);
	kill(pid, SIGCONT);
	for (int i = 0; i < 1000 && back->ready != MEMBERS; i++)
		sleep_ns(10 * MS);
	t_equal(server_val(pid, "members"), MEMBERS + 1, "members");
	for (int i = 0; i < FLIPS; i++)
		if (group_set(&g, "cpuset.cpus", i % 2 ? "0" : "1"))
			t_fatal("flip %d", i);
	t_equal(server_val(pid, "cpu"), 0, "CPU of the server");
	t_equal(idle_members(), 0, "members that have no turn");
	t_kill(pid);
	group_end(&g);
	t_equal(books_empty(SEC), 0, "booked at last");
}
