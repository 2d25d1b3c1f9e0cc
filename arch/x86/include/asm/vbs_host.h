/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The server in which a hypervisor runs a CPU of this machine.
 */
#ifndef _ASM_X86_VBS_HOST_H
#define _ASM_X86_VBS_HOST_H

#include <linux/cc_platform.h>
#include <asm/kvm_vbs_host.h>

/* The hypervisor writes what it is asked for */
static inline bool arch_vbs_has_host(void)
{
	return !cc_platform_has(CC_ATTR_MEM_ENCRYPT) && kvm_vbs_host_answers(KVM_HC_VBS);
}

/* Of the CPU that calls. 0, or a negative KVM error number */
static inline long arch_vbs_get(phys_addr_t to)
{
	return kvm_hypercall2(KVM_HC_VBS, KVM_VBS_OP_GET, to);
}

static inline long arch_vbs_switch(u64 runtime, u64 period)
{
	return kvm_hypercall3(KVM_HC_VBS, KVM_VBS_OP_SWITCH, runtime, period);
}

#endif /* _ASM_X86_VBS_HOST_H */
