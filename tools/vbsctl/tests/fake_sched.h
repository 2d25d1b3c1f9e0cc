/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel of the test's own: tasks and servers in memory, in place of the system calls of
 * vbs/attr.h, and in files below VBSCTL_ROOT what /proc would say of them.
 */
#ifndef VBSCTL_TESTS_FAKE_SCHED_H
#define VBSCTL_TESTS_FAKE_SCHED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vbs/attr.h"

/* A directory as VBSCTL_ROOT, with an empty /run/vbs; and its end */
void fake_begin(void);
void fake_end(void);
const char *fake_path(const char *path);

/* A thread of that user, in that cgroup; CPUs as in "0-3" */
void fake_task(pid_t process, pid_t tid, uint32_t uid, const char *comm, const char *cgroup,
	       const char *cpus);
void fake_task_ends(pid_t tid);
struct vbs_sched_attr *fake_attr(pid_t tid);

/* A server of that id and owner, whose members are then put in; none: it shows no leader */
void fake_server(uint32_t id, uint32_t owner);
void fake_put(pid_t tid, uint32_t id);

/* 0: in none, or there is none */
uint32_t fake_server_of(pid_t tid);
uint32_t fake_owner(uint32_t id);
uint32_t fake_cap(uint32_t id);

/* Called before each change, with the thread; and the one that is refused with EPERM, or 0 */
extern void (*fake_before)(pid_t tid, const struct vbs_sched_attr *attr);
extern pid_t fake_refuses;

/* Somebody has acted on pid 0, which is the caller */
extern bool fake_self;

#endif
