// SPDX-License-Identifier: GPL-2.0
#include "vbs_scene.h"

#define BURST	(40 * MS)

/* As beside a hog of FIFO 99, within a quarter of what a member runs */
static void compare(struct scene b, const char *what)
{
	u64 peer;

	b.policy = SCHED_FIFO;
	b.hog = SCHED_FIFO;
	peer = scene_wait(&b);
	b.hog = SCHED_VBS;
	t_at_most(scene_wait(&b), peer + BURST / 4, "ns %s", what);
}

VBS_TEST("SCHED_FIFO finds the CPU that no member runs on, as beside FIFO 99", 160)
{
	need_vbs();
	need_cpus(2);
	compare((struct scene) {
		.due = 5 * MS, .end = { 5 * MS + BURST },
	}, "until a woken task runs");
	/* Behind the member FIFO 10 waits, and FIFO 30 has the other CPU. */
	compare((struct scene) {
		.due = 5 * MS, .end = { 5 * MS + BURST }, .low = { 10, 30 },
	}, "until a task runs before what runs elsewhere");
	compare((struct scene) {
		.due = 10 * MS, .end = { 20 * MS + BURST, 20 * MS },
	}, "until a task runs for which the other CPU becomes free after 10 ms");
	compare((struct scene) {
		.due = 10 * MS, .end = { 20 * MS + BURST, 20 * MS }, .leaves = true,
	}, "until a task runs where a hog becomes a fair task after 10 ms");
	compare((struct scene) {
		.due = 10 * MS, .end = { 20 * MS, 20 * MS + BURST },
	}, "until a task runs for which its own CPU becomes free after 10 ms");
	compare((struct scene) {
		.work = 30 * MS, .begin = { 10 * MS }, .end = { 10 * MS + BURST },
	}, "without a CPU of a task that a release preempts");
}
