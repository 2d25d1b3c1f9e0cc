/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_KVM_VBS_H
#define _UAPI_LINUX_KVM_VBS_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * The vCPU threads and the device model of virtual machines in SCHED_VBS servers.
 * See Documentation/virt/kvm/vbs.rst.
 */

/*
 * KVM_CHECK_EXTENSION, on /dev/kvm or a VM: 1 if KVM_VBS_CONFIG is there.  Far from
 * the numbers that KVM gives to its own.
 */
#define KVM_CAP_VBS		4096

/**
 * struct kvm_vbs_resource - what a server is given
 * @runtime: lambda, ns
 * @period: pi, ns; 0: none
 * @cap: 1 << 20 is one CPU; 0: runtime / period, rounded up
 * @flags: KVM_VBS_ALIGN
 */
struct kvm_vbs_resource {
	__u64 runtime;
	__u64 period;
	__u32 cap;
	__u32 flags;
};

/* Late release: as SCHED_FLAG_VBS_ALIGN */
#define KVM_VBS_ALIGN		(1U << 0)

/**
 * struct kvm_vbs_config - the servers of all VMs of a process
 * @version: KVM_VBS_VERSION
 * @flags: KVM_VBS_TEST and so on
 * @pid: the process, or a pidfd with KVM_VBS_PIDFD; 0 on a VM: the caller's
 * @vcpus: places to hold at least, also for vCPUs that are yet to come
 * @vcpu: the resource of each vCPU; a period of 0 undoes the configuration
 * @dm: the resource of the device model; a period of 0: one server for all, with
 *	@vcpu, for a process with one vCPU
 * @guest_period_min: ns, the shortest period that a guest may ask for; 0:
 *	vcpu.period / 8
 * @err_tid: out: the thread because of which it failed, or 0
 * @err_cpu: out: the CPU that has most to spare, where that is not enough, or -1
 * @reserved: 0
 */
struct kvm_vbs_config {
	__u32 version;
	__u32 flags;
	__s32 pid;
	__u32 vcpus;
	struct kvm_vbs_resource vcpu;
	struct kvm_vbs_resource dm;
	__u64 guest_period_min;
	__s32 err_tid;
	__s32 err_cpu;
	__u64 reserved[6];
};

#define KVM_VBS_VERSION		1

/* kvm_vbs_config.flags */
#define KVM_VBS_TEST		(1U << 0)	/* would it fit? Changes nothing */
#define KVM_VBS_STRICT		(1U << 1)	/* no room: KVM_CREATE_VCPU fails, EBUSY */
#define KVM_VBS_DM_SPLIT	(1U << 2)	/* a device-model server per affinity mask */
#define KVM_VBS_PIDFD		(1U << 3)	/* pid is a pidfd */
#define KVM_VBS_POLL		(1U << 4)	/* vCPUs may poll when they halt */
#define KVM_VBS_GUEST_SWITCH	(1U << 5)	/* guests may switch their vCPUs' servers */
#define KVM_VBS_GUEST_TIMELINE	(1U << 6)	/* guests may read timelines of TIMELINE_GUEST */

/* On /dev/kvm and on a VM; CAP_SYS_NICE */
#define KVM_VBS_CONFIG		_IOWR(0xAE, 0xf5, struct kvm_vbs_config)

#endif /* _UAPI_LINUX_KVM_VBS_H */
