// SPDX-License-Identifier: GPL-2.0
/* The system calls; C libraries before 2.41 have no wrapper for them. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vbs/attr.h"

int vbs_setattr(pid_t pid, struct vbs_sched_attr *attr)
{
	attr->size = sizeof(*attr);
	return syscall(SYS_sched_setattr, pid, attr, 0) ? errno : 0;
}

int vbs_getattr(pid_t pid, struct vbs_sched_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	return syscall(SYS_sched_getattr, pid, attr, sizeof(*attr), 0) ? errno : 0;
}

bool vbs_policy_known(void)
{
	return sched_get_priority_max(SCHED_VBS) == 0;
}
