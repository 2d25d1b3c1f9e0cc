/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long a vCPU waits for a lock of its VMM, which vCPUs hold during most of what they
 * emulate and the device model's main loop almost always.
 *
 * A vCPU is not throttled with it.  A thread of the device model is: at the end of its
 * budget it keeps the lock until its next instance, at most pi - lambda later, and gives it
 * back after the rest of its hold.  Then the vCPU is woken, but a plain mutex is not handed
 * over: if the holder takes it again before the vCPU runs, the same may happen again.
 *
 * On one CPU the vCPU runs before that if its deadline is the earlier one.  The holder was
 * released a hold ago, so that is so if pi of the vCPU, and the hold, are less than pi of
 * the device model; with equal periods the hold decides, and the vCPU loses (measured:
 * twice 9 ms with 2/10 ms and 1/10 ms).  A mutex with priority inheritance is handed over,
 * whatever the periods and CPUs are: once.
 *
 * In one server for all the holder is throttled only together with the vCPU; what it may
 * wait for besides are the slices of the threads before it.
 *
 * The kernel charges c to an instance, and a CPU with other servers may give an instance its
 * budget late in its period: then it is the longest time without supply, 2 (pi - lambda) + c.
 */
#ifndef VBSCTL_VM_LOCK_H
#define VBSCTL_VM_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vbs/params.h"

struct vm_lock {
	uint64_t wait;		/* ns, and the hold, each time; on a CPU without other servers */
	uint64_t busy;		/* the same on a CPU with others */
	bool once;		/* it does not happen again to the same wait */
	bool pi, one;
};

/* @dm: period 0: one server for all */
void vm_lock_of(struct vm_lock *lock, const struct resource *vcpu, const struct resource *dm,
		bool pi);

/* One sentence without a full stop */
void vm_lock_words(const struct vm_lock *lock, char *buf, size_t size);

/* Longer than beside a busy task outside of VBS */
bool vm_lock_is_worse(const struct vm_lock *lock);

#endif
