/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cpusets: groups of tasks on some CPUs, of cgroup v2 or v1.
 */
#ifndef VBS_GROUP_H
#define VBS_GROUP_H

#include "vbs_test.h"

#define CGROUP2	"/sys/fs/cgroup"
#define CGROUP1	"/tmp/vbs_cgroup1"

struct group {
	const char *root;
	char path[64];
};

/* Cpusets of cgroup v2, or v1, are there, or the test is skipped */
void need_cpusets2(void);
void need_cpusets1(void);
void done_cpusets1(void);

struct group group_new(const char *root, const char *name, const char *cpus);
void group_end(const struct group *g);
/* 0 or -errno */
int group_set(const struct group *g, const char *file, const char *value);
int group_take(const struct group *g, pid_t pid);	/* a process */
int group_leave(const struct group *g, pid_t pid);
/* The first bytes of a file of the group, without the newline */
const char *group_get(const struct group *g, const char *file);

/* A child that sleeps */
pid_t sleeper_new(void);
/* Its server is put on @cpu, and may go anywhere from there */
void server_on(pid_t pid, int cpu, u32 cap);
/* The CPUs of a task, as bits */
u64 mask_of(pid_t pid);
int mask_to(pid_t pid, u64 bits);

#endif /* VBS_GROUP_H */
