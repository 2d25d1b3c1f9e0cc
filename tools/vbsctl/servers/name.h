/* SPDX-License-Identifier: GPL-2.0 */
/* --name: a name for a new server. */
#ifndef VBSCTL_SERVERS_NAME_H
#define VBSCTL_SERVERS_NAME_H

#include <sys/types.h>

/* 0 or an exit code, message printed: no server has it, before one is made */
int name_check_free(const char *name);

/* The server of which @pid is the only member: 0 or an exit code, message printed */
int name_server(pid_t pid, const char *name);

/* When @pid, a member of its server, has ended; others may go on in there */
void name_forget(pid_t pid, const char *name);

#endif
