/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc/PID tells of a process or thread. */
#ifndef LIB_VBS_TASK_H
#define LIB_VBS_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpumask.h"

struct task_info {
	bool exists;
	bool ended;		/* waits for its parent to collect it */
	bool kthread;		/* a thread of the kernel, or a worker that it runs */
	bool device;		/* of those one of an interrupt or of NAPI, which may be in servers */
	uint32_t uid, euid;	/* another real one: somebody has started a set-user-ID program */
	pid_t process;		/* whose thread it is */
	char comm[64];
	struct cpumask allowed;
};

void task_read(pid_t pid, struct task_info *task);

/*
 * Who has chosen its name and its command line: of a set-user-ID program who has started it, of one
 * that root has started as somebody that one
 */
uint32_t task_user(const struct task_info *task);

/* Thread ids in *@tids, to be freed; how many, 0 if the process is gone, or -1 with errno */
int task_threads(pid_t process, pid_t **tids);

/*
 * Of these threads the one that lives and may use the fewest CPUs, or 0; *@common, if
 * it is not NULL, are the CPUs that all of them may use
 */
pid_t task_most_bound(const pid_t *tids, int count, struct cpumask *common);

/* Ids of all processes, likewise */
int task_processes(pid_t **pids);

/* This process has CAP_SYS_NICE in effect */
bool have_cap_sys_nice(void);

#endif
