/* SPDX-License-Identifier: GPL-2.0 */
/* A task into a new server. */
#ifndef VBSCTL_SERVERS_ENTER_H
#define VBSCTL_SERVERS_ENTER_H

#include "servers/request.h"

/* Into a new server of its own, which gets its name: 0 or an exit code, message printed */
int admit_task(pid_t pid, const struct request *req);

/* Says what admit_task() would do now with these CPUs; its exit code */
int admit_dry_run(pid_t pid, const struct request *req);

#endif
