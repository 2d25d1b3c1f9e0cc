/* SPDX-License-Identifier: GPL-2.0 */
/* sched_setattr(2) and sched_getattr(2) with the SCHED_VBS fields. */
#ifndef LIB_VBS_ATTR_H
#define LIB_VBS_ATTR_H

#include <stdbool.h>
#include <sys/types.h>

#include <linux/sched/vbs.h>

/* As in linux/sched.h, which cannot stand beside sched.h everywhere */
#ifndef SCHED_FLAG_RESET_ON_FORK
#define SCHED_FLAG_RESET_ON_FORK	0x01
#endif
#ifndef SCHED_FLAG_DL_OVERRUN
#define SCHED_FLAG_DL_OVERRUN		0x04
#endif

#define VBS_TASK_FLAGS	(SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_DL_OVERRUN)

/* 0 or an errno */
int vbs_setattr(pid_t pid, struct vbs_sched_attr *attr);
int vbs_getattr(pid_t pid, struct vbs_sched_attr *attr);

/* The running kernel knows policy SCHED_VBS; changes nothing */
bool vbs_policy_known(void);

#endif
