// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <sys/syscall.h>
#include "vbs_group.h"

#define CPU1	"/sys/devices/system/cpu/cpu1/online"
#define CAP	vbs_bw(MS, 10 * MS)
#define MOST	2000
#define FEW	(MOST / 8)
#define ROUNDS	3

/* A server with many members; the first @leaving of them leave and join all the time */
struct many {
	u32 n, leaving;
	pid_t pid;
	volatile u32 ready, left;
	volatile pid_t tid[MOST];
};

static void *member(void *p)
{
	struct many *m = p;
	u32 i = __sync_fetch_and_add(&m->ready, 1);

	m->tid[i] = syscall(SYS_gettid);
	while (i < m->leaving) {
		if (m->ready < m->n) {
			sleep_ns(100 * MS);
			continue;
		}
		if (!vbs_leave(0) && !vbs_join(0, m->pid))
			m->left++;
		sleep_ns(MS);
	}
	for (;;)
		pause();
	return NULL;
}

static void leader(void *p)
{
	struct many *m = p;
	pthread_attr_t attr;
	pthread_t t;

	pin_to(0, 1);
	must_enter(0, MS, 10 * MS, CAP);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
	for (u32 i = 0; i < m->n; i++)
		if (pthread_create(&t, &attr, member, m))
			t_fatal("thread %u", i);
	for (;;)
		pause();
}

static struct many *many_new(u32 n, u32 leaving)
{
	struct many *m = t_shared(sizeof(*m));

	m->n = n;
	m->leaving = leaving;
	m->pid = t_fork(leader, m);
	for (int i = 0; m->ready < n && i < 30000; i++)
		sleep_ns(MS);
	if (m->ready < n)
		t_fatal("%u of %u threads", m->ready, n);
	t_equal(server_val(m->pid, "cpu"), 1, "CPU of a server with %u members", n + 1);
	return m;
}

static void many_end(struct many *m)
{
	t_kill(m->pid);
	if (books_empty(5 * SEC))
		t_fatal("something is booked");
}

/* Those in the server that may not run where it is */
static u32 elsewhere(struct many *m)
{
	u64 cpu = server_val(m->pid, "cpu");
	u32 n = 0;

	for (u32 i = 0; i < m->n; i++)
		n += sched_getscheduler(m->tid[i]) == SCHED_VBS &&
		     !(mask_of(m->tid[i]) & 1ULL << cpu);
	return n;
}

/* How long it takes until CPU 1 is offline, and comes back */
static u64 offline(struct many *m)
{
	u64 begin = now_ns(), took;
	int err = file_write(CPU1, "0");

	took = now_ns() - begin;
	t_equal(err, 0, "CPU 1 goes offline");
	t_equal(server_val(m->pid, "cpu"), 0, "CPU of its server");
	t_equal(elsewhere(m), 0, "members that may not run there");
	t_equal(file_write(CPU1, "1"), 0, "CPU 1 comes back");
	return took;
}

/* The shortest of some: other things get in between. */
static u64 fastest(u32 n)
{
	u64 least = UINT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		struct many *m = many_new(n, 0);
		u64 took = offline(m);

		least = took < least ? took : least;
		many_end(m);
	}
	t_diag("CPU 1 is offline within %ju us, with %u members bound to it",
	       (uintmax_t)least / 1000, n);
	return least;
}

static u64 beyond(u64 all, u64 some)
{
	return all > some ? all - some : 0;
}

/* Eight times as many take eight times as long, not 64 times. */
static void linear(void)
{
	u64 none = fastest(1), few = beyond(fastest(FEW), none), most = beyond(fastest(MOST), none);

	t_at_most(most, 12 * few + 20 * MS, "ns that %u members take, where %u take %ju", MOST, FEW,
		  (uintmax_t)few);
}

/* Whoever leaves meanwhile keeps none of the others from being looked at. */
static void while_some_leave(void)
{
	struct group g = group_new(CGROUP2, "vbs_members", "0-1");
	struct many *m = many_new(500, 200);

	t_equal(group_take(&g, m->pid), 0, "they are attached to a cpuset");
	for (int i = 0; i < 5000 && m->left < 200; i++)
		sleep_ns(MS);
	for (int i = 0; i < ROUNDS; i++) {
		t_equal(group_set(&g, "cpuset.cpus", "0"), 0, "which changes to CPU 0");
		t_equal(server_val(m->pid, "cpu"), 0, "CPU of the server");
		t_equal(elsewhere(m), 0, "members that may not run there");
		t_equal(group_set(&g, "cpuset.cpus", "1"), 0, "to CPU 1");
		t_equal(server_val(m->pid, "cpu"), 1, "CPU of the server");
		t_equal(elsewhere(m), 0, "members that may not run there");
		t_equal(group_set(&g, "cpuset.cpus", "0-1"), 0, "to both");
	}
	t_at_least(m->left, 200, "times that a member left and joined");
	many_end(m);
	group_end(&g);
}

VBS_TEST("a server with many members moves in time that grows with their number", 280)
{
	need_vbs();
	need_cpus(2);
	need_cpusets2();
	if (access(CPU1, W_OK))
		t_skip_all("no " CPU1);
	file_restore(CPU1);
	linear();
	while_some_leave();
}
