/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __KVM_X86_VBS_GUEST_H
#define __KVM_X86_VBS_GUEST_H

#include <linux/kvm_host.h>
#include <linux/kvm_vbs_para.h>

#ifdef CONFIG_SCHED_VBS

long kvm_vbs_hypercall(struct kvm_vcpu *vcpu, unsigned long op, u64 a1, u64 a2);

#else

static inline long kvm_vbs_hypercall(struct kvm_vcpu *vcpu, unsigned long op, u64 a1, u64 a2)
{
	return -KVM_ENOSYS;
}

#endif /* CONFIG_SCHED_VBS */

#endif /* __KVM_X86_VBS_GUEST_H */
