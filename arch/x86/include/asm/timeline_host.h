/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking a hypervisor for its timelines.
 */
#ifndef _ASM_X86_TIMELINE_HOST_H
#define _ASM_X86_TIMELINE_HOST_H

#include <linux/cc_platform.h>
#include <linux/kvm_vbs_para.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/kvm_para.h>

/*
 * A page of encrypted memory is not the host's to fill. Whoever says that it is KVM
 * need not know the instruction: then nothing is answered, too.
 */
static inline bool arch_timeline_has_host(void)
{
	long ret = KVM_HC_TIMELINE;

	if (!kvm_para_available() || cc_platform_has(CC_ATTR_MEM_ENCRYPT))
		return false;
	asm volatile("1: " KVM_HYPERCALL "\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+a" (ret)
		     : "b" ((long)KVM_TIMELINE_PROBE)
		     : "memory");
	return ret != KVM_HC_TIMELINE;
}

/* 0, or a negative KVM error number */
static inline long arch_timeline_call_host(unsigned long op, u64 a1, u64 a2)
{
	return kvm_hypercall3(KVM_HC_TIMELINE, op, a1, a2);
}

#endif /* _ASM_X86_TIMELINE_HOST_H */
