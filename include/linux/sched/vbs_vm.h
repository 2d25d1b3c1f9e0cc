/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: virtual machines in servers; what KVM tells the scheduler, which
 * decides.
 *
 * A hypervisor embeds the two structs and says when a VM or vCPU comes and goes,
 * and which thread runs it.  All servers of a process's VMs are configured at once.
 */
#ifndef _LINUX_SCHED_VBS_VM_H
#define _LINUX_SCHED_VBS_VM_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/sched/vbs.h>
#include <linux/types.h>

struct pid;
struct vbs_place;

/* What a guest may ask for */
#define SCHED_VBS_GUEST_SWITCH		BIT(0)	/* another resource of its vCPU's server */
#define SCHED_VBS_GUEST_TIMELINE	BIT(1)	/* the host's timelines */

/**
 * struct sched_vbs_vm - a virtual machine
 * @link: among all
 * @vcpus: its vCPUs
 * @tgid: the process that has created it
 * @guest_may: SCHED_VBS_GUEST_*, read without a lock
 */
struct sched_vbs_vm {
	struct list_head	link;
	struct list_head	vcpus;
	struct pid		*tgid;
	u32			guest_may;
};

/**
 * struct sched_vbs_vcpu - one of its vCPUs
 * @link: among those of the VM
 * @vm: the VM
 * @runs: where the hypervisor keeps the thread that has run it last
 * @place: the server that is kept for it, or NULL
 */
struct sched_vbs_vcpu {
	struct list_head	link;
	struct sched_vbs_vm	*vm;
	struct pid __rcu	**runs;
	struct vbs_place __rcu	*place;
};

/* ns; @cap: 1 << 20 is one CPU, 0: the least */
struct sched_vbs_resource {
	u64			runtime;
	u64			period;
	u32			cap;
	bool			align;
};

/**
 * struct sched_vbs_vm_config - the servers of all VMs of a process
 * @pid: the process in the caller's pid namespace, or a pidfd
 * @pidfd: the latter
 * @vcpu: of each vCPU; a period of 0 undoes the configuration
 * @dm: of the device model; a period of 0: one server for all
 * @places: to be kept at least
 * @test: would it fit?
 * @strict: a vCPU without a place is not created
 * @split: a device-model server for each affinity mask
 * @poll: vCPUs may poll when they halt
 * @guest_may: SCHED_VBS_GUEST_*
 * @guest_period: the shortest period that a guest may ask for, 0: that of @vcpu / 8
 * @err_tid: out: because of which thread it failed, or 0
 * @err_cpu: out: the CPU with most to spare, if that is not enough, or -1
 */
struct sched_vbs_vm_config {
	pid_t			pid;
	bool			pidfd;
	struct sched_vbs_resource vcpu;
	struct sched_vbs_resource dm;
	unsigned int		places;
	bool			test;
	bool			strict;
	bool			split;
	bool			poll;
	u32			guest_may;
	u64			guest_period;
	pid_t			err_tid;
	int			err_cpu;
};

/**
 * struct sched_vbs_guest - the server of a vCPU, as its guest sees it
 * @runtime: ns
 * @period: ns
 * @least_period: that it may ask for
 * @left: of the budget of this instance
 * @until: ns to its deadline, 0 if that has passed
 * @cap: 1 << 20 is one CPU
 * @count: rises with each configuration
 */
struct sched_vbs_guest {
	u64			runtime;
	u64			period;
	u64			least_period;
	u64			left;
	u64			until;
	u32			cap;
	u32			count;
};

#ifdef CONFIG_SCHED_VBS

/* Off until the first VM is configured, then on for good. */
DECLARE_STATIC_KEY_FALSE(sched_vbs_vms);

void sched_vbs_vm_create(struct sched_vbs_vm *vm);
void sched_vbs_vm_destroy(struct sched_vbs_vm *vm);
int sched_vbs_vcpu_create(struct sched_vbs_vm *vm, struct sched_vbs_vcpu *vcpu,
			  struct pid __rcu **runs);
void sched_vbs_vcpu_destroy(struct sched_vbs_vcpu *vcpu);
int sched_vbs_vm_config(struct sched_vbs_vm_config *cfg);
void __sched_vbs_vcpu_runs(struct sched_vbs_vcpu *vcpu);
int sched_vbs_guest_get(const struct sched_vbs_vcpu *vcpu, struct sched_vbs_guest *g);
int sched_vbs_guest_switch(const struct sched_vbs_vcpu *vcpu, u64 runtime, u64 period);
void __sched_vbs_vcpu_timer(struct sched_vbs_vcpu *vcpu);

/**
 * sched_vbs_vcpu_runs - another thread than before is about to run a vCPU
 * @vcpu: the vCPU; its @runs says so already
 *
 * Context: current, may sleep.
 */
static inline void sched_vbs_vcpu_runs(struct sched_vbs_vcpu *vcpu)
{
	if (static_branch_unlikely(&sched_vbs_vms))
		__sched_vbs_vcpu_runs(vcpu);
}

/**
 * sched_vbs_vcpu_timer - a timer that a guest has set interrupts its host
 * @vcpu: its vCPU, whose server pays for that
 *
 * Context: the timer's callback
 */
static inline void sched_vbs_vcpu_timer(struct sched_vbs_vcpu *vcpu)
{
	if (static_branch_unlikely(&sched_vbs_vms))
		__sched_vbs_vcpu_timer(vcpu);
}

/**
 * sched_vbs_guest_soon - current has come from user mode to run a vCPU
 *
 * What it was told to look at before user mode, where a vCPU thread goes on, it has
 * to look at before guest mode.
 */
static inline void sched_vbs_guest_soon(void)
{
	if (static_branch_unlikely(&sched_vbs_vms) && READ_ONCE(current->vbs.resume))
		set_thread_flag(TIF_NOTIFY_RESUME);
}

/* A member that waits for its guest to wake up would use its budget up. */
static inline bool sched_vbs_may_poll(void)
{
	return !static_branch_unlikely(&sched_vbs_used) ||
		!READ_ONCE(current->vbs.own) || current->vbs.poll;
}

#else

static inline void sched_vbs_vm_create(struct sched_vbs_vm *vm) { }
static inline void sched_vbs_vm_destroy(struct sched_vbs_vm *vm) { }

static inline int sched_vbs_vcpu_create(struct sched_vbs_vm *vm,
					struct sched_vbs_vcpu *vcpu,
					struct pid __rcu **runs)
{
	return 0;
}

static inline void sched_vbs_vcpu_destroy(struct sched_vbs_vcpu *vcpu) { }
static inline void sched_vbs_vcpu_runs(struct sched_vbs_vcpu *vcpu) { }
static inline void sched_vbs_vcpu_timer(struct sched_vbs_vcpu *vcpu) { }
static inline void sched_vbs_guest_soon(void) { }
static inline bool sched_vbs_may_poll(void) { return true; }

#endif /* CONFIG_SCHED_VBS */

#endif /* _LINUX_SCHED_VBS_VM_H */
