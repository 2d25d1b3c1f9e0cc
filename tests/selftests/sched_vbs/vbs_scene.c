// SPDX-License-Identifier: GPL-2.0
/* Scenes of one task of a lower class beside the hogs of two CPUs */
#include "vbs_scene.h"

#define PLACING		(20 * MS)

/* One scene, shared by all who play in it */
struct play {
	const struct scene *plan;
	volatile u64 t0;	/* when it starts; 0: it is not known yet */
	volatile u32 placed;	/* the task is on CPU 0 */
	volatile u32 set;	/* it has its policy, and may go to sleep */
	volatile u64 waited;
};

static struct play *play;

static u64 wait_start(void)
{
	while (!play->t0)
		sleep_ns(MS);
	return play->t0;
}

static void hog(void *arg)
{
	unsigned long cpu = (unsigned long)arg;
	u64 t0 = wait_start();

	sleep_until(t0 + play->plan->begin[cpu]);
	spin_until(t0 + play->plan->end[cpu]);
	if (play->plan->leaves && !vbs_leave(0))
		spin_forever(NULL);
	pause();
}

/* Work for as long as the scene lasts, behind the hog if there is one */
static void low(void *unused)
{
	(void)unused;
	sleep_until(wait_start() + 2 * MS);
	spin_until(play->t0 + 100 * MS);
	pause();
}

static void subject(void *unused)
{
	const struct scene *b = play->plan;
	u64 t0 = wait_start(), seen = t0 + b->due, now, longest = 0;

	(void)unused;
	play->placed = 1;
	/*
	 * On PREEMPT_RT the timer of who is SCHED_OTHER when it goes to sleep expires
	 * in a thread, which would wait behind the hog.
	 */
	while (!play->set)
		;
	sleep_until(seen);
	do {
		now = now_ns();
		if (now - seen > longest)
			longest = now - seen;
		seen = now;
	} while (now < t0 + b->due + b->work);
	play->waited = longest;
	pause();
}

static void anywhere(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CPU_SET(1, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		t_fatal("sched_setaffinity: %m");
}

static pid_t start_hog(unsigned long cpu)
{
	const struct scene *b = play->plan;
	pid_t pid = t_fork(hog, (void *)cpu);

	pin_to(pid, cpu);
	if (b->hog == SCHED_VBS)
		admit(SCHED_VBS, pid, 80 * MS, 100 * MS, 0);
	else if (set_fifo(pid, 99))
		t_fatal("FIFO 99: %m");
	return pid;
}

static pid_t start_low(unsigned long cpu)
{
	pid_t pid = t_fork(low, NULL);

	pin_to(pid, cpu);
	if (set_fifo(pid, play->plan->low[cpu]))
		t_fatal("FIFO: %m");
	return pid;
}

static void set_subject(pid_t pid, int policy)
{
	int ret = policy == SCHED_FIFO ? set_fifo(pid, 40) :
		  set_deadline(pid, 40 * MS, 200 * MS);

	if (ret)
		t_fatal("%s: %d", class_name(policy), ret);
}

static u64 play_once(const struct scene *b)
{
	pid_t others[4] = { 0 }, task;
	u64 waited;

	memset(play, 0, sizeof(*play));
	play->plan = b;
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		if (b->end[cpu])
			others[cpu] = start_hog(cpu);
		if (b->low[cpu])
			others[2 + cpu] = start_low(cpu);
	}
	task = t_fork(subject, NULL);
	pin_to(task, 0);
	play->t0 = now_ns() + PLACING;
	while (!play->placed)
		sleep_ns(MS);
	anywhere(task);
	set_subject(task, b->policy);
	play->set = 1;
	while (!play->waited)
		sleep_ns(10 * MS);
	waited = play->waited;
	t_kill(task);
	for (unsigned int i = 0; i < 4; i++)
		if (others[i])
			t_kill(others[i]);
	return waited;
}

/* It is of SCHED_DEADLINE, and counts as such where a task looks for a CPU. */
static void no_fair_server(int cpu)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/kernel/debug/sched/fair_server/cpu%d/runtime",
		 cpu);
	file_restore(path);
	if (file_write(path, "0"))
		t_skip_all("no fair server to set to 0");
}

static int order(const void *a, const void *b)
{
	return (*(const u64 *)a > *(const u64 *)b) - (*(const u64 *)a < *(const u64 *)b);
}

u64 scene_wait(const struct scene *b)
{
	u64 waited[SCENE_ROUNDS];

	if (!play) {
		play = t_shared(sizeof(*play));
		no_fair_server(0);
		no_fair_server(1);
	}
	for (unsigned int i = 0; i < SCENE_ROUNDS; i++)
		waited[i] = play_once(b);
	qsort(waited, SCENE_ROUNDS, sizeof(waited[0]), order);
	t_diag("%s beside %s: us without a CPU: %llu at least, median %llu, %llu at most",
	       b->policy == SCHED_FIFO ? "FIFO 40" : "DEADLINE",
	       b->hog == SCHED_FIFO ? "FIFO 99" : "VBS",
	       (unsigned long long)(waited[0] / US),
	       (unsigned long long)(waited[SCENE_ROUNDS / 2] / US),
	       (unsigned long long)(waited[SCENE_ROUNDS - 1] / US));
	return waited[SCENE_ROUNDS / 2];
}
