/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The same scene twice: somebody wants something of the kernel while a user's
 * task keeps it busy, which is a nice-0 task in the one and a member of a server
 * of (10 us, 1 s) in the other.  The second may not take longer than the first.
 */
#ifndef VBS_BESIDE_H
#define VBS_BESIDE_H

#include "vbs_measure.h"

#define BESIDE_USER	1000

struct scene;

struct beside {
	const char *what;
	void (*attack)(const struct scene *s);	/* again and again from t0 on, as the user */
	u64 (*victim)(const struct scene *s);	/* at t0 + offset; how long it waited */
	void (*setup)(const struct scene *s);	/* by root, before; or NULL */
	bool threads;			/* of one process of the user; else parent and child */
	int fifo;			/* the victim's priority, if not 0 */
	u64 hog_from, hog_to;		/* a task of priority 1 spins there, after t0 */
	u64 first, step;		/* offsets */
	unsigned int n;
	unsigned int n_fair;		/* fewer are enough beside a nice-0 task, if not 0 */
};

struct scene {
	const struct beside *b;
	bool member;
	unsigned int i;			/* of n */
	u64 t0, offset;
	volatile u32 gate;
	volatile u32 done;
	volatile pid_t attacker, victim;	/* threads */
	volatile u64 took;
};

u64 scene_since(const struct scene *s);	/* ns since t0 + offset */

/*
 * Checks that the victim waits no longer than twice what the nice-0 task makes it
 * wait, and some: the worst of all offsets.  The
 * nice-0 task must make it wait for @least ns, or the scene proves nothing.
 */
void beside_compare(const struct beside *b, u64 least);

#endif /* VBS_BESIDE_H */
