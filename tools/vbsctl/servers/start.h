/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_SERVERS_START_H
#define VBSCTL_SERVERS_START_H

#include "servers/request.h"

/* Affinity, then admission: 0 or an exit code, message printed */
int run_admit(pid_t pid, const struct request *req);

/* Says what run_admit() would do; its exit code */
int run_dry(const struct request *req);

/* Becomes the command, or returns 126 or 127 */
int run_exec(char **argv);

#endif
