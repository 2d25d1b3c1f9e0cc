/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timelines of the host in pages of a guest.
 */
#ifndef __KVM_X86_TIMELINE_H
#define __KVM_X86_TIMELINE_H

#include <linux/jump_label.h>
#include <linux/kvm_host.h>
#include <linux/kvm_vbs_para.h>

#ifdef CONFIG_TIMELINE

DECLARE_STATIC_KEY_FALSE(kvm_timelines_used);

long kvm_timeline_hypercall(struct kvm_vcpu *vcpu, unsigned long op, u64 a1, u64 a2);
void __kvm_timeline_enter(struct kvm_vcpu *vcpu);
void __kvm_timeline_leave(struct kvm_vcpu *vcpu);
void __kvm_timeline_end(struct kvm *kvm);
void kvm_timeline_destroy(struct kvm *kvm);

/**
 * kvm_timeline_enter - a vCPU is about to enter the guest
 * @vcpu: loaded; the caller may sleep and holds kvm->srcu
 */
static inline void kvm_timeline_enter(struct kvm_vcpu *vcpu)
{
	if (static_branch_unlikely(&kvm_timelines_used))
		__kvm_timeline_enter(vcpu);
}

/**
 * kvm_timeline_leave - a vCPU is about to leave KVM_RUN
 * @vcpu: loaded; the caller may sleep and holds kvm->srcu
 */
static inline void kvm_timeline_leave(struct kvm_vcpu *vcpu)
{
	if (static_branch_unlikely(&kvm_timelines_used))
		__kvm_timeline_leave(vcpu);
}

/**
 * kvm_timeline_end - what the guest has registered is over; any context
 * @kvm: the VM
 */
static inline void kvm_timeline_end(struct kvm *kvm)
{
	if (static_branch_unlikely(&kvm_timelines_used))
		__kvm_timeline_end(kvm);
}

#else

static inline long kvm_timeline_hypercall(struct kvm_vcpu *vcpu, unsigned long op,
					  u64 a1, u64 a2)
{
	return -KVM_ENOSYS;
}

static inline void kvm_timeline_enter(struct kvm_vcpu *vcpu) { }
static inline void kvm_timeline_leave(struct kvm_vcpu *vcpu) { }
static inline void kvm_timeline_end(struct kvm *kvm) { }
static inline void kvm_timeline_destroy(struct kvm *kvm) { }

#endif /* CONFIG_TIMELINE */

#endif /* __KVM_X86_TIMELINE_H */
