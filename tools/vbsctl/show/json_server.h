/* SPDX-License-Identifier: GPL-2.0 */
/* JSON objects of servers, CPUs and limits. */
#ifndef VBSCTL_SHOW_JSON_SERVER_H
#define VBSCTL_SHOW_JSON_SERVER_H

#include <sys/types.h>

#include "json_out.h"
#include "vbs/proc.h"

struct json_object *json_task(pid_t pid, const struct vbs_server *s);
struct json_object *json_cpu(const struct vbs_cpu *cpu);
struct json_object *json_held(const struct vbs_held *held);
struct json_object *json_server(const struct vbs_server *s);
struct json_object *json_limits(const struct vbs_limits *limits);

/* A name as the key "comm": valid UTF-8 whatever its bytes are */
void json_comm(struct json_object *o, const char *comm);

#endif
