/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands on running tasks have in common. */
#ifndef VBSCTL_SERVERS_ACT_H
#define VBSCTL_SERVERS_ACT_H

#include "json_out.h"
#include "servers/explain.h"
#include "servers/request.h"

typedef int act_fn(pid_t pid, const struct request *req);

/* Applies @act to each operand; the first failure gives the exit code */
int for_each_pid(const struct command *cmd, int argc, char **argv, enum vbs_op op,
		 const struct request *req, act_fn *act);
int for_one_pid(pid_t pid, enum vbs_op op, const struct request *req, act_fn *act);

/* Says in which server a task is; with @out that becomes an element there */
void act_show(pid_t pid, struct json_object *out);

/* Says why there is no server to act on; @err: of vbs_getattr(), or 0 */
int not_in_a_server(enum vbs_op op, pid_t pid, int err);

#endif
