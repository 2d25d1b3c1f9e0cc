// SPDX-License-Identifier: GPL-2.0
/*
 * A task that enters a server of its own, and changes what it wants inside its
 * cap.  To enter takes CAP_SYS_NICE; to switch takes nothing.
 */
#include <linux/sched/vbs.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* budget and period in ns; cap in units of VBS_BW_UNIT, 0 keeps it */
static int set_resource(__u64 budget, __u64 period, __u32 cap)
{
	struct vbs_sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_VBS,
		.sched_runtime = budget,
		.sched_period = period,
		.sched_vbs_cap = cap,
	};

	return syscall(SYS_sched_setattr, 0, &attr, 0);
}

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void work_for_a_second(const char *resource)
{
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_THREAD_CPUTIME_ID);

	while (seconds(CLOCK_MONOTONIC) < wall + 1)
		;
	printf("%s: %.3f s of CPU time in a second\n", resource,
	       seconds(CLOCK_THREAD_CPUTIME_ID) - cpu);
}

int main(void)
{
	/* Entering books the cap: it takes CAP_SYS_NICE, and may fail with EBUSY. */
	if (set_resource(3000000, 10000000, VBS_BW_UNIT / 2)) {
		perror("enter a server");
		return 1;
	}
	work_for_a_second("3 ms/10 ms");

	/* Switching within the cap takes neither. */
	if (set_resource(500000, 1000000, 0)) {
		perror("switch");
		return 1;
	}
	work_for_a_second("0.5 ms/1 ms");
	return 0;
}
