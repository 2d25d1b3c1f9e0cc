// SPDX-License-Identifier: GPL-2.0
#include <pthread.h>
#include <sys/wait.h>
#include "vbs_test.h"

/*
 * Many tasks do everything at once, to themselves and to each other.  Nothing
 * is asserted of the calls, whose outcome is a race; but the books balance.
 */
#define TASKS	24

struct storm {
	volatile pid_t pid[TASKS];
	volatile u64 end;
	volatile u32 calls[TASKS];
};

static struct storm *storm;

static pid_t somebody(unsigned int *seed)
{
	return rand_r(seed) % 3 ? storm->pid[rand_r(seed) % TASKS] : 0;
}

static void enter(unsigned int *seed)
{
	u64 period = (1 + rand_r(seed) % 20) * 500 * US;
	u64 runtime = period / (2 + rand_r(seed) % 20);
	struct vbs_sched_attr attr = vbs_attr(runtime, period, 0);

	if (rand_r(seed) % 2)
		attr.sched_vbs_cap = vbs_bw(runtime, period) * (1 + rand_r(seed) % 3);
	if (rand_r(seed) % 8 == 0)
		attr.sched_flags |= SCHED_FLAG_VBS_ALIGN;
	if (rand_r(seed) % 8 == 0)
		attr.sched_flags |= SCHED_FLAG_RESET_ON_FORK;
	vbs_setattr(somebody(seed), &attr);
}

static void move(unsigned int *seed)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int cpu = 0; cpu < 8; cpu++)
		if (rand_r(seed) % 2)
			CPU_SET(cpu, &set);
	sched_setaffinity(somebody(seed), sizeof(set), &set);
}

static void *thread(void *unused)
{
	sched_yield();
	return unused;
}

static void start_thread(void)
{
	pthread_t t;

	if (!pthread_create(&t, NULL, thread, NULL))
		pthread_join(t, NULL);
}

static void child(unsigned int *seed)
{
	pid_t pid = fork();

	if (!pid) {
		if (rand_r(seed) % 4 == 0)
			execl("/proc/self/exe", "smp_storm", "policy", NULL);
		_exit(0);
	}
	if (pid > 0 && rand_r(seed) % 2)
		kill(pid, SIGKILL);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void act(unsigned int *seed)
{
	static char text[16384];

	switch (rand_r(seed) % 12) {
	case 0: case 1: case 2:
		enter(seed);
		break;
	case 3:
		vbs_join(somebody(seed), storm->pid[rand_r(seed) % TASKS]);
		break;
	case 4:
		vbs_leave(somebody(seed));
		break;
	case 5:
		move(seed);
		break;
	case 6:
		child(seed);
		break;
	case 7:
		start_thread();
		break;
	case 8:
		sched_yield();
		break;
	case 9:
		set_fifo(0, 1 + rand_r(seed) % 3);
		vbs_leave(0);
		break;
	case 10:
		file_read(VBS_PROC, text, sizeof(text));
		break;
	default:
		sleep_ns(rand_r(seed) % (2 * MS));
	}
}

static void rage(void *arg)
{
	unsigned int me = (intptr_t)arg, seed = me + 100 * t_arg("seed", 1);

	storm->pid[me] = getpid();
	while (now_ns() < storm->end) {
		act(&seed);
		storm->calls[me]++;
	}
}

VBS_TEST("after a storm of every call by many tasks the books balance", 900)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	u64 servers = 0, calls = 0;
	pid_t pid[TASKS];

	need_vbs();
	storm = t_shared(sizeof(*storm));
	storm->end = now_ns() + t_arg("seconds", 10) * SEC;
	for (int i = 0; i < TASKS; i++)
		pid[i] = t_fork(rage, (void *)(intptr_t)i);
	for (int i = 0; i < TASKS; i++) {
		t_wait(pid[i]);
		calls += storm->calls[i];
	}
	/*
	 * z is a period of 10 ms away, or what was borrowed behind that; an emulator that
	 * stalls for a time while a member is in the kernel has it borrow that, too
	 */
	t_equal(books_empty(60 * SEC), 0, "booked when all are gone");
	for (int cpu = 0; cpu < cpus; cpu++)
		servers += cpu_key(cpu, "servers");
	t_at_least(calls, 1000, "actions");
	t_equal(servers, 0, "servers when all are gone");
}
