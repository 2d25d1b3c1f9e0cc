/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_SERVERS_SWITCH_VCPU_H
#define VBSCTL_SERVERS_SWITCH_VCPU_H

#include "servers/request.h"

/* vbsctl switch --vcpu: the operands are the resource alone */
int switch_vcpu(const struct command *cmd, int argc, char **argv, struct request *req);

#endif
