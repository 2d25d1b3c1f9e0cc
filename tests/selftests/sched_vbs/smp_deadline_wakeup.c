// SPDX-License-Identifier: GPL-2.0
/*
 * A SCHED_DEADLINE task that is woken to another CPU may be on its way there, in a
 * list of that CPU's, when somebody changes its class or its parameters.  It counts
 * on no runqueue then; whoever takes its share off the one that it goes to takes
 * what was never put there, and the kernel reports running_bw > this_bw.
 *
 * No task here is a member: what is tested is SCHED_DEADLINE, and the verdict is
 * the kernel's log.
 */
#include <sys/syscall.h>
#include "vbs_measure.h"

#define TASKS	4
#define RUNTIME	(8 * MS)
#define PERIOD	(50 * MS)
#define HOG	(5 * MS)	/* whose deadline goes first */
#define STAT_PROCESSOR	39

static volatile u32 *words;

static void sleeper(void *arg)
{
	volatile u32 *word = &words[(intptr_t)arg];

	for (u32 seen = 0;; seen = *word) {
		syscall(SYS_futex, word, 0, seen, NULL, NULL, 0);
		burn(20 * US);
	}
}

static void wake(unsigned int who)
{
	words[who]++;
	syscall(SYS_futex, &words[who], 1, 1, NULL, NULL, 0);
}

/* It goes to sleep on the CPU of the hog, and may run on any. */
static void sleep_beside(pid_t hog, pid_t pid, unsigned int who)
{
	cpu_set_t all;

	pin_to(pid, stat_field(hog, STAT_PROCESSOR));
	wake(who);
	sleep_ns(HOG);
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(pid, sizeof(all), &all);
}

/*
 * Where CPUs take turns, as in virtual time, whoever has been woken to another one
 * is on its way until that one has its turn.
 */
VBS_TEST("a SCHED_DEADLINE task that is on its way to a CPU can be changed", 60)
{
	pid_t pids[TASKS], hog = t_fork(spin_forever, NULL);

	need_cpus(4);
	words = t_shared(TASKS * sizeof(*words));
	for (int i = 0; i < TASKS; i++)
		pids[i] = t_fork(sleeper, (void *)(intptr_t)i);
	t_equal(set_deadline(hog, HOG * 8 / 10, HOG), 0, "DEADLINE");
	/* The CPU that wakes is taken as well, or they would all come there. */
	t_equal(set_deadline(0, HOG * 3 / 10, HOG), 0, "DEADLINE");
	for (unsigned int i = 0; i < t_arg("changes", 200); i++) {
		unsigned int who = i % TASKS;

		sleep_beside(hog, pids[who], who);
		if (set_deadline(pids[who], RUNTIME, PERIOD))
			t_fatal("DEADLINE");
		wake(who);
		if (i % 3)
			vbs_leave(pids[who]);
		else
			set_deadline(pids[who], RUNTIME / 4, PERIOD);
		sleep_ns(MS);
		vbs_leave(pids[who]);
	}
	for (int i = 0; i < TASKS; i++)
		t_kill(pids[i]);
	t_kill(hog);
	/* beyond their 0-lag times */
	sleep_ns(250 * MS);
	vbs_leave(0);
	sleep_ns(50 * MS);
	t_equal(cpu_key(0, "deadline"), 0, "what DEADLINE has when all are gone");
}
