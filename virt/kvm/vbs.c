// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_VBS_CONFIG: vCPU threads and device models in SCHED_VBS servers.
 *
 * KVM passes requests, and tells the scheduler which VMs and vCPUs there are and who
 * runs them.  What is done about it is decided there: see linux/sched/vbs_vm.h.
 */
#include <linux/kvm_host.h>
#include <linux/kvm_vbs.h>
#include <linux/sched/vbs_vm.h>
#include <linux/timeline_guest.h>
#include <linux/uaccess.h>

#include "kvm_vbs.h"

#define KVM_VBS_FLAGS	(KVM_VBS_TEST | KVM_VBS_STRICT | KVM_VBS_DM_SPLIT | \
			 KVM_VBS_PIDFD | KVM_VBS_POLL | KVM_VBS_GUEST_SWITCH | \
			 KVM_VBS_GUEST_TIMELINE)

static bool kvm_vbs_resource_valid(const struct kvm_vbs_resource *r)
{
	return !(r->flags & ~KVM_VBS_ALIGN);
}

static void kvm_vbs_resource_get(struct sched_vbs_resource *to,
				 const struct kvm_vbs_resource *from)
{
	to->runtime = from->runtime;
	to->period = from->period;
	to->cap = from->cap;
	to->align = from->flags & KVM_VBS_ALIGN;
}

static bool kvm_vbs_valid(const struct kvm_vbs_config *c)
{
	return c->version == KVM_VBS_VERSION && !(c->flags & ~KVM_VBS_FLAGS) &&
	       kvm_vbs_resource_valid(&c->vcpu) && kvm_vbs_resource_valid(&c->dm) &&
	       c->vcpus <= KVM_MAX_VCPUS && c->guest_period_min <= NSEC_PER_SEC &&
	       !memchr_inv(c->reserved, 0, sizeof(c->reserved));
}

static int kvm_vbs_configure(struct kvm_vbs_config *c)
{
	struct sched_vbs_vm_config cfg = {
		.pid	= c->pid,
		.pidfd	= c->flags & KVM_VBS_PIDFD,
		.places	= c->vcpus,
		.test	= c->flags & KVM_VBS_TEST,
		.strict	= c->flags & KVM_VBS_STRICT,
		.split	= c->flags & KVM_VBS_DM_SPLIT,
		.poll	= c->flags & KVM_VBS_POLL,
		.guest_period = c->guest_period_min,
	};
	int ret;

	if (c->flags & KVM_VBS_GUEST_SWITCH)
		cfg.guest_may |= SCHED_VBS_GUEST_SWITCH;
	if (c->flags & KVM_VBS_GUEST_TIMELINE)
		cfg.guest_may |= SCHED_VBS_GUEST_TIMELINE;

	kvm_vbs_resource_get(&cfg.vcpu, &c->vcpu);
	kvm_vbs_resource_get(&cfg.dm, &c->dm);
	ret = sched_vbs_vm_config(&cfg);
	/* What they have been allowed, or are not any more */
	if (!ret && !cfg.test)
		timeline_guest_touch();
	c->err_tid = cfg.err_tid;
	c->err_cpu = cfg.err_cpu;
	return ret;
}

/**
 * kvm_vbs_ioctl - KVM_VBS_CONFIG
 * @argp: struct kvm_vbs_config
 * @vm: on a VM, where pid 0 is the caller's process
 */
int kvm_vbs_ioctl(void __user *argp, bool vm)
{
	struct kvm_vbs_config c;
	int ret;

	if (copy_from_user(&c, argp, sizeof(c)))
		return -EFAULT;
	if (!kvm_vbs_valid(&c) || (!c.pid && !vm && !(c.flags & KVM_VBS_PIDFD)))
		return -EINVAL;
	/* Who cannot be told which thread does not fit has asked for nothing */
	if (copy_to_user(argp, &c, sizeof(c)))
		return -EFAULT;
	ret = kvm_vbs_configure(&c);
	if (copy_to_user(argp, &c, sizeof(c)))
		return -EFAULT;
	return ret;
}
