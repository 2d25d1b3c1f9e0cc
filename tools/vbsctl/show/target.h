/* SPDX-License-Identifier: GPL-2.0 */
/* Servers as people name them. */
#ifndef VBSCTL_SHOW_TARGET_H
#define VBSCTL_SHOW_TARGET_H

#include "command.h"
#include "vbs/proc.h"

/*
 * The server in a snapshot that @text names: a process or thread in it, its id as in
 * id:7, or its name; a number that is no process is an id.  NULL with the message
 * printed and its exit code in *@code.
 */
const struct vbs_server *target_server(const struct command *cmd, const struct vbs_snapshot *snap,
				       const char *text, int *code);

/* A member of that server: a number is itself; 0 or an exit code, message printed */
int target_member(const struct command *cmd, const char *text, pid_t *pid);

#endif
