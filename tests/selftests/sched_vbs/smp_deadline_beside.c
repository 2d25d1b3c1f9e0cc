// SPDX-License-Identifier: GPL-2.0
#include "vbs_scene.h"

/*
 * Whoever has to wait for the member waits for 40 ms, and a quarter of that is
 * allowed to the host.
 */
#define BURST	(40 * MS)

VBS_TEST("SCHED_DEADLINE finds the CPU that no member runs on", 120)
{
	struct scene wakes = {
		.policy = SCHED_DEADLINE, .hog = SCHED_VBS, .due = 5 * MS,
		.end = { 5 * MS + BURST },
	};
	/* Members of both CPUs run when it wakes up, and one of them stops. */
	struct scene pulled = {
		.policy = SCHED_DEADLINE, .hog = SCHED_VBS, .due = 10 * MS,
		.end = { 20 * MS + BURST, 20 * MS },
	};
	struct scene left = {
		.policy = SCHED_DEADLINE, .hog = SCHED_VBS, .due = 10 * MS,
		.end = { 20 * MS + BURST, 20 * MS }, .leaves = true,
	};
	struct scene stayed = {
		.policy = SCHED_DEADLINE, .hog = SCHED_VBS, .due = 10 * MS,
		.end = { 20 * MS, 20 * MS + BURST },
	};
	struct scene preempted = {
		.policy = SCHED_DEADLINE, .hog = SCHED_VBS, .work = 30 * MS,
		.begin = { 10 * MS }, .end = { 10 * MS + BURST },
	};

	need_vbs();
	need_cpus(2);
	t_at_most(scene_wait(&wakes), BURST / 4, "ns until a woken task runs");
	t_at_most(scene_wait(&pulled), 10 * MS + BURST / 4,
		  "ns until a task runs for which the other CPU becomes free after 10 ms");
	t_at_most(scene_wait(&left), 10 * MS + BURST / 4,
		  "ns until a task runs where a member leaves the class after 10 ms");
	t_at_most(scene_wait(&stayed), 10 * MS + BURST / 4,
		  "ns until a task runs for which its own CPU becomes free after 10 ms");
	t_at_most(scene_wait(&preempted), BURST / 4,
		  "ns without a CPU of a task that a release preempts");
}
