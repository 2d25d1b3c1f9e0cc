/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_KVM_VBS_PARA_H
#define _UAPI_LINUX_KVM_VBS_PARA_H

#include <linux/types.h>

/*
 * Hypercalls by which a guest reads the timelines of its host, and switches the server
 * of its vCPU.  See Documentation/virt/kvm/vbs-guest.rst.
 *
 * A host that does not know them, or whose configuration of the VM does not allow
 * them, says -KVM_ENOSYS; so do all sub-operations that it does not know.
 */
#define KVM_HC_VBS		100
#define KVM_HC_TIMELINE		101

/*
 * KVM_HC_VBS, the first argument:
 *
 * PROBE: 0.
 *
 * GET gpa: writes struct kvm_vbs_guest, which is aligned to its size.
 *
 * SWITCH runtime, period: another resource within the cap, ns, at once, in constant
 * time. -KVM_EINVAL: numbers that no server can have, a period below period_min, a host
 * that does not know what a release costs it; -KVM_EPERM: above the cap, or the vCPU has
 * no server of its own, or its thread is in another's, or another vCPU's is in its.
 */
#define KVM_VBS_OP_PROBE	0
#define KVM_VBS_OP_GET		1
#define KVM_VBS_OP_SWITCH	2

/**
 * struct kvm_vbs_guest - the server of the vCPU that asks
 * @runtime: lambda, ns
 * @period: pi, ns
 * @period_min: the shortest that it may ask for, ns
 * @left: of the budget of this instance, ns
 * @deadline: of this instance, in the guest's time stamp counter
 * @cap: 1 << 20 is one CPU
 * @count: rises whenever the host configures the machine anew
 * @reserved: 0
 */
struct kvm_vbs_guest {
	__aligned_u64 runtime;
	__aligned_u64 period;
	__aligned_u64 period_min;
	__aligned_u64 left;
	__aligned_u64 deadline;
	__u32 cap;
	__u32 count;
	__aligned_u64 reserved[2];
};

/*
 * KVM_HC_TIMELINE, the first argument:
 *
 * PROBE: how many timelines a guest can have, TIMELINE_GUEST_IDS.
 *
 * REGISTER gpa, cookie: two adjacent pages of one memory slot, in which struct
 * timeline_entry number i has the id TIMELINE_IDS + i. In each the guest has written
 * the cookie, not 0, and, where it knows a timeline by this entry already, host_name.
 * The host keeps them filled until an entry has another cookie, INIT, or UNREGISTER.
 * A second call replaces the first. -KVM_EINVAL: not two such pages; -EAGAIN: the host was
 * interrupted.
 *
 * UNREGISTER.
 *
 * REQUEST id, accuracy_ns: the strictest bound that anybody in the guest needs on this
 * timeline, 0 for nobody. -KVM_EINVAL: no such timeline here and now; -KVM_EPERM: not
 * registered; -EAGAIN: too soon after the last, a millisecond is enough; -ENOSPC: the
 * user whose process the machine is has as many watches as the host lets him
 * (user.max_timeline_watches); -ENOMEM. It is over when the registration is.
 */
#define KVM_TIMELINE_PROBE	0
#define KVM_TIMELINE_REGISTER	1
#define KVM_TIMELINE_UNREGISTER	2
#define KVM_TIMELINE_REQUEST	3

#endif /* _UAPI_LINUX_KVM_VBS_PARA_H */
