/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/vbs: limits, what each CPU has booked, and the servers. */
#ifndef LIB_VBS_PROC_H
#define LIB_VBS_PROC_H

#include <stdbool.h>
#include <stdint.h>

#include "vbs/limits.h"
#include "vbs/names.h"

#define PROC_VBS_VERSION	1

/* Of a field that this kernel does not print */
#define NOT_TOLD		UINT32_MAX

/*
 * Bandwidths in units of 1 << 20.  Of what is booked, @held belongs to servers
 * without members, until their termination points; @fair is the fair server's;
 * @deadline is what SCHED_DEADLINE has admitted in the CPU's root domain, whose
 * first CPU is @domain.
 */
struct vbs_cpu {
	int32_t id;
	uint32_t online, capacity, booked, spare, servers;
	uint32_t held, fair;			/* or NOT_TOLD */
	uint64_t deadline;			/* or NOT_TOLD */
	int32_t domain;
};

/* A booking that outlives its server's last member */
struct vbs_held {
	uint32_t amount, owner;
	int32_t cpu, leader;			/* who its oldest member was, or 0 */
	uint64_t until_ns;			/* from now */
};

struct vbs_server {
	uint32_t id, cap, flags, members, owner;
	int32_t cpu, leader;
	uint64_t runtime, period;
	uint64_t consumed, instances, misses, overruns, overrun_worst;
	uint64_t switches, switch_worst, release_worst, skipped, lost;
	uint64_t fair;			/* times a member went on as a fair task, or NOT_TOLD */
	int32_t group;			/* the process whose virtual machine it is for, or 0 */
	char role[8];			/* of those: "vcpu", "dm", or "one" for both; else "" */
	char state[16];
	char comm[64];			/* "" without members */
	char name[VBS_NAME_LEN];	/* or "": see vbs/names.h */
	uint32_t namer;			/* who has given it: root, or the owner */
};

/*
 * A process that runs virtual machines.  Of its vCPUs, @places have a server booked, and
 * @unplaced run in that of the device model.  @pooled and @outside count threads: those
 * that ran a second vCPU and stayed where they were, and those whose mask excluded the
 * CPU of their server, so that they are in none.
 */
/* guest_may of a group */
#define VBS_GUEST_SWITCH	(1 << 0)
#define VBS_GUEST_TIMELINES	(1 << 1)

struct vbs_group {
	int32_t pid;
	uint32_t owner, vms, vcpus, places, unplaced, strict, poll, split, guest_may;
	uint64_t guest_period;
	uint64_t pooled, outside;
	char comm[64];
};

struct vbs_snapshot {
	uint32_t version;
	uint64_t when;			/* CLOCK_MONOTONIC of the reading, ns; a saved file may say it */
	struct vbs_limits limits;
	struct vbs_cpu *cpu;
	struct vbs_server *server;
	struct vbs_held *held;
	struct vbs_group *group;
	int cpus, servers, helds, groups;
};

/* NULL with errno: ENOENT no SCHED_VBS, EPROTO a version that is not ours */
struct vbs_snapshot *vbs_snapshot_read(void);
struct vbs_snapshot *vbs_snapshot_parse(const char *text);
void vbs_snapshot_free(struct vbs_snapshot *snap);

const struct vbs_cpu *vbs_find_cpu(const struct vbs_snapshot *snap, int id);
const struct vbs_server *vbs_find_leader(const struct vbs_snapshot *snap, int tid);
const struct vbs_server *vbs_find_server(const struct vbs_snapshot *snap, uint32_t id);
const struct vbs_group *vbs_find_group(const struct vbs_snapshot *snap, int pid);

/* Servers that the CPU lines count and no server line shows */
uint32_t vbs_hidden_servers(const struct vbs_snapshot *snap);

#endif
