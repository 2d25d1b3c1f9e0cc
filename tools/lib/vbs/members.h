/* SPDX-License-Identifier: GPL-2.0 */
/* Who is in a server: the kernel tells each task's, so all tasks are asked. */
#ifndef LIB_VBS_MEMBERS_H
#define LIB_VBS_MEMBERS_H

#include <sys/types.h>

struct vbs_member {
	pid_t tid, process;
	char comm[64];
};

/*
 * The members of the server whose oldest one @leader is, in *@members, to be freed;
 * the oldest first; how many, or -1 without memory.  Of a server without members, and
 * where the oldest one is not to be seen, @leader is 0: none.  Those of other users may be hidden.
 */
int vbs_members(pid_t leader, struct vbs_member **members);

#endif
