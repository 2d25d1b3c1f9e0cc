// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include "vbs_group.h"

/*
 * A server with many runnable members moves from CPU 0 to 1 and back.  A task of
 * SCHED_FIFO 99 on CPU 0 looks at the clock all the time: what it misses are
 * interrupts, and members that have a budget of 100 us in 100 ms.
 */
#define MOVES	5

struct many {
	volatile u32 gate, ready;
	volatile pid_t tid[16384];
	volatile u64 worst;
	volatile u32 watch;
};

static struct many *many;
static u32 members;

static void *work(void *arg)
{
	many->tid[(intptr_t)arg] = gettid();
	__sync_fetch_and_add(&many->ready, 1);
	gate_wait(&many->gate);
	for (;;)
		;
	return arg;
}

static void crowd(void *unused)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (u32 i = 0; i < members; i++)
		if (pthread_create(&t, &attr, work, (void *)(intptr_t)i))
			_exit(1);
	for (;;)
		pause();
	(void)unused;
}

static void watcher(void *unused)
{
	u64 last = 0, now;

	(void)unused;
	for (;;) {
		while (!many->watch) {
			sleep_ns(MS);
			last = now_ns();
		}
		now = now_ns();
		if (now - last > many->worst)
			many->worst = now - last;
		last = now;
	}
}

/* How long CPU 0 was away from who watches, at a move from there to CPU 1 */
static u64 move(const struct group *g, pid_t pid)
{
	u64 start;

	t_equal(group_set(g, "cpuset.cpus", "0"), 0, "all on CPU 0");
	for (int i = 0; i < 200 && stat_field(pid, 39) != 0; i++)
		sleep_ns(10 * MS);
	sleep_ns(SEC);
	many->worst = 0;
	many->watch = 1;
	sleep_ns(500 * MS);
	t_diag("at rest interrupted for %d us", (int)(many->worst / US));
	many->worst = 0;
	start = now_ns();
	t_equal(group_set(g, "cpuset.cpus", "1"), 0, "the cpuset moves to CPU 1");
	t_diag("took %d us", (int)((now_ns() - start) / US));
	sleep_ns(2 * SEC);
	many->watch = 0;
	sleep_ns(10 * MS);
	t_diag("interrupted for %d us", (int)(many->worst / US));
	t_equal(server_val(pid, "cpu"), 1, "CPU of the server");
	return many->worst;
}

VBS_TEST("a server with thousands of runnable members leaves its CPU in small steps", 300)
{
	pid_t pid, eye;
	struct utsname name;
	struct group g;
	u64 least = -1ULL, took;

	if (!uname(&name) && strstr(name.version, "PREEMPT_RT"))
		t_skip_all("on PREEMPT_RT who watches keeps RCU's thread from running");
	need_vbs();
	need_cpus(2);
	need_cpusets2();
	many = t_shared(sizeof(*many));
	members = t_arg("members", 3000);
	g = group_new(CGROUP2, "vbs_many", "0-1");
	pid = t_fork(crowd, NULL);
	for (int i = 0; i < 2000 && many->ready != members; i++)
		sleep_ns(10 * MS);
	if (many->ready != members)
		t_fatal("%u of %u threads", many->ready, members);
	t_equal(group_take(&g, pid), 0, "all in a cpuset");
	pin_to(pid, 0);
	must_enter(pid, 100 * US, 100 * MS, VBS_BW_UNIT / 100);
	mask_to(pid, 3);
	for (u32 i = 0; i < members; i++)
		if (vbs_join(many->tid[i], pid))
			t_fatal("join %u", i);
	t_equal(server_val(pid, "members"), members + 1, "members");
	eye = t_fork(watcher, NULL);
	pin_to(eye, 0);
	pin_to(0, 1);
	t_equal(set_fifo(eye, 99), 0, "a task that watches CPU 0");
	gate_open(&many->gate);
	sleep_ns(SEC);
	for (int i = 0; i < MOVES; i++) {
		took = move(&g, pid);
		least = took < least ? took : least;
	}
	t_kill(eye);
	/* What the host of the machine takes is in the others */
	t_at_most(least / US, 4000, "the least interruption of %d moves, us", MOVES);
	t_kill(pid);
	group_end(&g);
	t_equal(books_empty(5 * SEC), 0, "booked at last");
}
