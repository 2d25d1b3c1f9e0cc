/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest that makes the hypercalls which it is asked for, and is busy otherwise; and
 * what its VMM does when it leaves the guest for that.
 */
#ifndef VMM_CALL_H
#define VMM_CALL_H

#include <linux/kvm_vbs_para.h>
#include "vmm_machine.h"

/* Instead of the number of a hypercall: leave to user mode */
#define CALL_EXIT	0xffffffffffffULL

/* With the number: twice, and the result of the second */
#define CALL_TWICE	(1ULL << 62)

guest_fn guest_calls;

/* One machine with such guests, in servers of 2 in 10 ms; @flags of the configuration */
struct machine *calls_new(unsigned int vcpus, u64 flags);
void calls_start(struct machine *m, u64 flags);
/* By vCPU @i; its result */
s64 guest_call(struct machine *m, unsigned int i, u64 nr, u64 a0, u64 a1, u64 a2);

#endif /* VMM_CALL_H */
