/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cpusets and SCHED_VBS: where tasks may run after a change, before it is made.
 */
#ifndef __CPUSET_VBS_H
#define __CPUSET_VBS_H

#include "cpuset-internal.h"

/**
 * struct cpuset_trial - a change of one cpuset
 * @cs: the cpuset
 * @cpus: its cpus_allowed after it
 * @xcpus: the CPUs that it then has for itself as a partition, or NULL
 * @breaks: CPUs that its siblings' partitions do not survive, or NULL
 */
struct cpuset_trial {
	struct cpuset		*cs;
	const struct cpumask	*cpus;
	const struct cpumask	*xcpus;
	const struct cpumask	*breaks;
};

#ifdef CONFIG_SCHED_VBS
int cpuset_vbs_can_change(const struct cpuset_trial *trial);
void cpuset_vbs_change(void);
void cpuset_vbs_changed(void);
int cpuset_vbs_can_attach(struct cgroup_taskset *tset, const struct cpumask *mask);
void cpuset_vbs_attach(void);
void cpuset_vbs_attached(void);
int cpuset_vbs_can_fork(struct task_struct *p, const struct cpumask *mask);
void cpuset_vbs_rebuilt(void);
#else
static inline int cpuset_vbs_can_change(const struct cpuset_trial *trial) { return 0; }
static inline void cpuset_vbs_change(void) { }
static inline void cpuset_vbs_changed(void) { }
static inline int cpuset_vbs_can_attach(struct cgroup_taskset *tset,
					const struct cpumask *mask) { return 0; }
static inline void cpuset_vbs_attach(void) { }
static inline void cpuset_vbs_attached(void) { }
static inline int cpuset_vbs_can_fork(struct task_struct *p,
				      const struct cpumask *mask) { return 0; }
static inline void cpuset_vbs_rebuilt(void) { }
#endif

#endif /* __CPUSET_VBS_H */
