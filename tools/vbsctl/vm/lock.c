// SPDX-License-Identifier: GPL-2.0
/* The bound on waits for a VMM's lock; the theory is in lock.h. */
#include <stdio.h>

#include "base/format.h"
#include "vm/lock.h"

#define OUTSIDE_VBS	1725000		/* ns: a main loop in SCHED_OTHER beside one hog, measured */

void vm_lock_of(struct vm_lock *lock, const struct resource *vcpu, const struct resource *dm,
		bool pi)
{
	const struct resource *holder = dm->period ? dm : vcpu;

	*lock = (struct vm_lock){
		.wait = holder->period - holder->runtime,
		.busy = 2 * (holder->period - holder->runtime),
		.one = !dm->period,
		.pi = pi,
		.once = pi || (dm->period && vcpu->period < dm->period),
	};
}

void vm_lock_words(const struct vm_lock *lock, char *buf, size_t size)
{
	struct text wait = fmt_time(lock->wait), busy = fmt_time(lock->busy);

	if (lock->one && lock->pi)
		snprintf(buf, size, "the VMM's locks: the server itself stands still for %s at most, and their holder goes first",
			 wait.s);
	else if (lock->one)
		snprintf(buf, size, "the VMM's locks: the server itself stands still for %s at most, and their holder waits for a slice of each thread before it",
			 wait.s);
	else if (lock->pi)
		snprintf(buf, size, "the VMM's locks: a vCPU waits for one at most %s and the hold (%s on a CPU with other servers)",
			 wait.s, busy.s);
	else if (lock->once)
		snprintf(buf, size, "the VMM's locks: a vCPU waits for one at most %s and the hold (%s on a CPU with other servers), and on two CPUs as often as the lock is taken again before the vCPU runs; with --pi once",
			 wait.s, busy.s);
	else
		snprintf(buf, size, "the VMM's locks: a vCPU waits for one %s and the hold, again and again without a bound, as its period is not below that of the device model and the lock does not inherit (--pi)",
			 wait.s);
}

bool vm_lock_is_worse(const struct vm_lock *lock)
{
	return !lock->once || lock->wait >= OUTSIDE_VBS;
}
