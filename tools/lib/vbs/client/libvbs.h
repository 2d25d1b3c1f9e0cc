/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libvbs: servers of SCHED_VBS for programs; see libvbs(3).
 *
 * Functions return 0 or an error number.  Times are in nanoseconds, bandwidths in units
 * of 1/VBS_CPU of a CPU.  pid 0 is the calling thread; any other names one thread, or
 * the first thread of a process.
 */
#ifndef LIBVBS_H
#define LIBVBS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VBS_CPU			(1U << 20)

/* vbs_params::flags */
#define VBS_ALIGN		0x1U	/* instances begin at multiples of the period */
#define VBS_NO_INHERIT		0x2U	/* children of the thread are in no server */
#define VBS_OVERRUN_SIGNAL	0x4U	/* SIGXCPU to the thread at the end of the budget */

struct vbs_params {
	uint64_t runtime;	/* budget in every period */
	uint64_t period;
	uint32_t cap;		/* 0: the least for runtime and period, with vbs_switch() as it is */
	uint32_t flags;
};

/* ENOSYS if this kernel has no SCHED_VBS */
int vbs_available(void);

int vbs_enter(pid_t pid, const struct vbs_params *params);
int vbs_switch(pid_t pid, const struct vbs_params *params);
int vbs_join(pid_t pid, pid_t member);
int vbs_leave(pid_t pid);

/* ENOENT if it is in no server; @leader, who may be NULL, is its oldest member */
int vbs_get(pid_t pid, struct vbs_params *params, pid_t *leader);

/* The least cap that holds them */
uint32_t vbs_least_cap(uint64_t runtime, uint64_t period, uint32_t flags);

/* A name for the server of @member, as of vbsctl(1): EEXIST if another has it by root or you */
int vbs_name(pid_t member, const char *name);

/* What /proc/vbs says at one instant */
struct vbs_list;

struct vbs_cpu_info {
	int32_t id;
	uint32_t online;
	uint32_t capacity, booked, spare;
	uint32_t servers;
};

struct vbs_server_info {
	uint32_t id, owner;
	int32_t cpu;
	int32_t leader;		/* its oldest member, or 0 if that is not to be seen */
	uint32_t cap, flags, members;
	uint32_t reserved;
	uint64_t runtime, period;
	uint64_t consumed, instances, misses, overruns, overrun_worst;
	uint64_t switches, switch_worst, release_worst, skipped, lost;
	char state[16];
	char name[32];		/* or "" */
	char comm[64];		/* of the oldest member */
};

int vbs_list_read(struct vbs_list **list);
void vbs_list_free(struct vbs_list *list);
unsigned int vbs_list_cpus(const struct vbs_list *list);
unsigned int vbs_list_servers(const struct vbs_list *list);

/* Number @n from 0, as much of it as @size has room for; ENOENT if there is none */
int vbs_list_cpu(const struct vbs_list *list, unsigned int n, struct vbs_cpu_info *info,
		 size_t size);
int vbs_list_server(const struct vbs_list *list, unsigned int n, struct vbs_server_info *info,
		    size_t size);

#ifdef __cplusplus
}
#endif

#endif
