/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCHED_VBS: the servers of a process's virtual machines.
 *
 * The process is a group: a place per vCPU, a server for its device model, which
 * all other threads join.  The group hangs from the signal_struct: threads to come
 * find it there.
 *
 * Locks: vbs_vm_mutex for all that is configured, and for who runs which vCPU.
 * It nests inside a hypervisor's locks, and around vbs_limits_mutex and those of cgroups
 * and cpusets that a change of policy takes.  signal->vbs_group is set under siglock, with the
 * mutex held, and read under RCU, as the lists of the group are.
 */
#ifndef _KERNEL_SCHED_VBS_VM_VM_H
#define _KERNEL_SCHED_VBS_VM_VM_H

#include <linux/sched/vbs_vm.h>

#include "../class.h"

struct vbs_group;

/**
 * struct vbs_place - a server that is kept
 * @link: in the group's places, or its device-model servers
 * @grp: the group
 * @srv: the server, referenced
 * @spare: what it takes to move it
 * @vcpu: whose place it is
 * @before: its cap, while a change may fail
 * @kept: a device-model server that the configuration which is wanted needs, too
 * @mask: whose threads a device-model server is for, if there are several
 * @rcu: to free it
 */
struct vbs_place {
	struct list_head	link;
	struct vbs_group	*grp;
	struct vbs_srv		*srv;
	struct vbs_spare	spare;
	struct sched_vbs_vcpu	*vcpu;
	u32			before;
	bool			kept;
	cpumask_var_t		mask;
	struct rcu_head		rcu;
};

/* The policy that a thread had, if it was not SCHED_NORMAL */
struct vbs_former {
	struct list_head	link;
	struct task_struct	*task;
	struct sched_attr	attr;
};

/**
 * struct vbs_group - a process whose virtual machines are in servers
 * @link: among all, for RCU readers
 * @id: rising in that list
 * @tgid: the process
 * @nr: its number in the initial pid namespace
 * @owner: of its servers: who has configured it, not the process
 * @timeline: that the owner was bound to, or one before who was bound to any
 * @vcpu: the resource of a place
 * @dm: that of a device-model server, if @one is not set
 * @least: places to be kept
 * @most: and no more are booked for vCPUs to come: a virtual machine that its guest has
 *	taken over makes as many as it likes
 * @one: one server for all
 * @split: a device-model server per affinity mask
 * @strict: a vCPU without a place is not created
 * @poll: vCPUs may poll when they halt
 * @guest_may: SCHED_VBS_GUEST_*
 * @guest_period: the shortest period that a guest may ask for
 * @count: rises with each configuration
 * @places: for vCPUs, taken or not
 * @dms: for the other threads; empty if there is one server for all
 * @formers: what threads were before
 * @pooled: how often a thread ran a second vCPU and stayed where it was
 * @outside: how often a thread could enter no server
 * @rcu: to free it
 */
struct vbs_group {
	struct list_head	link;
	u64			id;
	struct pid		*tgid;
	pid_t			nr;
	kuid_t			owner;
	timeline_ref_t		timeline;
	struct vbs_params	vcpu;
	struct vbs_params	dm;
	unsigned int		least;
	unsigned int		most;
	bool			one;
	bool			split;
	bool			strict;
	bool			poll;
	u32			guest_may;
	u64			guest_period;
	u32			count;
	struct list_head	places;
	struct list_head	dms;
	struct list_head	formers;
	atomic_t		pooled;
	atomic_t		outside;
	struct rcu_head		rcu;
};

/**
 * struct vbs_wanted - a configuration that has been checked
 * @vcpu: the resource of a place
 * @dm: that of a device-model server, if @one is not set
 * @one: one server for all
 * @cfg: what was asked, and out: why not
 * @places: booked for it beside those that the group has
 * @dms: device-model servers, too
 */
struct vbs_wanted {
	struct vbs_params		vcpu;
	struct vbs_params		dm;
	bool				one;
	struct sched_vbs_vm_config	*cfg;
	struct list_head		places;
	struct list_head		dms;
};

/**
 * struct vbs_runners - the threads of a group that run vCPUs
 * @pids: theirs, sorted
 * @n: how many
 */
struct vbs_runners {
	struct pid	**pids;
	unsigned int	n;
};

extern struct mutex vbs_vm_mutex;
extern struct list_head vbs_vms;
extern struct list_head vbs_groups;

/* group.c */
struct vbs_place *vbs_place_add(struct vbs_group *grp, struct list_head *list,
				const struct vbs_params *par,
				const struct cpumask *mask, const struct vbs_tenant *to,
				int *err_cpu);
void vbs_place_remove(struct vbs_place *pl, bool wait);
struct vbs_group *vbs_group_alloc(struct task_struct *p);
struct vbs_group *vbs_group_of(struct pid *tgid);
bool vbs_group_mark(struct task_struct *p, struct vbs_group *old, struct vbs_group *grp);
void vbs_group_end(struct vbs_group *grp, bool wait);
void vbs_group_undo(struct vbs_group *grp, bool restore);
struct vbs_srv *vbs_group_server_get(struct vbs_group *grp, struct task_struct *p);
bool vbs_is_inside(const struct vbs_group *grp, const struct task_struct *p,
		   const struct vbs_srv *own);

/* booking.c */
int vbs_wanted_take(struct vbs_wanted *w, struct vbs_group *grp, struct task_struct *p);

/* threads.c */
int vbs_group_enter(struct vbs_group *grp, struct task_struct *p, struct vbs_srv *srv,
		    bool vcpu);
int vbs_group_enter_dm(struct vbs_group *grp, struct task_struct *p);
int vbs_group_gather(struct vbs_group *grp, struct task_struct *p, pid_t *err_tid);
void vbs_formers_end(struct list_head *formers, bool restore);

/* guest.c */
void vbs_group_tell_vms(const struct vbs_group *grp, u32 may);

/* vcpu.c */
struct sched_vbs_vcpu *vbs_group_next_vcpu(const struct vbs_group *grp,
					   struct sched_vbs_vcpu *prev);
struct task_struct *vbs_vcpu_thread(const struct sched_vbs_vcpu *vcpu);
bool vbs_thread_runs_vcpu(const struct vbs_group *grp, struct task_struct *p);
int vbs_runners_find(const struct vbs_group *grp, struct vbs_runners *r);
bool vbs_runners_have(const struct vbs_runners *r, struct task_struct *p);
const struct cpumask *vbs_vm_mask_of(struct task_struct *p);
void vbs_group_count(const struct vbs_group *grp, struct vbs_group_sum *n);
void vbs_group_place_vcpus(struct vbs_group *grp);
void vbs_group_trim(struct vbs_group *grp);
void vbs_group_clear(struct vbs_group *grp);

#endif /* _KERNEL_SCHED_VBS_VM_VM_H */
