/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_RUN_AS_H
#define VBSCTL_RUN_AS_H

#include <sys/types.h>

#include "request.h"
#include "run_user.h"

/* Affinity, then admission: 0 or an exit code, message printed */
int run_admit(pid_t pid, const struct request *req);

/* Becomes the command, or returns 126 or 127 */
int run_exec(char **argv);

/* The command as a child; returns its exit status, and says if it left its server */
int run_as(const struct run_user *who, const struct request *req, char **argv);

#endif
