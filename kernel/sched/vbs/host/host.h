/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: in a guest, the servers in which the host runs its CPUs.
 *
 * Locks: vbs_host_mutex for asking; what a CPU's host has said is written by that
 * CPU with interrupts off, and read anywhere.
 */
#ifndef _KERNEL_SCHED_VBS_HOST_HOST_H
#define _KERNEL_SCHED_VBS_HOST_HOST_H

#include <linux/kvm_vbs_para.h>

#ifdef CONFIG_KVM_GUEST

void vbs_host_refresh(void);
void vbs_host_look_again(void);
u32 vbs_host_capacity(int cpu, unsigned int period_min);
u64 vbs_host_allowance(int cpu);

#else

static inline void vbs_host_refresh(void) { }
static inline void vbs_host_look_again(void) { }

static inline u32 vbs_host_capacity(int cpu, unsigned int period_min)
{
	return VBS_BW_UNIT;
}

static inline u64 vbs_host_allowance(int cpu)
{
	return 0;
}

#endif /* CONFIG_KVM_GUEST */

#endif /* _KERNEL_SCHED_VBS_HOST_HOST_H */
