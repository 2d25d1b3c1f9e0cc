/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hypercalls of <linux/kvm_vbs_para.h>.
 */
#ifndef _ASM_X86_KVM_VBS_HOST_H
#define _ASM_X86_KVM_VBS_HOST_H

#include <linux/kvm_vbs_para.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/kvm_para.h>

/*
 * Whether there is a host that answers, be it that it does not know the call: on
 * another one, later, it may. Whoever says that it is KVM need not know the
 * instruction: then nothing is answered.
 */
static inline bool kvm_vbs_host_answers(unsigned long nr)
{
	long ret = nr;

	if (!kvm_para_available())
		return false;
	asm volatile("1: " KVM_HYPERCALL "\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+a" (ret)
		     : "b" (0L)		/* PROBE */
		     : "memory");
	return ret != nr;
}

#endif /* _ASM_X86_KVM_VBS_HOST_H */
