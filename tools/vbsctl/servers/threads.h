/* SPDX-License-Identifier: GPL-2.0 */
/* -a: all threads of a process, or none of them. */
#ifndef VBSCTL_SERVERS_THREADS_H
#define VBSCTL_SERVERS_THREADS_H

#include "servers/request.h"

/*
 * Like admit_task(), join and leave, for the process that @pid is a thread of; threads
 * that it makes meanwhile are found too.  If one is refused, the others are put back.
 */
int admit_process(pid_t pid, const struct request *req);
int join_process(pid_t pid, const struct request *req);
int leave_process(pid_t pid, const struct request *req);

#endif
