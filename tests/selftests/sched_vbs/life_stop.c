// SPDX-License-Identifier: GPL-2.0
#include <sys/ptrace.h>
#include <sys/wait.h>
#include "vbs_measure.h"

static void play(struct actor *a)
{
	rec_until(&a->rec, a->t0 + 60 * MS);
}

/* Stopped from 3 to 35 ms of (2, 10): throttled when it is stopped */
static void by_signal(void)
{
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, 0);
	int status;

	sleep_until(a->t0 + 3 * MS);
	kill(a->pid, SIGSTOP);
	t_equal(waitpid(a->pid, &status, WUNTRACED), a->pid, "SIGSTOP of a throttled member");
	t_ok(WIFSTOPPED(status), "it is stopped");
	t_at_most(now_ns() - a->t0, 10 * MS + 10 * eps_start(1),
		  "ns until it is: the next release at the latest");
	sleep_until(a->t0 + 35 * MS);
	kill(a->pid, SIGCONT);
	actor_end(a);
	actor_check(a, 1, 35 * MS, 37 * MS, eps_start(1) + 5 * eps_budget(), "goes on at 35 ms");
}

static void by_ptrace(void)
{
	struct actor *a = actor_new(play, stage(), 2 * MS, 10 * MS, 0);
	int status;

	sleep_until(a->t0 + 3 * MS);
	t_equal(ptrace(PTRACE_SEIZE, a->pid, 0, 0), 0, "PTRACE_SEIZE of a throttled member");
	t_equal(ptrace(PTRACE_INTERRUPT, a->pid, 0, 0), 0, "PTRACE_INTERRUPT");
	t_equal(waitpid(a->pid, &status, __WALL), a->pid, "wait for the stop");
	t_at_most(now_ns() - a->t0, 10 * MS + 10 * eps_start(1), "ns until it is stopped");
	sleep_until(a->t0 + 35 * MS);
	t_equal(ptrace(PTRACE_DETACH, a->pid, 0, 0), 0, "PTRACE_DETACH");
	actor_end(a);
	actor_check(a, 1, 35 * MS, 37 * MS, eps_start(1) + 5 * eps_budget(), "goes on at 35 ms");
}

VBS_TEST("stops by signal and by ptrace work on a throttled member, and it goes on after", 30)
{
	need_vbs();
	by_signal();
	by_ptrace();
}
