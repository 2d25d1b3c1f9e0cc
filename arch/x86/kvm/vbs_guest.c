// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_HC_VBS: a guest looks at, and switches, the server of its vCPU.
 */
#include <linux/kvm_host.h>
#include <linux/math64.h>
#include <linux/sched/vbs_vm.h>

#include "vbs_guest.h"
#include "x86.h"

/* In the guest's time stamp counter, so many ns from now */
static u64 kvm_vbs_counter(struct kvm_vcpu *vcpu, u64 ns)
{
	u64 now = kvm_read_l1_tsc(vcpu, rdtsc());

	return now + mul_u64_u32_div(ns, vcpu->arch.virtual_tsc_khz, USEC_PER_SEC);
}

static long kvm_vbs_get(struct kvm_vcpu *vcpu, gpa_t gpa)
{
	struct sched_vbs_guest g;
	struct kvm_vbs_guest to;

	if (!IS_ALIGNED(gpa, sizeof(to)))
		return -KVM_EINVAL;
	if (sched_vbs_guest_get(&vcpu->vbs, &g))
		return -KVM_EPERM;
	to = (struct kvm_vbs_guest) {
		.runtime	= g.runtime,
		.period		= g.period,
		.period_min	= g.least_period,
		.left		= g.left,
		.deadline	= kvm_vbs_counter(vcpu, g.until),
		.cap		= g.cap,
		.count		= g.count,
	};
	return kvm_write_guest(vcpu->kvm, gpa, &to, sizeof(to)) ? -KVM_EFAULT : 0;
}

static long kvm_vbs_switch(struct kvm_vcpu *vcpu, u64 runtime, u64 period)
{
	switch (sched_vbs_guest_switch(&vcpu->vbs, runtime, period)) {
	case 0:
		return 0;
	case -EINVAL:
		return -KVM_EINVAL;
	default:
		return -KVM_EPERM;
	}
}

/**
 * kvm_vbs_hypercall - KVM_HC_VBS
 * @vcpu: the vCPU, loaded; kvm->srcu is held
 * @op: sub-operation
 * @a1: its first argument
 * @a2: its second
 */
long kvm_vbs_hypercall(struct kvm_vcpu *vcpu, unsigned long op, u64 a1, u64 a2)
{
	if (is_guest_mode(vcpu) ||
	    !(READ_ONCE(vcpu->kvm->vbs.guest_may) & SCHED_VBS_GUEST_SWITCH))
		return -KVM_ENOSYS;
	switch (op) {
	case KVM_VBS_OP_PROBE:
		return 0;
	case KVM_VBS_OP_GET:
		return kvm_vbs_get(vcpu, a1);
	case KVM_VBS_OP_SWITCH:
		return kvm_vbs_switch(vcpu, a1, a2);
	default:
		return -KVM_ENOSYS;
	}
}
