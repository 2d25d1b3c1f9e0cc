/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking a hypervisor for its timelines.
 */
#ifndef _ASM_X86_TIMELINE_HOST_H
#define _ASM_X86_TIMELINE_HOST_H

#include <linux/cc_platform.h>
#include <asm/kvm_vbs_host.h>

/* A page of encrypted memory is not the host's to fill */
static inline bool arch_timeline_has_host(void)
{
	return !cc_platform_has(CC_ATTR_MEM_ENCRYPT) && kvm_vbs_host_answers(KVM_HC_TIMELINE);
}

/* 0, or a negative KVM error number */
static inline long arch_timeline_call_host(unsigned long op, u64 a1, u64 a2)
{
	return kvm_hypercall3(KVM_HC_TIMELINE, op, a1, a2);
}

#endif /* _ASM_X86_TIMELINE_HOST_H */
