/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_SERVERS_RUN_AS_H
#define VBSCTL_SERVERS_RUN_AS_H

#include <sys/types.h>

#include "servers/request.h"
#include "servers/run_user.h"

/* The command as a child; returns its exit status, and says if it left its server */
int run_as(const struct run_user *who, const struct request *req, char **argv);

#endif
